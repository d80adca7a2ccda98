#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/disk/blob_format.h"
#include "server/disk/disk_failure.h"
#include "server/disk/posix_file.h"
#include "server/runtime/blocking_pool.h"
#include "server/task/body.h"

namespace mydht::disk {

/// One blob's open file and the checksums of its chunks. Shared by its readers and BlobFiles's cache; any thread.
/// Borrows the pool, on whose threads all reading and checking happens, and the place for failures.
class FileBlob final : public Blob {
 public:
  /// Opens and checks the footer; blocks. Corrupt when it is not the blob of that number, NotFound when there is no
  /// file.
  static Result<std::shared_ptr<const FileBlob>> open(const std::string& path, BlobId id, runtime::BlockingPool& pool,
                                                      DiskFailure& failure);

  std::uint64_t size() const override { return footer_.size; }
  Task<Result<Bytes>> read(std::uint64_t offset, std::size_t most, Deadline deadline) const override;
  Task<Result<>> verify(std::uint64_t offset, std::uint64_t length, Deadline deadline) const override;
  int file() const noexcept override { return file_.descriptor(); }

  /// Memory that its checksums take.
  std::size_t weight() const { return checksums_.size() * sizeof(std::uint64_t); }
  /// Whether its file still has its name; blocks.
  bool isLinked() const;

  FileBlob(PosixFile file, BlobFooter footer, std::vector<std::uint64_t> checksums, runtime::BlockingPool& pool,
           DiskFailure& failure)
      : file_(std::move(file)), footer_(footer), checksums_(std::move(checksums)), pool_(pool), failure_(failure) {}

 private:
  Result<std::string> checkedChunk(std::uint64_t chunk) const;
  Result<> checkChunk(std::uint64_t chunk) const;
  Result<> compare(std::uint64_t chunk, std::uint64_t checksum) const;
  Result<Bytes> readNow(std::uint64_t offset, std::size_t length) const;
  Result<> verifyNow(std::uint64_t offset, std::uint64_t length, Deadline deadline) const;

  PosixFile file_;
  BlobFooter footer_;
  std::vector<std::uint64_t> checksums_;
  runtime::BlockingPool& pool_;
  DiskFailure& failure_;
};

/// Unavailable when the deadline has passed: what waited for a thread that long is no longer wanted.
Result<> inTime(Deadline deadline);

}  // namespace mydht::disk
