#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "common/hash/position.h"
#include "common/result/types.h"
#include "server/store/node_state.h"

namespace mydht::store {

/// The keys whose row or value was found to be damaged and has not been repaired yet, and whether there are others.
/// Bounded: what does not fit is found again by the next read, or by the next scrub. Shared by the store and the blobs
/// that are being read; any loop.
class Damage {
 public:
  void note(const Key& key) {
    const std::lock_guard lock(mutex_);
    if (found_.size() + taken_.size() < kMost && !taken_.contains(key)) found_.insert(key);
  }
  /// A scan of that partition met damage: which rows that is nobody can tell before all are checked.
  void noteScan(PartitionId partition) {
    const std::lock_guard lock(mutex_);
    scan_ = true;
    scanned_.set(partition);
  }
  /// A scan has read all of that partition.
  void noteSound(PartitionId partition) {
    const std::lock_guard lock(mutex_);
    scanned_.reset(partition);
  }
  /// Whether a scan has met damage since this was asked last.
  bool takeScan() {
    const std::lock_guard lock(mutex_);
    return std::exchange(scan_, false);
  }
  /// Hands over what was found, each key once until it is repaired.
  std::vector<Key> take() {
    const std::lock_guard lock(mutex_);
    std::vector<Key> keys(found_.begin(), found_.end());
    taken_.merge(std::exchange(found_, {}));
    return keys;
  }
  /// One that was taken is as it should be again.
  void repaired(const Key& key) {
    const std::lock_guard lock(mutex_);
    taken_.erase(key);
    scanned_.reset(partitionOf(key));  // the next scan finds what is left
  }
  /// Where the keys lie that are not repaired yet, taken or not, and what no scan can read.
  PartitionSet partitions() const {
    const std::lock_guard lock(mutex_);
    PartitionSet partitions = scanned_;
    for (const std::set<Key>* const keys : {&found_, &taken_}) {
      for (const Key& key : *keys) partitions.set(partitionOf(key));
    }
    return partitions;
  }

 private:
  static constexpr std::size_t kMost = 4096;
  mutable std::mutex mutex_;
  std::set<Key> found_;   // guarded by mutex_
  std::set<Key> taken_;   // guarded by mutex_
  bool scan_ = false;     // guarded by mutex_
  PartitionSet scanned_;  // guarded by mutex_; where a scan met damage
};

}  // namespace mydht::store
