#include "server/cluster/quorums.h"

#include <algorithm>

namespace mydht::cluster {
namespace {

bool quorumIn(const ring::Ring& version, PartitionId partition, const std::set<NodeId>& nodes) {
  const auto homes = version.homes(partition);
  return std::ranges::count_if(homes, [&](NodeId home) { return nodes.contains(home); }) >= version.quorum();
}

}  // namespace

bool isEnough(const ring::View& view, PartitionId partition, const std::set<NodeId>& nodes, Consistency consistency,
              const DeliberateBugs& bugs) {
  if (consistency == Consistency::One) return !nodes.empty();
  if (consistency == Consistency::All) return missingHomes(view, partition, nodes).empty();
  if (bugs.unionQuorum) return nodes.size() >= view.homes(partition).size() / 2 + 1;
  if (bugs.newestOnly) return quorumIn(view.newest(), partition, nodes);
  return view.quorumInEach(partition, nodes);
}

std::vector<NodeId> missingHomes(const ring::View& view, PartitionId partition, const std::set<NodeId>& nodes) {
  std::vector<NodeId> missing = view.homes(partition);
  std::erase_if(missing, [&](NodeId node) { return nodes.contains(node); });
  return missing;
}

}  // namespace mydht::cluster
