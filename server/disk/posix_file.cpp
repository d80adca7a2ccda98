#include "server/disk/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "server/runtime/open_files.h"

namespace mydht::disk {

Error systemError(std::string_view doing) {
  const int number = errno;
  Kind kind = Kind::Io;
  if (number == ENOSPC || number == EDQUOT) kind = Kind::NoSpace;
  // The process is short of something: that says nothing of the disk.
  if (number == EMFILE || number == ENFILE || number == ENOMEM) kind = Kind::Unavailable;
  return Error{kind, std::string(doing) + ": " + std::generic_category().message(number)};
}

PosixFile::~PosixFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<PosixFile> PosixFile::open(const std::string& path, int flags) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
  } while (descriptor < 0 && errno == EINTR);
  const Error tooMany{Kind::Unavailable, "open " + path + ": too many files and connections are open"};
  if (descriptor < 0) return errno == EMFILE || errno == ENFILE ? tooMany : systemError("open " + path);
  PosixFile file(descriptor);
  if (!runtime::leavesReserve(descriptor)) return tooMany;
  return file;
}

Result<std::uint64_t> PosixFile::size() const {
  struct stat state {};
  if (::fstat(descriptor_, &state) != 0) return systemError("stat");
  return static_cast<std::uint64_t>(state.st_size);
}

Result<std::string> PosixFile::readAt(std::uint64_t offset, std::size_t length) const {
  std::string bytes(length, '\0');
  const auto read = readInto(offset, bytes);
  if (!read) return read.error();
  return bytes;
}

Result<> PosixFile::readInto(std::uint64_t offset, std::span<char> room) const {
  while (!room.empty()) {
    const ssize_t got = ::pread(descriptor_, room.data(), room.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return systemError("read");
    if (got == 0) return Error{Kind::Corrupt, "the file is shorter than it was"};
    offset += static_cast<std::uint64_t>(got);
    room = room.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

Result<> PosixFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return systemError("write");
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<> PosixFile::cutAt(std::uint64_t size) {
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return systemError("cut");
  return {};
}

Result<> PosixFile::syncData() {
  if (::fdatasync(descriptor_) != 0) return systemError("fdatasync");
  return {};
}

Result<> PosixFile::syncAll() {
  if (::fsync(descriptor_) != 0) return systemError("fsync");
  return {};
}

Result<std::string> readWholeFile(const std::string& path) {
  auto file = PosixFile::open(path, O_RDONLY);
  if (!file) return file.error();
  const auto size = file->size();
  if (!size) return size.error().within(path);
  auto bytes = file->readAt(0, static_cast<std::size_t>(*size));
  if (!bytes) return bytes.error().within(path);
  return bytes;
}

Result<> syncDirectory(const std::string& path) {
  auto directory = PosixFile::open(path, O_RDONLY | O_DIRECTORY);
  if (!directory) return directory.error();
  const auto synced = directory->syncAll();
  if (!synced) return synced.error().within("directory " + path);
  return {};
}

}  // namespace mydht::disk
