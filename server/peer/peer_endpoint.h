#pragma once

#include "server/http/message.h"
#include "server/ports/transport.h"

namespace mydht::peer {

/// The other end of HttpTransport: what answers `POST /_mydht/peer`, one row of the server's routes. Whether the caller
/// may call is said by the routes' guard before. Owned by node, borrows the handler; any loop.
class PeerEndpoint {
 public:
  explicit PeerEndpoint(PeerHandler& handler) : handler_(handler) {}

  /// Reads the message, has it handled and answers with what the handler said; an Error of it becomes a problem. What
  /// is not framed as a message, or not the message that was signed, is a BadRequest and never handled.
  Task<http::Response> answer(http::Request& request);

 private:
  PeerHandler& handler_;
};

}  // namespace mydht::peer
