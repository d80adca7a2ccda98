#include "server/disk/blob_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <cerrno>

#include "common/hash/checksum.h"
#include "common/result/check.h"
#include "common/result/limits.h"

namespace mydht::disk {
namespace {

namespace fs = boost::filesystem;

/// Blobs with more checksums than this (of 4 GiB and more) are opened anew each time: the cache's memory is bounded.
constexpr std::size_t kHeaviestCached = 128 * 1024;
/// Room is made beforehand for so much of a value: who announces a large one and sends little takes no disk away.
constexpr std::uint64_t kMadeRoom = 16 * 1024 * 1024;
/// The kernel begins to write a file when so much of it has come: the last sync then finds little to do.
constexpr std::uint64_t kWriteBehind = 8 * 1024 * 1024;

}  // namespace

/// Writes one blob: whole chunks go to the file as they fill up, on the pool; what is less waits in memory.
class BlobFiles::Writer final : public BlobWriter {
 public:
  Writer(BlobFiles& files, BlobId id) : files_(files), id_(id) {}
  ~Writer() override {
    if (!sealed_ && file_.descriptor() >= 0) files_.remove(id_);
  }

  Result<> createFile(std::uint64_t sizeHint) {
    auto file = PosixFile::open(files_.filePath(id_), O_WRONLY | O_CREAT | O_EXCL);
    if (!file) return file.error();
    file_ = std::move(*file);
    const auto size = static_cast<off_t>(std::min(sizeHint, kMadeRoom));
    if (size > 0 && ::fallocate(file_.descriptor(), FALLOC_FL_KEEP_SIZE, 0, size) != 0 && errno == ENOSPC) {
      return systemError("make room for a value");
    }
    return {};
  }

  Task<Result<>> append(Bytes piece, Deadline deadline) override {
    MYDHT_ASSERT(!sealed_);
    if (failed_) co_return *failed_;
    if (pending_.size() + piece.size() < limits::kChunkBytes) {
      pending_ += piece.view();
      co_return Result<>();
    }
    auto writing = [this, piece, deadline] { return files_.failure_.seen(appendNow(piece.view(), deadline)); };
    auto done = co_await files_.pool_.run(std::move(writing));
    if (!done) failed_ = done.error();
    co_return done;
  }

  Task<Result<BlobId>> seal(Deadline deadline) override {
    MYDHT_ASSERT(!sealed_);
    if (failed_) co_return *failed_;
    auto sealing = [this, deadline] { return files_.failure_.seen(sealNow(deadline)); };
    auto done = co_await files_.pool_.run(std::move(sealing));
    if (!done) {
      failed_ = done.error();
      co_return done.error();
    }
    sealed_ = true;
    file_ = PosixFile();
    co_return id_;
  }

 private:
  Result<> appendNow(std::string_view piece, Deadline deadline) {
    auto done = inTime(deadline);
    if (done && files_.space_.refresh() == 0) done = Error{Kind::NoSpace, "the disk is full"};
    while (done && pending_.size() + piece.size() >= limits::kChunkBytes) {
      const std::size_t length = limits::kChunkBytes - pending_.size();
      if (pending_.empty()) {
        done = writeChunk(piece.substr(0, length));
      } else {
        pending_ += piece.substr(0, length);
        done = writeChunk(pending_);
        pending_.clear();
      }
      piece.remove_prefix(length);
    }
    pending_ += piece;
    return done;
  }

  Result<> writeChunk(std::string_view chunk) {
    checksums_.push_back(checksumOf(chunk));
    const auto written = file_.write(chunk);
    if (!written) return written.error().within("blob " + blobName(id_));
    size_ += chunk.size();
    if (size_ - begun_ >= kWriteBehind) {
      // Only a hint to the kernel; whether the bytes arrive is asked by the sync.
      ::sync_file_range(file_.descriptor(), static_cast<off_t>(begun_), static_cast<off_t>(size_ - begun_),
                        SYNC_FILE_RANGE_WRITE);
      begun_ = size_;
    }
    return {};
  }

  Result<> sealNow(Deadline deadline) {
    auto done = inTime(deadline);
    if (done && !pending_.empty()) done = writeChunk(pending_);
    const std::string checksums = encodeChecksums(checksums_);
    if (done) done = file_.write(checksums + encodeFooter({id_, size_, checksumOf(checksums)}));
    if (done) done = file_.syncData();
    if (!done) return done.error().within("blob " + blobName(id_));
    return syncDirectory(files_.folderPath(folderOf(id_)));
  }

