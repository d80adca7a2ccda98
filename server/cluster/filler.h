#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "server/cluster/copier.h"
#include "server/cluster/membership.h"
#include "server/cluster/peers.h"
#include "server/task/gate.h"

namespace mydht::cluster {

/// Fills the partitions that this node has become home to, from a read quorum of the newest complete version's home
/// nodes (R5). A background duty on loop 0; owned by the node.
class Filler {
 public:
  Filler(Executor& loop, const Settings& settings, Membership& membership, Peers& peers, Copier& copier,
         Journal& journal);

  /// Fills what can be filled now. What could not be is tried again by the next call.
  Task<Status> fill();
  Task<> stop();

 private:
  /// The home nodes of a partition in each active version but the newest, the complete one first.
  using Sources = std::vector<std::vector<NodeId>>;
  /// Partitions with the same sources travel together.
  using Group = std::vector<PartitionId>;
  std::map<Sources, Group> missing(const Standing& standing) const;
  Task<Status> fillGroup(Sources sources, Group partitions, ring::ViewPtr view);
  Task<Result<Group>> fillFrom(std::vector<NodeId> sources, Group partitions, bool filledOnly, ring::ViewPtr view);
  Task<Result<std::set<PartitionId>>> copyFrom(NodeId source, Group partitions, bool filledOnly, ring::ViewPtr view);
  struct Take;
  Task<Status> takeAll(NodeId source, wire::FillPageAnswer page);
  Task<> takeOne(std::shared_ptr<Take> take, NodeId source, wire::FillRow row, Version settled);

  Executor& loop_;
  const Settings& settings_;
  Membership& membership_;
  Peers& peers_;
  Copier& copier_;
  Journal& journal_;
  Gate background_;
};

}  // namespace mydht::cluster
