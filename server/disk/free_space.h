#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace mydht::disk {

/// How much a file system still takes, less a reserve that is kept for rows: deletes must work on a full disk. Any
/// thread.
class FreeSpace {
 public:
  FreeSpace(std::string path, std::uint64_t reserve);

  /// As of the last refresh; 0 = full.
  std::uint64_t bytes() const { return free_.load(std::memory_order_relaxed); }
  /// Asks the system; blocks. A system that does not answer leaves the figure as it was.
  std::uint64_t refresh();

 private:
  const std::string path_;
  const std::uint64_t reserve_;
  std::atomic<std::uint64_t> free_{0};
};

}  // namespace mydht::disk
