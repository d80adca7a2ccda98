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

}  // namespace

Ring::Ring(MemberList list) : list_(std::move(list)), name_(nameOf(list_)), present_(list_.present()) {
  const FairShares shares = fairShares(list_);
  copies_ = shares.copies;
  table_ = placeCopies(shares);
  fingerprint_ = fingerprintOf(table_, copies_);
}

bool Ring::isHome(NodeId node, PartitionId partition) const {
  const auto nodes = homes(partition);
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

unsigned Ring::partitionsOf(NodeId node) const {
  return static_cast<unsigned>(std::count(table_.begin(), table_.end(), node));
}

bool sameHomes(const Ring& a, const Ring& b, PartitionId partition) {
  const auto ofA = a.homes(partition);
  const auto ofB = b.homes(partition);
  return std::is_permutation(ofA.begin(), ofA.end(), ofB.begin(), ofB.end());
}

}  // namespace mydht::ring
