#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/http/head.h"

namespace mydht::support {

/// One answer as it came.
struct HttpAnswer {
  int status = 0;  ///< 0: none came whole
  std::string head;
  std::string body;
  bool whole = false;  ///< the body ended as its framing demands

  /// The value of the first field of that name; empty if there is none.
  std::string field(std::string_view name) const;
};

/// One request to send; a body is framed by its length.
struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";
  std::string lines;  ///< more header lines, each ended by CR LF
  std::string body;
};

/// A connection to a server on this machine, which sends and receives bytes as they are. Blocks, for at most 30
/// seconds. For tests; one thread.
class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  bool connected() const { return connected_; }
  /// False when the connection is broken.
  bool send(std::string_view bytes) const;
  bool send(const HttpRequest& request) const;
  /// Ends this side only.
  void endSending() const;
  /// The next answer, 100 Continue passed over.
  HttpAnswer answer(http::Method method = http::Method::Get);
  /// Receives until this text has come, in whatever framing, and keeps all for answer(). False if it never does.
  bool receiveUntil(std::string_view text);
  /// Whether the server ended the connection, with nothing more to read.
  bool closed();

 private:
  bool more();
  HttpAnswer readBody(const http::ResponseHead& head, std::size_t headBytes);
  void readChunks(HttpAnswer& answer);

  int descriptor_;
  bool connected_ = false;
  bool timedOut_ = false;
  std::string held_;
};

/// Sends one request on a connection of its own. Status 0 if there was no answer.
HttpAnswer ask(std::uint16_t port, const HttpRequest& request);
HttpAnswer get(std::uint16_t port, std::string target, std::string lines = {});
HttpAnswer put(std::uint16_t port, std::string target, std::string body, std::string lines = {});

}  // namespace mydht::support
