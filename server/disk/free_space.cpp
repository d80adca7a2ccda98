#include "server/disk/free_space.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "server/disk/posix_file.h"

namespace mydht::disk {
namespace {

/// Below this part of the reserve the disk counts as full, before any write fails for it.
constexpr std::uint64_t kTightPart = 16;
/// The reserve takes at most this part of a small file system.
constexpr std::uint64_t kLargestPart = 4;

}  // namespace

FreeSpace::FreeSpace(std::string directory, std::uint64_t reserve, Ask ask)
    : directory_(std::move(directory)), path_(directory_ + "/" + kFileName), ask_(std::move(ask)), wanted_(reserve) {
  refresh();
}

DiskSpace FreeSpace::space() const {
  return {total_.load(std::memory_order_relaxed), bytes(), held_.load(std::memory_order_relaxed),
          spare_.load(std::memory_order_relaxed)};
}

std::uint64_t FreeSpace::refresh() {
  const std::lock_guard lock(mutex_);
  auto free = freeNow();
  if (!free) return bytes();
  const std::uint64_t reserve = std::min(wanted_, total_.load(std::memory_order_relaxed) / kLargestPart);
  const std::uint64_t tight = reserve / kTightPart;
  bool held = held_.load(std::memory_order_relaxed) > 0;
  if (held && *free < tight) {
    giveUp();
    held = false;
    free = freeNow();
  } else if (!held && reserve > 0 && !noFiles_) {
    // What lies there from before a restart has its room already.
    const bool isThere = ::access(path_.c_str(), F_OK) == 0;
    if ((isThere || *free >= reserve + 2 * tight) && take(reserve)) {
      held = true;
      free = freeNow();
    }
  }
  const bool full = reserve > 0 && !held && !noFiles_;
  const std::uint64_t kept = noFiles_ ? reserve : tight;
  free_.store(full || !free || *free <= kept ? 0 : *free - kept, std::memory_order_relaxed);
  const std::uint64_t left = free.value_or(0) + held_.load(std::memory_order_relaxed);
  spare_.store(left > reserve / 2 ? left - reserve / 2 : 0, std::memory_order_relaxed);
  return bytes();
}

std::optional<std::uint64_t> FreeSpace::freeNow() {
  const auto room = ask_(directory_);
  if (!room) return std::nullopt;
  total_.store(room->total, std::memory_order_relaxed);
  return room->free;
}

std::optional<FreeSpace::Room> FreeSpace::askSystem(const std::string& directory) {
  struct statvfs state {};
  if (::statvfs(directory.c_str(), &state) != 0) return std::nullopt;
  return Room{std::uint64_t{state.f_blocks} * state.f_frsize, std::uint64_t{state.f_bavail} * state.f_frsize};
}

/// Whether the file has its room.
bool FreeSpace::take(std::uint64_t reserve) {
  auto file = PosixFile::open(path_, O_RDWR | O_CREAT);
  if (!file) return false;
  if (::fallocate(file->descriptor(), 0, 0, static_cast<off_t>(reserve)) != 0) {
    noFiles_ = errno == EOPNOTSUPP || errno == ENOSYS;
    ::unlink(path_.c_str());
    return false;
  }
  held_.store(reserve, std::memory_order_relaxed);
  return true;
}

void FreeSpace::giveUp() {
  ::unlink(path_.c_str());
  held_.store(0, std::memory_order_relaxed);
}

}  // namespace mydht::disk
