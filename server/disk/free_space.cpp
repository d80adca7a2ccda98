#include "server/disk/free_space.h"

#include <sys/statvfs.h>

#include <utility>

namespace mydht::disk {

FreeSpace::FreeSpace(std::string path, std::uint64_t reserve) : path_(std::move(path)), reserve_(reserve) {
  refresh();
}

std::uint64_t FreeSpace::refresh() {
  struct statvfs state {};
  if (::statvfs(path_.c_str(), &state) == 0) {
    const std::uint64_t free = std::uint64_t{state.f_bavail} * state.f_frsize;
    free_.store(free > reserve_ ? free - reserve_ : 0, std::memory_order_relaxed);
  }
  return bytes();
}

}  // namespace mydht::disk
