#pragma once

#include <functional>
#include <memory>

#include "server/ports/disk.h"

namespace mydht {

/// One implementation of the disk port under the contract test: owns the disk, the executor that calls it and whatever
/// lies below. Used by the test's thread alone.
class DiskSubject {
 public:
  virtual ~DiskSubject() = default;
  virtual Disk& disk() = 0;
  /// Runs a task on the subject's executor to its end.
  virtual void run(std::function<Task<>()> make) = 0;
  /// Stops the disk and opens it again on what it holds.
  virtual void restart() = 0;
  /// Flips a bit of a stored blob, past every cache.
  virtual void corrupt(BlobId blob, std::uint64_t offset) = 0;
};

using MakeDiskSubject = std::unique_ptr<DiskSubject> (*)();

/// The simulated disk in virtual time.
std::unique_ptr<DiskSubject> simulatedDisk();
/// RocksDB and files in a temporary directory, called from an event loop.
std::unique_ptr<DiskSubject> realDisk();

}  // namespace mydht
