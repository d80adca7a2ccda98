#include "server/cluster/cover.h"

#include <algorithm>

#include "common/result/limits.h"

namespace mydht::cluster {

Cover::Cover(const ring::Ring& ring, unsigned needed)
    : ring_(ring), lacks_(limits::kPartitions, static_cast<std::uint8_t>(needed)), lacking_(limits::kPartitions) {
  MYDHT_ASSERT(needed > 0 && needed <= ring.copies());
  for (const NodeId node : ring.present()) homes_[node].reserve(ring.partitionsOf(node));
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    for (const NodeId node : ring_.homes(partition)) homes_[node].push_back(partition);
  }
}

void Cover::take(PartitionId partition) {
  if (lacks_[partition] == 0) return;
  if (--lacks_[partition] == 0) --lacking_;
}

void Cover::add(NodeId node) {
  const auto at = homes_.find(node);
  if (at == homes_.end()) return;
  for (const PartitionId partition : at->second) take(partition);
}

void Cover::add(NodeId node, const store::PartitionSet& covered) {
  const auto at = homes_.find(node);
  if (at == homes_.end()) return;
  for (const PartitionId partition : at->second) {
    if (covered[partition]) take(partition);
  }
}

std::size_t Cover::gain(NodeId node) const {
  const auto at = homes_.find(node);
  if (at == homes_.end()) return 0;
  const auto lacks = [this](PartitionId partition) { return lacks_[partition] > 0; };
  return static_cast<std::size_t>(std::count_if(at->second.begin(), at->second.end(), lacks));
}

std::vector<NodeId> Cover::choose(const std::vector<NodeId>& candidates) {
  std::vector<NodeId> left = candidates;
  std::vector<NodeId> chosen;
  while (!whole() && !left.empty()) {
    std::vector<std::size_t> gains;
    for (const NodeId node : left) gains.push_back(gain(node));
    const auto best = std::max_element(gains.begin(), gains.end());
    if (*best == 0) break;
    const auto at = left.begin() + (best - gains.begin());
    chosen.push_back(*at);
    add(*at);
    left.erase(at);
  }
  return chosen;
}

}  // namespace mydht::cluster
