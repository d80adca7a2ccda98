#include "server/store/hash_trees.h"

#include "common/hash/checksum.h"
#include "common/hash/position.h"
#include "common/result/check.h"
#include "common/result/limits.h"
#include "server/wire/codec.h"

namespace mydht::store {

std::uint64_t digestOf(const Entry& entry) {
  wire::Writer out;
  out.entry(entry);
  return checksumOf(out.bytes());
}

std::uint32_t leafOf(std::string_view key, unsigned bits) {
  MYDHT_ASSERT(bits <= wire::kMostLeafBits);
  if (bits == 0) return 0;
  return static_cast<std::uint32_t>((positionOf(key) << limits::kPartitionBits) >> (64 - bits));
}

PartitionRange partitionsOf(unsigned depth, std::uint32_t prefix) {
  MYDHT_ASSERT(depth <= limits::kPartitionBits);
  const unsigned below = limits::kPartitionBits - depth;
  return {static_cast<std::size_t>(prefix) << below, std::size_t{1} << below};
}

void HashTrees::load(PartitionId partition, std::optional<std::uint64_t> digest) {
  const std::lock_guard lock(mutex_);
  Sum& sum = sums_[partition];
  sum.known = digest.has_value();
  sum.synced = sum.begun = digest.value_or(0);
}

std::optional<std::uint64_t> HashTrees::begin(PartitionId partition, std::uint64_t change) {
  const std::lock_guard lock(mutex_);
  Sum& sum = sums_[partition];
  ++sum.writes;
  ++sum.underWay;
  sum.begun += change;
  if (!sum.known) return std::nullopt;
  return sum.begun;
}

void HashTrees::synced(PartitionId partition, std::uint64_t change) {
  const std::lock_guard lock(mutex_);
  Sum& sum = sums_[partition];
  --sum.underWay;
  sum.synced += change;
}

void HashTrees::lost(PartitionId partition) {
  const std::lock_guard lock(mutex_);
  --sums_[partition].underWay;
  sums_[partition].known = false;
}

void HashTrees::forget(PartitionId partition) {
  const std::lock_guard lock(mutex_);
  ++sums_[partition].writes;
  sums_[partition].known = false;
}

std::optional<std::uint64_t> HashTrees::digest(PartitionId partition) const {
  const std::lock_guard lock(mutex_);
  const Sum& sum = sums_[partition];
  if (!sum.known) return std::nullopt;
  return sum.synced;
}

std::optional<std::uint32_t> HashTrees::beforeScan(PartitionId partition) const {
  const std::lock_guard lock(mutex_);
  const Sum& sum = sums_[partition];
  if (sum.underWay > 0) return std::nullopt;
  return sum.writes;
}

bool HashTrees::settle(PartitionId partition, std::uint32_t before, std::uint64_t digest) {
  const std::lock_guard lock(mutex_);
  Sum& sum = sums_[partition];
  if (sum.underWay > 0 || sum.writes != before) return false;
  sum.known = true;
  sum.synced = sum.begun = digest;
  return true;
}

}  // namespace mydht::store
