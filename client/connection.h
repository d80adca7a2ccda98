#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "client/answer.h"
#include "client/body.h"
#include "client/node_address.h"
#include "client/socket.h"
#include "common/http/head.h"
#include "common/result/result.h"

namespace mydht::client {

/// How long to wait for a node.
struct Patience {
  /// For a connection, the look-up of the name included: that a node is not there is told in under 3 s.
  std::chrono::milliseconds connect{2500};
  /// For the next byte in either direction.
  std::chrono::milliseconds progress{30'000};
  /// For `100 Continue` before the body is sent without it (RFC 9110, 10.1.1).
  std::chrono::milliseconds go{1000};
};

/// A request to any node. Borrows body and sink until it is answered.
struct Request {
  http::Method method = http::Method::Get;
  std::string target;          ///< percent-encoded
  Fields fields;               ///< besides Host and those of the body
  BodySource* body = nullptr;  ///< of a PUT
  BodySink* sink = nullptr;    ///< of the body of a 200; without it that is kept in the answer

  bool changesSomething() const { return method != http::Method::Get && method != http::Method::Head; }
};

/// One HTTP/1.1 connection to one node: made when it is first needed, used again while the node keeps it open. Owned
/// by Nodes; one thread, which waits, but never longer than the patience without progress.
class Connection {
 public:
  Connection(NodeAddress node, Patience patience) : node_(std::move(node)), patience_(patience) {}

  /// Sends a request and reads its answer, whatever its status. The kind of an error says what the node can have done:
  ///   NotDone  nothing: it was not reached, or the request was not wholly sent;
  ///   Unknown  perhaps everything: the request was sent, no whole head of an answer came;
  ///   Corrupt  the body of the answer broke off or is malformed; a part of it may have gone into the sink;
  ///   others   from body and sink, whose text stays as it is: a file that cannot be read or written.
  /// The text is one line that names the node or the file.
  Result<Answer> exchange(const Request& request);

  const NodeAddress& node() const { return node_; }

 private:
  /// How the sending of (a part of) a request ended.
  enum class Sent {
    Whole,
    Answered,  ///< there is an answer already: the node does not want the rest
    Broken,    ///< the connection failed; an answer may still have come before
  };

  Status ensureConnected();
  Result<Answer> exchangeConnected(const Request& request);
  Result<Sent> send(const Request& request);
  Sent sendBytes(std::string_view bytes, http::Method method);
  Sent awaitGo(http::Method method);
  Result<Sent> sendBody(const Request& request);

  NodeAddress node_;
  Patience patience_;
  std::optional<Socket> socket_;
  std::string whyBroken_;
};

}  // namespace mydht::client
