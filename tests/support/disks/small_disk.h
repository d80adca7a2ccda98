#pragma once

#include <cstdint>
#include <string>

namespace mydht::support {

/// A small file system in memory that a test can fill up: mounted at a directory for this process, and those that it
/// starts, alone. Owned by the test; goes before the directory that it is mounted in. One thread.
class SmallDisk {
 public:
  /// Gives this process mounts of its own, before any thread is started; false: not allowed here, since only root may.
  static bool possible();

  /// Makes the directory if need be. Throws if it cannot be mounted.
  SmallDisk(std::string path, std::uint64_t mib);
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  /// Away at once, even while a process uses it.
  ~SmallDisk();

  /// From now on somebody else's file takes all the room that there is at this moment.
  void fillUp() const;
  /// That file is gone.
  void makeRoom() const;

 private:
  std::string ballastPath() const;

  std::string path_;
};

}  // namespace mydht::support
