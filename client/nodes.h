#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/connection.h"
#include "client/signer.h"
#include "common/result/result.h"

namespace mydht::client {

/// The nodes that the user named, any of which can answer anything. Owned by main, lent to the command; one thread.
class Nodes {
 public:
  Nodes(const std::vector<NodeAddress>& addresses, Patience patience, std::optional<Signer> signer);

  /// The same nodes with connections of its own, for another thread; it asks the one at `first`, counted around, first.
  Nodes another(std::size_t first) const;

  /// Asks the first node, and goes on to the next by itself only where that cannot do a thing twice: the request was
  /// not wholly sent, or the node says that nothing was done; for a request that changes nothing also if no answer
  /// came or the node cannot say. Returns an answer below 300; all else is an error in one line for the user. An
  /// Unknown error says what may have happened and what to do about it.
  Result<Answer> ask(const Request& request);

 private:
  Result<Answer> askOne(Connection& connection, const Request& request);

  std::vector<NodeAddress> addresses_;
  Patience patience_;
  std::vector<Connection> connections_;
  std::size_t current_ = 0;
  std::optional<Signer> signer_;
};

}  // namespace mydht::client
