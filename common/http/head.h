#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/http/headers.h"

namespace mydht::http {

/// The methods that MyDHT answers; Other keeps its text.
enum class Method : std::uint8_t { Get, Head, Put, Delete, Post, Options, Other };

/// The method of that text; they are told apart by case (RFC 9110, 9.1).
Method methodOf(std::string_view text);
/// Its text; for Other "OTHER".
std::string_view methodText(Method method);

/// How far a head was parsed. A Bad one is answered with `status` and `reason`, and the connection closed: where the
/// next request would begin is not known.
struct ParseOutcome {
  enum class State : std::uint8_t { NeedMore, Done, Bad };

  State state = State::NeedMore;
  std::size_t consumed = 0;  ///< Done: bytes of the head, with the empty line that ends it
  int status = 0;            ///< Bad: 400, 417, 431, 501 or 505
  std::string_view reason;   ///< Bad: one line for a person, constant

  bool done() const { return state == State::Done; }
  bool bad() const { return state == State::Bad; }
};

/// A request's head (RFC 9112). All text lies in the caller's buffer.
struct RequestHead {
  Method method = Method::Other;
  std::string_view methodText;
  std::string_view authority;  ///< host and port: of an absolute target, else of Host; empty only in HTTP/1.0
  std::string_view path;       ///< percent-encoded, begins with '/'; or "*", with OPTIONS
  std::string_view query;      ///< percent-encoded, without '?'
  int minor = 1;               ///< HTTP/1.minor: 0 or 1 (what is higher is answered as 1)
  Headers headers;

  bool keepAlive = false;                      ///< the connection may be used again after the answer
  std::optional<std::uint64_t> contentLength;  ///< never together with chunked
  bool chunked = false;
  bool expectContinue = false;  ///< the client waits for `100 Continue` before it sends the body

  bool hasBody() const { return chunked || contentLength.value_or(0) > 0; }
};

/// Parses the head at the beginning of `buffer`, all that has come so far: call again with more bytes after NeedMore.
/// `head` holds something only after Done. Whatever is wrong is told as soon as it is seen. An empty line before the
/// request is skipped (RFC 9112, 2.2). A head that does not end within limits::kHeadBytes is 431. Any thread.
ParseOutcome parseRequestHead(std::string_view buffer, RequestHead& head);

/// How the end of an answer's body is known.
enum class Framing : std::uint8_t {
  None,    ///< there is no body: HEAD, 1xx, 204, 304
  Length,  ///< contentLength bytes
  Chunked,
  UntilClose,  ///< all until the connection ends; a body cut short cannot be told from a whole one
};

/// A response's head. All text lies in the caller's buffer.
struct ResponseHead {
  int minor = 1;
  int status = 0;
  std::string_view reason;
  Headers headers;

  bool keepAlive = false;
  Framing framing = Framing::None;
  std::optional<std::uint64_t> contentLength;  ///< as announced, also where there is no body (HEAD)
};

/// Parses the head of the answer to a request with that method. A 1xx answer (but 101) is Done like others, and the
/// real one follows it. Bad says what is wrong with the answer (status 502). Else as parseRequestHead.
ParseOutcome parseResponseHead(std::string_view buffer, Method requestMethod, ResponseHead& head);

}  // namespace mydht::http
