#pragma once

#include <cstdint>

#include "common/ring/ring.h"

namespace mydht::ring {

/// What has to be copied when one version of the ring follows another.
struct Movement {
  std::uint64_t partitions = 0;  ///< that get a home node which they did not have
  std::uint64_t copies = 0;      ///< of a partition, to be made: one for each such home node
  /// So many of them no table could do without in which each node is home to as much: a node that is home to more than
  /// before has to be given that. Of a join it is the joiner's share, of a leave that of the node that leaves.
  std::uint64_t least = 0;

  bool operator==(const Movement&) const = default;
};

/// Pure, and linear in the copies of both. `least <= copies` always; all is 0 for a version and itself.
Movement movementBetween(const Ring& before, const Ring& after);

}  // namespace mydht::ring
