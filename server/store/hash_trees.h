#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "common/result/limits.h"
#include "common/version/entry.h"
#include "server/wire/messages.h"

/// Hash trees: how two home nodes find what differs between them without naming every key. A part of the tree is the
/// keys whose positions begin with the same bits; its digest is the sum of its entries' digests, so that it does not
/// depend on an order and follows each change of an entry by one addition and one subtraction. Sums of whole partitions
/// are kept (HashTrees, and in the partitions' rows); leaves below them are summed up when somebody asks.
namespace mydht::store {

/// What an entry adds to the digest of its part of the tree. Of all of it: entries that differ in anything differ here.
std::uint64_t digestOf(const Entry& entry);

/// Which of a partition's 2^bits leaves a key lies in: the bits of its position behind the partition's.
std::uint32_t leafOf(std::string_view key, unsigned bits);

/// The partitions below a part: from `first` on, so many.
struct PartitionRange {
  std::size_t first = 0;
  std::size_t count = 0;
};
/// `part` is made of whole partitions: at most limits::kPartitionBits deep.
PartitionRange partitionsOf(unsigned depth, std::uint32_t prefix);

/// The sum of each partition's entries, 32 bytes a partition (512 KiB in all, whatever the number of keys). What is
/// shown covers what is synced (R10); what goes into the partition's row covers what is on its way with it. A sum can
/// be unknown: a row of an older format, or marks that moved; then it is added up by a scan. Owned by the store, any
/// loop; begin() and settle() of one partition on the loop of its writes alone.
class HashTrees {
 public:
  HashTrees() : sums_(limits::kPartitions) {}

  /// What the disk says at a start; none: it does not say.
  void load(PartitionId partition, std::optional<std::uint64_t> digest);
  /// A write that changes the sum so is on its way to the disk; returns what the partition's row is to say.
  std::optional<std::uint64_t> begin(PartitionId partition, std::uint64_t change);
  /// It has arrived there.
  void synced(PartitionId partition, std::uint64_t change);
  /// Nobody knows whether it has. Sums that cover it are of no more use.
  void lost(PartitionId partition);
  /// What is to be left out of the sum has changed (the mark *settled*), or the sum was found to be wrong.
  void forget(PartitionId partition);

  /// The sum of what is synced; none: it has to be added up.
  std::optional<std::uint64_t> digest(PartitionId partition) const;

  /// Before a scan: a number that changes with every write. None: a write is under way, a scan would be of no use.
  std::optional<std::uint32_t> beforeScan(PartitionId partition) const;
  /// After it: takes the sum that was added up; false if something was written meanwhile.
  bool settle(PartitionId partition, std::uint32_t before, std::uint64_t digest);

 private:
  struct Sum {
    std::uint64_t synced = 0;
    std::uint64_t begun = 0;  // with what is on its way
    std::uint32_t writes = 0;
    std::uint32_t underWay = 0;
    bool known = true;  // nothing was ever written there
  };

  mutable std::mutex mutex_;
  std::vector<Sum> sums_;  // guarded by mutex_
};

}  // namespace mydht::store
