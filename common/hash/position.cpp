#include "common/hash/position.h"

#include <xxhash.h>

#include <bit>

#include "common/result/limits.h"

namespace mydht {

namespace {

constexpr int kPartitionBits = std::countr_zero(limits::kPartitions);
static_assert(limits::kPartitions == std::size_t{1} << kPartitionBits, "partitions are told by the top bits");

}  // namespace

std::uint64_t positionOf(std::string_view key) {
  return XXH3_64bits(key.data(), key.size());
}

PartitionId partitionOfPosition(std::uint64_t position) {
  return static_cast<PartitionId>(position >> (64 - kPartitionBits));
}

}  // namespace mydht
