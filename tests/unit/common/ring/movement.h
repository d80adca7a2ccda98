#pragma once

#include <algorithm>
#include <cstdint>
#include <map>

#include "common/result/limits.h"
#include "common/ring/fair_shares.h"
#include "common/ring/ring.h"

namespace mydht::ring::test {

/// Each present member's fair share of all copies, in partitions.
inline std::map<NodeId, double> sharesOf(const MemberList& list) {
  std::map<NodeId, double> shares;
  for (const Candidate& candidate : fairShares(list).candidates) {
    shares[candidate.id] = static_cast<double>(candidate.share) / static_cast<double>(kShareUnit);
  }
  return shares;
}

/// The highest quotient of what a node holds and its fair share.
inline double fullestOverShare(const Ring& ring) {
  double fullest = 0;
  for (const auto& [node, share] : sharesOf(ring.list())) fullest = std::max(fullest, ring.partitionsOf(node) / share);
  return fullest;
}

/// Copies that have to be made when one version follows another.
inline unsigned movedCopies(const Ring& before, const Ring& after) {
  unsigned moved = 0;
  for (std::size_t p = 0; p < limits::kPartitions; ++p) {
    const auto partition = static_cast<PartitionId>(p);
    for (const NodeId node : after.homes(partition)) moved += before.isHome(node, partition) ? 0 : 1;
  }
  return moved;
}

/// The yardstick: what the nodes whose fair share grows have to be given at least, in copies of a partition.
inline double leastMoved(const MemberList& before, const MemberList& after) {
  const std::map<NodeId, double> old = sharesOf(before);
  double least = 0;
  for (const auto& [node, share] : sharesOf(after)) {
    const auto had = old.find(node);
    least += std::max(0.0, share - (had == old.end() ? 0.0 : had->second));
  }
  return least;
}

}  // namespace mydht::ring::test
