#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/ports/disk.h"

namespace mydht::disk {

/// Sizes of the engine below; each bounds memory or open files.
struct RowsOptions {
  std::size_t blockCacheBytes = 64 * 1024 * 1024;
  std::size_t writeBufferBytes = 32 * 1024 * 1024;  ///< one memtable; there are at most three
  int openTables = 256;
  std::size_t tableBytes = 64 * 1024 * 1024;  ///< of one table, about
};

/// The rows in RocksDB, whose headers stay in rows.cpp. All calls block but tryGet. Owned by RocksDisk; any thread, but
/// one writer at a time. docs/storage-format.md has the keys.
class Rows {
 public:
  /// Checks the logs, opens (`make`: or makes) the database, counts the opening, synced. Corrupt when something that
  /// was acknowledged is missing or damaged.
  static Result<std::unique_ptr<Rows>> open(const std::string& path, bool make, const RowsOptions& options);

  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows();

  std::optional<Result<std::optional<Bytes>>> tryGet(std::string_view row) const;
  Result<std::optional<Bytes>> get(std::string_view row) const;
  /// As Disk::scanSkipping; `skip` may be empty.
  Result<Page> scan(std::string_view from, std::string_view to, std::size_t mostBytes, const RowSkip& skip) const;
  /// One table at a time, in the order of their numbers up to the newest of when it began; `from` names the last one.
  Result<RowsChecked> check(const std::string& from) const;
  /// Atomic and synced. Fails for good once the engine has failed in the background.
  Result<> write(std::span<const Batch* const> batches, std::uint64_t number);
  /// Rewrites everything without what is superseded.
  Result<> compact();
  /// The published blobs of one folder, in ascending order.
  Result<std::vector<BlobId>> publishedIn(std::uint8_t folder) const;
  Result<bool> isPublished(BlobId id) const;

  /// As they were when it was opened: the last batch's number; how often it was opened, this time included.
  std::uint64_t lastBatch() const { return lastBatch_; }
  std::uint64_t openings() const { return openings_; }

 private:
  struct Engine;
  explicit Rows(std::unique_ptr<Engine> engine);
  Result<> start();

  std::unique_ptr<Engine> engine_;
  std::uint64_t lastBatch_ = 0;
  std::uint64_t openings_ = 0;
};

}  // namespace mydht::disk
