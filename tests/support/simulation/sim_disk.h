#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/ports/disk.h"
#include "server/ports/random.h"
#include "tests/support/simulation/sim_medium.h"

namespace mydht::simulation {

/// A range of virtual time, both ends included.
struct Latency {
  Duration least;
  Duration most;
};

/// How a simulated disk behaves when nothing is wrong with it.
struct SimDiskOptions {
  Latency read{std::chrono::microseconds(50), std::chrono::milliseconds(2)};
  Latency write{std::chrono::microseconds(20), std::chrono::milliseconds(1)};  ///< a piece of a blob
  Latency sync{std::chrono::microseconds(500), std::chrono::milliseconds(8)};
  unsigned cachedPercent = 50;  ///< how often tryGet answers
  std::uint64_t freeBytes = std::uint64_t{1} << 40;
  bool lies = false;  ///< its syncs do nothing: a crash loses all that was written since the disk was opened
};

/// Which kind of operation is to fail.
enum class Fault {
  Write,      ///< the next commit, at once
  Sync,       ///< the next group of commits, after its time
  Read,       ///< the next get, scan, openBlob, or read or verify of a blob
  BlobWrite,  ///< the next append
  Seal,       ///< the next seal
};

/// The disk port in virtual time: one incarnation, from start to crash, of a node's disk on a SimMedium. Every
/// operation takes time drawn from the seed; batches queue, and one sync at a time makes all durable that were queued
/// when it began; reads see what is durable. Owned by the simulation, which keeps it after crash() until the tasks that
/// called it have ended (they fail with Stopped) and every blob and writer of it is gone. Runs on the executor of each
/// calling task, all on one thread. Borrows the medium and the randomness.
class SimDisk final : public Disk {
 public:
  /// Starts on what is durable; sealed blobs that were never published are swept.
  SimDisk(SimMedium& medium, Random& random, SimDiskOptions options = {});
  SimDisk(const SimDisk&) = delete;
  SimDisk& operator=(const SimDisk&) = delete;
  ~SimDisk();

  std::optional<Result<std::optional<Bytes>>> tryGet(std::string_view row) override;
  Task<Result<std::optional<Bytes>>> get(std::string row, Deadline deadline) override;
  Task<Result<Page>> scan(std::string from, std::string to, std::size_t mostBytes, Deadline deadline) override;
  Task<Result<Page>> scanSkipping(std::string from, std::string to, std::size_t mostBytes, RowSkip skip,
                                  Deadline deadline) override;
  Task<Result<RowsChecked>> check(std::string from, Deadline deadline) override;
  Task<Result<std::uint64_t>> commit(Batch batch) override;
  std::uint64_t lastSynced() const override { return lastSynced_; }
  Task<Result<std::unique_ptr<BlobWriter>>> createBlob(std::uint64_t sizeHint) override;
  Task<Result<std::shared_ptr<const Blob>>> openBlob(BlobId blob, Deadline deadline) override;
  void discardBlob(BlobId blob) override;
  std::uint64_t freeBytes() const override { return full_ ? 0 : options_.freeBytes; }
  DiskSpace space() const override { return {2 * options_.freeBytes, freeBytes(), full_ ? 0 : kReserve, kReserve / 2}; }
  Task<> look() override { co_return; }
  std::optional<Error> failure() const override { return failure_; }

  /// How many batches are queued or being synced, or belong to a failed sync.
  std::size_t unsyncedBatches() const { return queue_.size(); }
  /// The power goes. What was not synced is lost, but for its first keptBatches batches, which happen to have reached
  /// the platter. From now on everything fails with Stopped, and another SimDisk may be opened on the medium.
  void crash(std::size_t keptBatches = 0);
  bool crashed() const { return crashed_; }

  /// The next such operation fails with this kind (Io, Corrupt or NoSpace). A failed commit fails all later ones.
  void failNext(Fault fault, Kind kind) { failAt(fault, 1, kind); }
  /// The same for the one that comes as the which-th from now; 1 is the next.
  void failAt(Fault fault, std::uint64_t which, Kind kind);
  /// What was ordered and has not failed yet does not fail; what has failed stays so.
  void failNoMore() { faults_.clear(); }
  /// How many such operations there were so far.
  std::uint64_t operations(Fault fault) const;
  /// A full disk: no blob is created or grows, freeBytes is 0. Rows still fit, in the reserve.
  void setFull(bool full) { full_ = full; }
  /// Nothing ends before this time.
  void stallUntil(Time time) { stalledUntil_ = time; }

 private:
  static constexpr std::uint64_t kReserve = 256 * 1024 * 1024;
  class Writer;
  class File;
  struct Queued {
    Batch batch;
    std::uint64_t number;
  };

  std::uint64_t randomBelow(std::uint64_t bound);
  Time endOf(Latency latency, Time now);
  std::optional<Error> injected(Fault fault);
  Task<Result<>> take(Latency latency, Deadline deadline);
  Task<> syncQueued();
  bool publishIsPending(BlobId blob) const;
  Result<Page> pageOf(const std::string& from, const std::string& to, std::size_t mostBytes, const RowSkip& skip) const;

  SimMedium& medium_;
  Random& random_;
  SimDiskOptions options_;
  std::deque<Queued> queue_;
  std::uint64_t lastQueued_;
  std::uint64_t lastSynced_;
  struct Ordered {
    std::uint64_t at;  ///< fails when so many such operations have begun
    Kind kind;
  };
  std::map<Fault, Ordered> faults_;
  std::map<Fault, std::uint64_t> operations_;
  std::optional<Error> broken_;   // why no batch is taken any more
  std::optional<Error> failure_;  // the first error that counts against the disk as a whole
  Time syncEnds_{};
  Time stalledUntil_{};
  bool syncing_ = false;
  bool crashed_ = false;
  bool full_ = false;
  std::shared_ptr<const SimMedium> platter_;  // of a disk that lies: what is really there
};

}  // namespace mydht::simulation
