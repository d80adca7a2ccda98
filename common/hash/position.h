#pragma once

#include <cstdint>
#include <string_view>

#include "common/result/types.h"

namespace mydht {

/// A key's place on the ring: XXH3-64 of its bytes.
std::uint64_t positionOf(std::string_view key);

/// The partition that holds a position: its top 14 bits, so that partitions are arcs of the ring.
PartitionId partitionOfPosition(std::uint64_t position);

/// The partition of a key.
inline PartitionId partitionOf(std::string_view key) {
  return partitionOfPosition(positionOf(key));
}

}  // namespace mydht
