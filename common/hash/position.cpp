#include "common/hash/position.h"

#include <xxhash.h>

#include "common/result/limits.h"

namespace mydht {

std::uint64_t positionOf(std::string_view key) {
  return XXH3_64bits(key.data(), key.size());
}

PartitionId partitionOfPosition(std::uint64_t position) {
  return static_cast<PartitionId>(position >> (64 - limits::kPartitionBits));
}

}  // namespace mydht
