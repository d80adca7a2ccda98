#pragma once

#include <map>
#include <mutex>
#include <string>

#include "common/version/version.h"
#include "server/ports/disk.h"

namespace mydht::store {

/// The one way of this node's batches to the disk. What is only to be remembered with the next batch (the greatest boot
/// counter and batch number of each peer, the clock's floor) rides along, so that it costs no sync of its own. Owned by
/// the node, borrowed by the store and the cluster; any loop.
class Commits {
 public:
  explicit Commits(Disk& disk) : disk_(disk) {}

  /// Commits the batch and everything remembered so far; synced when it returns, with the batch's number.
  Task<Result<std::uint64_t>> commit(Batch batch);
  /// Puts a row into the next batch, whoever makes it. A later content of the same row replaces an earlier one.
  void remember(std::string row, Bytes content);
  /// Keeps the clock's floor at or above this version across restarts, to within kClockStepMicros.
  void noteVersion(const Version& version);

  std::uint64_t lastSynced() const { return disk_.lastSynced(); }

  /// The clock's floor is written when it has moved on by this much, and counts as that much further at a start.
  static constexpr std::int64_t kClockStepMicros = 1'000'000;

 private:
  Disk& disk_;
  std::mutex mutex_;
  std::map<std::string, Bytes> remembered_;  // guarded by mutex_
  std::int64_t clockWritten_ = 0;            // guarded by mutex_
};

}  // namespace mydht::store
