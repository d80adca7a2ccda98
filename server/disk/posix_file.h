#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "common/result/result.h"

namespace mydht::disk {

/// The error of the system call that just failed, `doing: reason`: NoSpace when the disk or a quota is full,
/// Unavailable when the process is short of descriptors or memory, else Io.
Error systemError(std::string_view doing);

/// Owns one file descriptor. Its calls block and repeat what a signal interrupted. One thread at a time, but for
/// reading.
class PosixFile {
 public:
  PosixFile() = default;
  explicit PosixFile(int descriptor) : descriptor_(descriptor) {}
  PosixFile(PosixFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  PosixFile& operator=(PosixFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~PosixFile();

  /// open(2), closed on exec; mode 0644 for what it creates.
  static Result<PosixFile> open(const std::string& path, int flags);

  int descriptor() const { return descriptor_; }
  Result<std::uint64_t> size() const;
  /// Reads exactly this many bytes; Corrupt when the file ends before.
  Result<std::string> readAt(std::uint64_t offset, std::size_t length) const;
  /// The same, to fill the room.
  Result<> readInto(std::uint64_t offset, std::span<char> room) const;
  /// Writes all of it where the last write ended.
  Result<> write(std::string_view bytes);
  /// What is behind this place goes.
  Result<> cutAt(std::uint64_t size);
  Result<> syncData();
  Result<> syncAll();

 private:
  int descriptor_ = -1;
};

/// The whole of a small file.
Result<std::string> readWholeFile(const std::string& path);
/// Syncs a directory: the names in it survive a power cut.
Result<> syncDirectory(const std::string& path);

}  // namespace mydht::disk
