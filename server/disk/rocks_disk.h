#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "server/disk/blob_files.h"
#include "server/disk/committer.h"
#include "server/disk/data_directory.h"
#include "server/disk/disk_failure.h"
#include "server/disk/free_space.h"
#include "server/disk/rows.h"
#include "server/ports/disk.h"
#include "server/runtime/blocking_pool.h"

namespace mydht::disk {

/// Sizes; node reads them from the options.
struct RocksDiskOptions {
  RowsOptions rows;
  std::uint64_t reserveBytes = 256 * 1024 * 1024;  ///< kept free for rows, so that deletes work on a full disk
  FreeSpace::Ask askSpace = FreeSpace::askSystem;  ///< another one in tests alone
  std::size_t openBlobs = 512;                     ///< descriptors of blobs kept open
};

/// The real disk: rows in RocksDB, blobs in files, one committer. Owned by node, in a DataDirectory that outlives it.
/// Callable on every loop; reads that miss the memory, and all writing of blobs, happen on the blocking pool, which it
/// borrows. When the destructor runs, no call may be under way and no blob or writer left.
class RocksDisk final : public Disk {
 public:
  /// Opens or makes the rows, removes blobs that no row publishes; blocks. One-line errors that name the path.
  static Result<std::unique_ptr<RocksDisk>> open(DataDirectory& directory, runtime::BlockingPool& pool,
                                                 RocksDiskOptions options = {});
  RocksDisk(const RocksDisk&) = delete;
  RocksDisk& operator=(const RocksDisk&) = delete;
  ~RocksDisk();

  std::optional<Result<std::optional<Bytes>>> tryGet(std::string_view row) override;
  Task<Result<std::optional<Bytes>>> get(std::string row, Deadline deadline) override;
  Task<Result<Page>> scan(std::string from, std::string to, std::size_t mostBytes, Deadline deadline) override;
  Task<Result<Page>> scanSkipping(std::string from, std::string to, std::size_t mostBytes, RowSkip skip,
                                  Deadline deadline) override;
  Task<Result<RowsChecked>> check(std::string from, Deadline deadline) override;
  Task<Result<std::uint64_t>> commit(Batch batch) override;
  std::uint64_t lastSynced() const override { return committer_.lastSynced(); }
  Task<Result<std::unique_ptr<BlobWriter>>> createBlob(std::uint64_t sizeHint) override;
  Task<Result<std::shared_ptr<const Blob>>> openBlob(BlobId blob, Deadline deadline) override;
  void discardBlob(BlobId blob) override;
  std::uint64_t freeBytes() const override { return space_->bytes(); }
  DiskSpace space() const override { return space_->space(); }
  Task<> look() override;
  std::optional<Error> failure() const override { return failure_.first(); }

  /// What the start found in the blob files, for the journal.
  BlobFiles::Swept swept() const { return swept_; }
  /// Syncs of the rows' log since it was opened. Any thread.
  std::uint64_t syncs() const { return committer_.syncs(); }
  /// Rewrites the rows without what is superseded, as the engine does by itself in time; blocks for as long as that
  /// takes. For measurements.
  Result<> compact();
  /// Finishes the commits that wait; everything later fails with Stopped. Blocks for as long as a sync takes; the loops
  /// of the callers must still run afterwards, to take the answers.
  void stop();

 private:
  class Call;
  static Result<std::unique_ptr<RocksDisk>> openAsItIs(DataDirectory& directory, runtime::BlockingPool& pool,
                                                       const RocksDiskOptions& options);
  RocksDisk(DataDirectory& directory, runtime::BlockingPool& pool, const RocksDiskOptions& options,
            std::unique_ptr<FreeSpace> space, std::unique_ptr<Rows> rows);
  Result<> sweep();
  Result<> writeGroup(std::span<const Batch* const> batches, std::uint64_t number);
  void settle(const Batch& batch);

  runtime::BlockingPool& pool_;
  std::unique_ptr<FreeSpace> space_;
  std::unique_ptr<Rows> rows_;
  DiskFailure failure_;
  BlobFiles blobs_;
  BlobFiles::Swept swept_;
  std::atomic<std::uint64_t> nextBlob_;
  std::atomic<std::size_t> calls_{0};
  std::atomic<bool> stopped_{false};

  /// Blobs whose publishing batch is under way, or failed and may be there after a restart.
  struct Publishing {
    std::mutex mutex;
    std::set<BlobId> blobs;
  };
  Publishing publishing_;
  Committer committer_;
};

}  // namespace mydht::disk
