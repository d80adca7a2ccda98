#pragma once

#include <atomic>
#include <mutex>
#include <optional>

#include "common/result/result.h"

namespace mydht::disk {

/// The first error that shows that a disk is not to be trusted with more: a commit that failed, or a read, a write or a
/// sync that the system could not do. Full disks, late answers and damaged bytes do not count. Kept until the disk is
/// opened again, since what follows a lost write must not be kept either. Owned by RocksDisk; any thread.
class DiskFailure {
 public:
  /// Hands a result on, and remembers its error if it counts.
  template <class T>
  Result<T> seen(Result<T> result) {
    if (!result && result.error().kind == Kind::Io) remember(result.error());
    return result;
  }
  /// Remembers this one, whatever its kind; the first stays.
  void remember(const Error& error) {
    const std::lock_guard lock(mutex_);
    if (!first_) first_ = error;
    failed_.store(true, std::memory_order_release);
  }
  std::optional<Error> first() const {
    if (!failed_.load(std::memory_order_acquire)) return std::nullopt;
    const std::lock_guard lock(mutex_);
    return first_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<Error> first_;  // guarded by mutex_
  std::atomic<bool> failed_{false};
};

}  // namespace mydht::disk
