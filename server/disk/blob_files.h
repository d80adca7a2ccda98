#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "server/disk/disk_failure.h"
#include "server/disk/file_blob.h"
#include "server/disk/free_space.h"
#include "server/disk/remover.h"
#include "server/ports/disk.h"
#include "server/runtime/blocking_pool.h"

namespace mydht::disk {

/// The folder of blob files: writes, opens, caches and removes them. It does not know which are published: RocksDisk
/// does. Owned by RocksDisk; any thread. Borrows the pool, the free space and the
/// place for failures.
class BlobFiles {
 public:
  BlobFiles(std::string path, runtime::BlockingPool& pool, FreeSpace& space, DiskFailure& failure,
            std::size_t mostOpen);
  BlobFiles(const BlobFiles&) = delete;
  BlobFiles& operator=(const BlobFiles&) = delete;

  /// Makes the 256 folders where they are missing, synced; blocks.
  Result<> makeFolders();

  /// What a sweep found.
  struct Swept {
    std::size_t removed = 0;  ///< files that were not published
    std::size_t missing = 0;  ///< published ones without a file
  };
  /// Removes every file that is not among its folder's published ones (in ascending order); blocks. At the start only.
  Result<Swept> sweep(const std::function<Result<std::vector<BlobId>>(std::uint8_t)>& publishedIn);

  /// Starts a new file.
  Task<Result<std::unique_ptr<BlobWriter>>> create(BlobId id, std::uint64_t sizeHint);
  /// Opens a file or finds it open.
  Task<Result<std::shared_ptr<const Blob>>> open(BlobId id, Deadline deadline);
  /// Removes the file soon; who has it open keeps it.
  void remove(BlobId id);
  /// Ends its thread.
  void stop() { remover_.stop(); }

 private:
  class Writer;
  using Order = std::list<std::pair<BlobId, std::shared_ptr<const FileBlob>>>;

  std::string folderPath(std::uint8_t folder) const { return path_ + "/" + blobFolder(folder); }
  std::string filePath(BlobId id) const { return folderPath(folderOf(id)) + "/" + blobName(id); }
  Result<std::shared_ptr<const Blob>> openNow(BlobId id, Deadline deadline);
  std::shared_ptr<const FileBlob> cached(BlobId id);
  bool remember(BlobId id, std::shared_ptr<const FileBlob> blob);
  void forget(BlobId id);
  void removed(BlobId id);

  const std::string path_;
  runtime::BlockingPool& pool_;
  FreeSpace& space_;
  DiskFailure& failure_;
  const std::size_t mostOpen_;

  /// Open files, the latest used first, and what is being removed and may not be opened any more.
  struct Cache {
    std::mutex mutex;
    std::unordered_set<BlobId> doomed;
    Order order;
    std::unordered_map<BlobId, Order::iterator> byId;
  };
  Cache cache_;
  Remover remover_;
};

}  // namespace mydht::disk
