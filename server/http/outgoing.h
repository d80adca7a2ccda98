#pragma once

#include <cstddef>

#include "server/http/body_writer.h"
#include "server/http/channel.h"
#include "server/http/message.h"

namespace mydht::http {

/// What the request asks of its answer's form.
struct AnswerTerms {
  bool headOnly = false;   ///< it was a HEAD
  bool keepAlive = false;  ///< the connection may be used again
  bool chunks = true;      ///< the client knows chunked bodies: it speaks HTTP/1.1
};

/// What became of the connection.
enum class AnswerSent : std::uint8_t {
  KeepAlive,  ///< whole; some of it may still be in the channel's output
  Close,      ///< whole; the connection must end
  Cut,        ///< not whole: the connection must look broken
};

/// Output beyond this is sent before the next request is answered.
inline constexpr std::size_t kOutputBytes = 64 * 1024;

/// Whether an answer goes into the output as a whole, and so needs no sendAnswer.
bool isSmall(const Response& response);
/// Puts a small answer into the output.
AnswerSent appendAnswer(Channel& channel, const Response& response, AnswerTerms terms);

/// Sends any answer. Of what can break off, the first piece is read before the head is sent, so that an early failure
/// becomes an honest error; a later one cuts the connection, whatever the framing.
Task<AnswerSent> sendAnswer(Channel& channel, Response response, AnswerTerms terms);

}  // namespace mydht::http
