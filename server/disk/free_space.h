#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "server/ports/disk.h"

namespace mydht::disk {

/// How much a file system still takes, and a reserve on it for rows: deletes, and what the ring has to remember, must
/// go on when it is full. The reserve is a file that holds its room against whoever else writes there; it is given up
/// when the file system gets full, and taken again when there is room for it and more, so that a node does not change
/// its mind with every value. While it is given up the disk counts as full. Where files cannot be given room
/// beforehand, that much of the free space counts as used instead. Any thread.
class FreeSpace {
 public:
  /// What the system says of a file system, in bytes.
  struct Room {
    std::uint64_t total = 0;
    std::uint64_t free = 0;
  };
  using Ask = std::function<std::optional<Room>(const std::string& directory)>;

  /// The directory, and the reserve wanted: never more than a quarter of the file system; 0: none. Who asks is for
  /// tests, which cannot fill the disk.
  FreeSpace(std::string directory, std::uint64_t reserve, Ask ask = askSystem);

  /// By statvfs.
  static std::optional<Room> askSystem(const std::string& directory);

  /// As of the last refresh; 0 = full.
  std::uint64_t bytes() const { return free_.load(std::memory_order_relaxed); }
  DiskSpace space() const;
  /// Asks the system; blocks. A system that does not answer leaves the figure as it was.
  std::uint64_t refresh();

  /// The reserve's file, in the directory.
  static constexpr const char* kFileName = "RESERVE";

 private:
  std::optional<std::uint64_t> freeNow();
  bool take(std::uint64_t reserve);
  void giveUp();

  const std::string directory_;
  const std::string path_;
  const Ask ask_;
  const std::uint64_t wanted_;
  std::mutex mutex_;
  bool noFiles_ = false;  // guarded by mutex_; the file system cannot give a file its room beforehand
  std::atomic<std::uint64_t> free_{0};
  std::atomic<std::uint64_t> total_{0};
  std::atomic<std::uint64_t> spare_{0};
  std::atomic<std::uint64_t> held_{0};  // of the reserve: all, or nothing while it is given up
};

}  // namespace mydht::disk