  BlobFiles& files_;
  BlobId id_;
  PosixFile file_;
  std::string pending_;  ///< less than a chunk, not in the file yet
  std::vector<std::uint64_t> checksums_;
  std::uint64_t size_ = 0;   ///< in the file
  std::uint64_t begun_ = 0;  ///< of which the kernel was told to write so much
  std::optional<Error> failed_;
  bool sealed_ = false;
};

BlobFiles::BlobFiles(std::string path, runtime::BlockingPool& pool, FreeSpace& space, DiskFailure& failure,
                     std::size_t mostOpen)
    : path_(std::move(path)), pool_(pool), space_(space), failure_(failure), mostOpen_(mostOpen) {}

Result<> BlobFiles::makeFolders() {
  boost::system::error_code error;
  bool made = false;
  for (unsigned folder = 0; folder < 256; ++folder) {
    made |= fs::create_directories(folderPath(static_cast<std::uint8_t>(folder)), error);
    if (error) return Error{Kind::Io, "make " + folderPath(static_cast<std::uint8_t>(folder)) + ": " + error.message()};
  }
  if (!made) return {};
  const auto synced = syncDirectory(path_);
  if (!synced) return synced;
  return syncDirectory(fs::path(path_).parent_path().string());
}

Result<BlobFiles::Swept> BlobFiles::sweep(const std::function<Result<std::vector<BlobId>>(std::uint8_t)>& publishedIn) {
  Swept swept;
  for (unsigned number = 0; number < 256; ++number) {
    const auto folder = static_cast<std::uint8_t>(number);
    const auto published = publishedIn(folder);
    if (!published) return published.error();
    std::size_t found = 0;
    boost::system::error_code error;
    fs::directory_iterator at(folderPath(folder), error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
      const auto id = blobOfName(at->path().filename().string());
      if (!id) continue;
      if (std::ranges::binary_search(*published, *id)) {
        ++found;
      } else if (::unlink(at->path().c_str()) == 0) {
        ++swept.removed;
      } else {
        return systemError("remove " + at->path().string());
      }
    }
    if (error) return Error{Kind::Io, "read " + folderPath(folder) + ": " + error.message()};
    swept.missing += published->size() - found;
  }
  return swept;
}

Task<Result<std::unique_ptr<BlobWriter>>> BlobFiles::create(BlobId id, std::uint64_t sizeHint) {
  auto writer = std::make_unique<Writer>(*this, id);
  auto creating = [this, &writer, sizeHint]() -> Result<> {
    if (space_.refresh() <= sizeHint) return Error{Kind::NoSpace, "the disk is full"};
    return failure_.seen(writer->createFile(sizeHint));
  };
  auto created = co_await pool_.run(std::move(creating));
  if (!created) co_return created.error();
  std::unique_ptr<BlobWriter> ready = std::move(writer);
  co_return ready;
}

Task<Result<std::shared_ptr<const Blob>>> BlobFiles::open(BlobId id, Deadline deadline) {
  std::shared_ptr<const Blob> known = cached(id);
  if (known) co_return known;
  auto opening = [this, id, deadline] { return failure_.seen(openNow(id, deadline)); };
  auto result = co_await pool_.run(std::move(opening));
  co_return result;
}

Result<std::shared_ptr<const Blob>> BlobFiles::openNow(BlobId id, Deadline deadline) {
  const auto timely = inTime(deadline);
  if (!timely) return timely.error();
  const auto opened = FileBlob::open(filePath(id), id, pool_, failure_);
  if (!opened) return opened.error();
  if (!remember(id, *opened)) return Error{Kind::NotFound, "no blob " + blobName(id)};
  // It may have been removed between its opening and its remembering.
  if (!(*opened)->isLinked()) forget(id);
  return std::shared_ptr<const Blob>(*opened);
}

void BlobFiles::remove(BlobId id) {
  forget(id);
  {
    const std::lock_guard lock(cache_.mutex);
    cache_.doomed.insert(id);
  }
  remover_.remove(filePath(id), [this, id] { removed(id); });
}

void BlobFiles::removed(BlobId id) {
  const std::lock_guard lock(cache_.mutex);
  cache_.doomed.erase(id);
}

std::shared_ptr<const FileBlob> BlobFiles::cached(BlobId id) {
  const std::lock_guard lock(cache_.mutex);
  const auto found = cache_.byId.find(id);
  if (found == cache_.byId.end()) return nullptr;
  cache_.order.splice(cache_.order.begin(), cache_.order, found->second);
  return found->second->second;
}

/// False when it is being removed.
bool BlobFiles::remember(BlobId id, std::shared_ptr<const FileBlob> blob) {
  const std::lock_guard lock(cache_.mutex);
  if (cache_.doomed.contains(id)) return false;
  if (blob->weight() > kHeaviestCached || mostOpen_ == 0 || cache_.byId.contains(id)) return true;
  cache_.order.emplace_front(id, std::move(blob));
  cache_.byId[id] = cache_.order.begin();
  if (cache_.order.size() > mostOpen_) {
    cache_.byId.erase(cache_.order.back().first);
    cache_.order.pop_back();
  }
  return true;
}

void BlobFiles::forget(BlobId id) {
  const std::lock_guard lock(cache_.mutex);
  const auto found = cache_.byId.find(id);
  if (found == cache_.byId.end()) return;
  cache_.order.erase(found->second);
  cache_.byId.erase(found);
}

}  // namespace mydht::disk
