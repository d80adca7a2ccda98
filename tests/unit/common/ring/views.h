#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "common/result/limits.h"
#include "common/ring/view.h"
#include "tests/unit/common/ring/rings.h"

namespace mydht::ring::test {

inline constexpr std::uint64_t kIdentity = 99;

inline RingPtr ringOf(MemberList list) {
  return std::make_shared<const Ring>(std::move(list));
}

/// A chain of versions of `first` nodes and more: version i has i nodes more than the first.
inline std::vector<RingPtr> growingFrom(std::size_t first, std::size_t versions, std::uint64_t seed = 1,
                                        std::uint32_t replicas = 3) {
  std::vector<RingPtr> chain;
  for (std::size_t i = 0; i < versions; ++i) chain.push_back(ringOf(evenList(first + i, seed, replicas)));
  return chain;
}

/// A view of the versions from index `complete` to index `newest` of the chain.
inline View viewOf(const std::vector<RingPtr>& chain, std::size_t complete, std::size_t newest) {
  return View(kIdentity, {chain.begin() + static_cast<std::ptrdiff_t>(complete),
                          chain.begin() + static_cast<std::ptrdiff_t>(newest) + 1});
}

/// The first partition for which the condition holds; there must be one.
template <class Condition>
PartitionId partitionWhere(const Condition& condition) {
  std::size_t partition = 0;
  while (partition < limits::kPartitions && !condition(static_cast<PartitionId>(partition))) ++partition;
  MYDHT_ASSERT(partition < limits::kPartitions);
  return static_cast<PartitionId>(partition);
}

}  // namespace mydht::ring::test
