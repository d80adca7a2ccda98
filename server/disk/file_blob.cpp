#include "server/disk/file_blob.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "common/hash/checksum.h"
#include "common/result/limits.h"

namespace mydht::disk {
namespace {

Error damaged(BlobId id, const std::string& what) {
  return {Kind::Corrupt, "blob " + blobName(id) + ": " + what};
}

}  // namespace

Result<> inTime(Deadline deadline) {
  if (deadline != Deadline::max() && std::chrono::steady_clock::now() >= deadline) {
    return Error{Kind::Unavailable, "the disk is too slow"};
  }
  return {};
}

Result<std::shared_ptr<const FileBlob>> FileBlob::open(const std::string& path, BlobId id, runtime::BlockingPool& pool,
                                                       DiskFailure& failure) {
  auto file = PosixFile::open(path, O_RDONLY);
  if (!file) {
    if (errno == ENOENT) return Error{Kind::NotFound, "no blob " + blobName(id)};
    return file.error();
  }
  const auto length = file->size();
  if (!length) return length.error();
  if (*length < kFooterBytes) return damaged(id, "the file is too short");
  const auto footerBytes = file->readAt(*length - kFooterBytes, kFooterBytes);
  if (!footerBytes) return footerBytes.error().within("blob " + blobName(id));
  const auto footer = decodeFooter(*footerBytes);
  if (!footer || footer->id != id || footer->size > *length ||
      footer->size + chunksOf(footer->size) * 8 + kFooterBytes != *length) {
    return damaged(id, "the footer does not match");
  }
  const auto bytes = file->readAt(footer->size, *length - kFooterBytes - footer->size);
  if (!bytes) return bytes.error().within("blob " + blobName(id));
  auto checksums = decodeChecksums(*bytes, *footer);
  if (!checksums) return damaged(id, "the list of checksums is damaged");
  return std::make_shared<const FileBlob>(std::move(*file), *footer, std::move(*checksums), pool, failure);
}

Task<Result<Bytes>> FileBlob::read(std::uint64_t offset, std::size_t most, Deadline deadline) const {
  const std::uint64_t from = std::min(offset, size());
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(most, size() - from));
  if (length == 0) co_return Bytes();
  auto reading = [this, from, length, deadline]() -> Result<Bytes> {
    const auto timely = inTime(deadline);
    if (!timely) return timely.error();
    return failure_.seen(readNow(from, length));
  };
  auto result = co_await pool_.run(std::move(reading));
  co_return result;
}

Task<Result<>> FileBlob::verify(std::uint64_t offset, std::uint64_t length, Deadline deadline) const {
  const std::uint64_t from = std::min(offset, size());
  const std::uint64_t covered = std::min(length, size() - from);
  if (covered == 0) co_return Result<>();
  auto checking = [this, from, covered, deadline] { return failure_.seen(verifyNow(from, covered, deadline)); };
  auto result = co_await pool_.run(std::move(checking));
  co_return result;
}

bool FileBlob::isLinked() const {
  struct stat state {};
  return ::fstat(file_.descriptor(), &state) == 0 && state.st_nlink > 0;
}

Result<std::string> FileBlob::checkedChunk(std::uint64_t chunk) const {
  const std::uint64_t start = chunk * limits::kChunkBytes;
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(limits::kChunkBytes, size() - start));
  auto bytes = file_.readAt(start, length);
  if (!bytes) return bytes.error().within("blob " + blobName(footer_.id));
  const auto sound = compare(chunk, checksumOf(*bytes));
  if (!sound) return sound.error();
  return bytes;
}

/// Reads a chunk only to check it, through a piece of memory that stays in the processor's cache: fresh memory for the
/// whole of it would cost more than its checksum.
Result<> FileBlob::checkChunk(std::uint64_t chunk) const {
  std::array<char, 32 * 1024> piece;
  const std::uint64_t end = std::min((chunk + 1) * limits::kChunkBytes, size());
  Checksum checksum;
  for (std::uint64_t at = chunk * limits::kChunkBytes; at < end;) {
    const std::span<char> room(piece.data(), static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), end - at)));
    const auto read = file_.readInto(at, room);
    if (!read) return read.error().within("blob " + blobName(footer_.id));
    checksum.add({room.data(), room.size()});
    at += room.size();
  }
  return compare(chunk, checksum.value());
}

Result<> FileBlob::compare(std::uint64_t chunk, std::uint64_t checksum) const {
  if (checksum == checksums_[chunk]) return {};
  return damaged(footer_.id, "chunk " + std::to_string(chunk) + " does not match its checksum");
}

Result<Bytes> FileBlob::readNow(std::uint64_t offset, std::size_t length) const {
  std::string wanted;
  const std::uint64_t end = offset + length;
  for (std::uint64_t chunk = offset / limits::kChunkBytes; chunk * limits::kChunkBytes < end; ++chunk) {
    auto bytes = checkedChunk(chunk);
    if (!bytes) return bytes.error();
    const std::uint64_t start = chunk * limits::kChunkBytes;
    if (start >= offset && start + bytes->size() <= end && bytes->size() == length) return Bytes(std::move(*bytes));
    const std::uint64_t from = std::max(offset, start) - start;
    wanted.append(*bytes, from, std::min<std::uint64_t>(end - start, bytes->size()) - from);
  }
  return Bytes(std::move(wanted));
}

Result<> FileBlob::verifyNow(std::uint64_t offset, std::uint64_t length, Deadline deadline) const {
  const std::uint64_t last = (offset + length - 1) / limits::kChunkBytes;
  for (std::uint64_t chunk = offset / limits::kChunkBytes; chunk <= last; ++chunk) {
    const auto timely = inTime(deadline);
    if (!timely) return timely;
    const auto sound = checkChunk(chunk);
    if (!sound) return sound;
  }
  return {};
}

}  // namespace mydht::disk
