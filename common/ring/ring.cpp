#include "common/ring/ring.h"

#include <algorithm>
#include <utility>

#include "common/hash/checksum.h"
#include "common/result/check.h"
#include "common/ring/canonical_bytes.h"
#include "common/ring/fair_shares.h"
#include "common/ring/placement.h"

namespace mydht::ring {

namespace {

std::uint64_t fingerprintOf(std::span<const NodeId> table, unsigned copies) {
  CanonicalBytes bytes;
  bytes.reserve(8 * (table.size() + 1));
  bytes.add(std::uint64_t{copies});
  for (const NodeId node : table) bytes.add(node);
  return checksumOf(std::move(bytes).take());
}

/// Where a node stands among the members, which are in order.
std::size_t placeOf(const std::vector<NodeId>& present, NodeId node) {
  return static_cast<std::size_t>(std::lower_bound(present.begin(), present.end(), node) - present.begin());
}

}  // namespace

Ring::Ring(MemberList list) : Ring(list, list) {}

Ring::Ring(MemberList list, const MemberList& placed)
    : list_(std::move(list)), name_(nameOf(list_)), present_(list_.present()) {
  const FairShares shares = fairShares(placed);
  copies_ = shares.copies;
  table_ = placeCopies(shares, placed.algorithm);
  fingerprint_ = fingerprintOf(table_, copies_);
  partitions_.resize(present_.size());
  for (const NodeId node : table_) ++partitions_[placeOf(present_, node)];
}

bool Ring::isHome(NodeId node, PartitionId partition) const {
  const auto nodes = homes(partition);
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

unsigned Ring::partitionsOf(NodeId node) const {
  const std::size_t place = placeOf(present_, node);
  return place < present_.size() && present_[place] == node ? partitions_[place] : 0;
}

bool sameHomes(const Ring& a, const Ring& b, PartitionId partition) {
  const auto ofA = a.homes(partition);
  const auto ofB = b.homes(partition);
  return std::is_permutation(ofA.begin(), ofA.end(), ofB.begin(), ofB.end());
}

}  // namespace mydht::ring
