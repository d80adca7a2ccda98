#pragma once

#include <string>
#include <vector>

#include "server/cluster/coordinator.h"
#include "tests/simulation/stack/copies.h"
#include "tests/simulation/stack/history.h"

namespace mydht::simulation {

/// C2: whatever is acknowledged lies, synced, on a quorum of the home nodes of each active version; at `all` on all of
/// them, at `one` on one. Owned by a run; borrows the ring and its copies.
class Acknowledgements {
 public:
  Acknowledgements(SimRing& ring, Copies& copies) : ring_(ring), copies_(copies) {}

  /// Who every node is at this moment; none: 0.
  std::vector<NodeId> identities() const;
  /// At the moment at which a write is acknowledged; `then`: who they were when it began.
  void see(const Operation& operation, const cluster::Written& written, const std::vector<NodeId>& then);
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  std::string namesOf(const std::vector<NodeId>& nodes) const;
  void seeAll(const Operation& operation, const cluster::Written& written, const std::set<NodeId>& holding);
  void fail(const Operation& operation, const std::set<NodeId>& holding, const ring::Ring& version,
            const std::vector<NodeId>& homes);
  bool canTell(const Operation& operation, const std::vector<NodeId>& then) const;

  SimRing& ring_;
  Copies& copies_;
  std::vector<std::string> broken_;
};

}  // namespace mydht::simulation
