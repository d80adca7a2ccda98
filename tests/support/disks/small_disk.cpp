#include "tests/support/disks/small_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <boost/filesystem.hpp>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace mydht::support {
namespace {

constexpr std::size_t kLargestPiece = 1024 * 1024;
constexpr std::size_t kLeastPiece = 4096;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

}  // namespace

bool SmallDisk::possible() {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

SmallDisk::SmallDisk(std::string path, std::uint64_t mib) : path_(std::move(path)) {
  boost::filesystem::create_directories(path_);
  const std::string options = "size=" + std::to_string(mib) + "m";
  if (::mount("small", path_.c_str(), "tmpfs", 0, options.c_str()) != 0) fail("mount at " + path_);
}

SmallDisk::~SmallDisk() {
  ::umount2(path_.c_str(), MNT_DETACH);
}

/// Where a node looks for no files but its own, and leaves others alone.
std::string SmallDisk::ballastPath() const {
  return path_ + "/blobs/ballast";
}

void SmallDisk::fillUp() const {
  const int file = ::open(ballastPath().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) fail("open " + ballastPath());
  for (std::size_t piece = kLargestPiece; piece >= kLeastPiece; piece /= 2) {
    const std::string bytes(piece, 'x');
    while (::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size())) {
    }
  }
  ::close(file);
}

void SmallDisk::makeRoom() const {
  boost::filesystem::remove(ballastPath());
}

}  // namespace mydht::support
