#include "server/cluster/quorums.h"

#include <span>

#include "common/ring/quorum.h"

namespace mydht::cluster {
namespace {

bool quorumIn(std::span<const NodeId> homes, const std::set<NodeId>& nodes) {
  return ring::hasQuorum(homes, [&](NodeId home) { return nodes.contains(home); });
}

}  // namespace

bool isEnough(const ring::View& view, PartitionId partition, const std::set<NodeId>& nodes, Consistency consistency,
              const DeliberateBugs& bugs) {
  if (consistency == Consistency::One) return !nodes.empty();
  if (consistency == Consistency::All && !bugs.countQuorumForAll) return missingHomes(view, partition, nodes).empty();
  if (bugs.unionQuorum) return quorumIn(view.homes(partition), nodes);
  if (bugs.newestOnly) return quorumIn(view.newest().homes(partition), nodes);
  return view.quorumInEach(partition, nodes);
}

std::vector<NodeId> missingHomes(const ring::View& view, PartitionId partition, const std::set<NodeId>& nodes) {
  std::vector<NodeId> missing = view.homes(partition);
  std::erase_if(missing, [&](NodeId node) { return nodes.contains(node); });
  return missing;
}

}  // namespace mydht::cluster
