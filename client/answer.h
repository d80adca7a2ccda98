#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/socket.h"
#include "common/http/head.h"
#include "common/result/result.h"

namespace mydht::client {

/// The fields of a head, in their order.
using Fields = std::vector<std::pair<std::string, std::string>>;

/// A node's final answer. A value.
struct Answer {
  int status = 0;
  Fields fields;
  std::string body;  ///< what did not go into a sink; at most limits::kMessageBytes
  bool keepAlive = false;

  /// The value of the first field of that name, whatever the case of its letters.
  std::optional<std::string_view> field(std::string_view name) const;
};

/// Takes the body of a 200 as it comes.
class BodySink {
 public:
  virtual ~BodySink() = default;
  /// Before the first piece. An error ends the exchange.
  virtual Status begin(const Answer& answer) = 0;
  virtual Status write(std::string_view piece) = 0;
};

/// What has been received of an answer's head.
enum class HeadState {
  Incomplete,
  Continue,  ///< a `100 Continue` was here, and is taken away
  Final,     ///< the head of the answer itself is here, or something that is none
};

/// Looks for the head of the answer to a request with that method among the received bytes. Answers of 1xx are taken
/// away.
HeadState peekHead(Socket& socket, http::Method method);

/// Reads the answer to a request with that method. The body of a 200 goes into the sink if there is one. The kinds of
/// error: Unavailable before the head was whole and Corrupt in the body, both with the bare reason; others are the
/// sink's. After an error the connection is of no more use.
Result<Answer> readAnswer(Socket& socket, http::Method method, BodySink* sink, std::chrono::milliseconds patience);

}  // namespace mydht::client
