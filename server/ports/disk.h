#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result/result.h"
#include "server/task/body.h"

namespace mydht {

/// Names a large value's file on this node. Never reused, not even after a crash. 0 is none.
using BlobId = std::uint64_t;

/// What one commit does, all of it or nothing. A later row with the same name wins over an earlier one.
struct Batch {
  std::vector<std::pair<std::string, std::optional<Bytes>>> rows;  ///< row and new content; none deletes it
  std::vector<BlobId> publishes;                                   ///< sealed blobs that belong to the data from now on
  std::vector<BlobId> drops;                                       ///< published blobs that no longer do
};

/// Some rows in order, and where to go on; `next` is empty at the end.
struct Page {
  std::vector<std::pair<std::string, Bytes>> rows;
  std::string next;
};

/// Asked by a scan behind each row that it takes: the name to go on with, if that is not the next one; empty: the next.
/// A pure function of the row, since it may run on any thread.
using RowSkip = std::function<std::string(std::string_view name, std::string_view content)>;

/// How much room there is, in bytes.
struct DiskSpace {
  std::uint64_t total = 0;    ///< of the file system
  std::uint64_t free = 0;     ///< what may still be written, the reserve taken off; 0 = full
  std::uint64_t reserve = 0;  ///< kept for rows; 0: none, or given up because the disk is full
  std::uint64_t spare = 0;    ///< what repairs may still write: free, and half of the reserve; the rest is for deletes
};

/// What one step of a scrub has read of the rows.
struct RowsChecked {
  std::uint64_t bytes = 0;
  std::string next;  ///< where to go on; empty: that was all
  /// Where rows lie that cannot be read any more: from <= name < to.
  std::vector<std::pair<std::string, std::string>> damaged;
};

/// A large value being written. Destroyed unsealed (or sealed but never published by the next start) = removed.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  /// Writes and checksums off the loop; returns when there is room for more, so memory is bounded.
  virtual Task<Result<>> append(Bytes piece, Deadline deadline) = 0;
  /// Synced to the disk, its directory entry included, and not yet part of the data: a Batch publishes it.
  virtual Task<Result<BlobId>> seal(Deadline deadline) = 0;
};

/// One node's disk: rows in order of their names, and blobs. Two implementations: RocksDB with files (server/disk), and
/// maps with "what was synced so far" (tests/support/simulation). Callable on every loop; a task resumes on its
/// caller's. Errors: Io, Corrupt, NoSpace, Stopped; Unavailable when the deadline came first. A failed commit leaves it
/// unknown whether the batch will be there after a restart, and every later commit fails too until then: what follows a
/// lost batch must not be kept. A full disk refuses blobs; rows still go into a reserve, so that deletes work: look at
/// freeBytes.
class Disk {
 public:
  /// From memory alone; nullopt = would block, so `co_await get(row)`.
  virtual std::optional<Result<std::optional<Bytes>>> tryGet(std::string_view row) = 0;
  /// The row's content, none if there is no such row. Sees what is synced, even when its commit has not returned yet,
  /// and never what a power cut could still take back.
  virtual Task<Result<std::optional<Bytes>>> get(std::string row, Deadline deadline) = 0;
  /// Rows with from <= name < to in order, until about mostBytes of names and contents are collected (at least one
  /// row). `next` is the `from` to go on with.
  virtual Task<Result<Page>> scan(std::string from, std::string to, std::size_t mostBytes, Deadline deadline) = 0;
  /// The same, but rows that `skip` passes over are neither read nor counted, whatever their number.
  virtual Task<Result<Page>> scanSkipping(std::string from, std::string to, std::size_t mostBytes, RowSkip skip,
                                          Deadline deadline) = 0;
  /// Reads some of what the rows are kept in from the medium, past the caches, against its checksums: all of it, in
  /// steps, while everything else goes on. `from`: empty, or what the last step said; its order is not that of the
  /// rows.
  virtual Task<Result<RowsChecked>> check(std::string from, Deadline deadline) = 0;
  /// Atomic, and synced when it returns with the batch's number, which grows with every batch and is kept across
  /// restarts. All that wait share one sync (group commit). Batches of one caller are applied in order.
  virtual Task<Result<std::uint64_t>> commit(Batch batch) = 0;
  /// The number of the last batch that is known to be synced.
  virtual std::uint64_t lastSynced() const = 0;

  virtual Task<Result<std::unique_ptr<BlobWriter>>> createBlob(std::uint64_t sizeHint) = 0;
  /// A published or sealed blob. Open ones stay readable after a drop, but may not outlive the disk. NotFound: it was
  /// dropped (look at its row again), or never was.
  virtual Task<Result<std::shared_ptr<const Blob>>> openBlob(BlobId blob, Deadline deadline) = 0;
  /// Removes a sealed blob that will not be published. One whose publishing batch failed is kept until the next start,
  /// which knows whether the batch is there.
  virtual void discardBlob(BlobId blob) = 0;

  /// What may still be written, a reserve already taken off; 0 = full. As of the last commit, or the last look.
  virtual std::uint64_t freeBytes() const = 0;
  virtual DiskSpace space() const = 0;
  /// Asks how much room there is now; for who waits for it.
  virtual Task<> look() = 0;
  /// Why nothing is stored any more until the disk is opened again: a commit, a blob's write or sync, or a read has
  /// failed for another reason than room or damaged bytes. None while all is well.
  virtual std::optional<Error> failure() const = 0;

 protected:
  ~Disk() = default;
};

}  // namespace mydht
