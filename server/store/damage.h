#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "common/result/types.h"

namespace mydht::store {

/// The keys whose row or value was found to be damaged and that nobody has taken up yet, and whether there are others.
/// Bounded: what does not fit is found again by the next read, or by the next scrub. Shared by the store and the blobs
/// that are being read; any loop.
class Damage {
 public:
  void note(const Key& key) {
    const std::lock_guard lock(mutex_);
    if (keys_.size() < kMost) keys_.insert(key);
  }
  /// A scan met damage: which rows that is nobody can tell before all are checked.
  void noteScan() {
    const std::lock_guard lock(mutex_);
    scan_ = true;
  }
  /// Whether a scan has met damage since this was asked last.
  bool takeScan() {
    const std::lock_guard lock(mutex_);
    return std::exchange(scan_, false);
  }
  /// Hands them over.
  std::vector<Key> take() {
    const std::lock_guard lock(mutex_);
    std::vector<Key> keys(keys_.begin(), keys_.end());
    keys_.clear();
    return keys;
  }

 private:
  static constexpr std::size_t kMost = 4096;
  std::mutex mutex_;
  std::set<Key> keys_;  // guarded by mutex_
  bool scan_ = false;   // guarded by mutex_
};

}  // namespace mydht::store
