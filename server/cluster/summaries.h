#pragma once

#include <map>
#include <mutex>
#include <optional>

#include "server/wire/gossip.h"

namespace mydht::cluster {

/// What the other members said of themselves last, by gossip: for people, and for how long it is worth waiting for a
/// node. Owned by the node; any loop.
class Summaries {
 public:
  void heard(NodeId node, wire::Summary summary);
  /// None: it has not said anything yet.
  std::optional<wire::Summary> of(NodeId node) const;
  /// Forgets all but these: members come and go.
  void keepOnly(const std::vector<NodeId>& members);

 private:
  mutable std::mutex mutex_;
  std::map<NodeId, wire::Summary> summaries_;  // guarded by mutex_; at most the members
};

}  // namespace mydht::cluster
