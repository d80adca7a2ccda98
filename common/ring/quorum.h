#pragma once

#include <cstddef>
#include <span>

#include "common/result/types.h"

namespace mydht::ring {

/// How many of `count` nodes are more than half of them: 1 of 1, 2 of 2, 2 of 3, 3 of 4, 3 of 5. A quorum of home
/// nodes, a majority of members; any two of them share a node.
constexpr unsigned quorumOf(std::size_t count) {
  return static_cast<unsigned>(count / 2) + 1;
}

/// Whether the nodes for which `chosen` holds are more than half of these, which are distinct. More chosen nodes never
/// turn it false; nodes that are not among these never count.
template <class Chosen>
constexpr bool hasQuorum(std::span<const NodeId> nodes, const Chosen& chosen) {
  unsigned count = 0;
  for (const NodeId node : nodes) count += chosen(node) ? 1u : 0u;
  return count >= quorumOf(nodes.size());
}

}  // namespace mydht::ring
