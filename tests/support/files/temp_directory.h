#pragma once

#include <unistd.h>

#include <boost/filesystem.hpp>
#include <string>

namespace mydht::support {

/// A new empty directory that goes with its owner, content and all; in memory where the system has such a file system,
/// since what tests prove does not hang on the medium, and its syncs would slow them twentyfold. One thread.
class TempDirectory {
 public:
  TempDirectory() : path_(parent() / boost::filesystem::unique_path("mydht-test-%%%%-%%%%-%%%%")) {
    boost::filesystem::create_directory(path_);
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory() {
    boost::system::error_code ignored;
    boost::filesystem::remove_all(path_, ignored);
  }

  std::string path() const { return path_.string(); }

 private:
  static boost::filesystem::path parent() {
    const bool inMemory = ::access("/dev/shm", W_OK | X_OK) == 0;
    return inMemory ? boost::filesystem::path("/dev/shm") : boost::filesystem::temp_directory_path();
  }

  boost::filesystem::path path_;
};

}  // namespace mydht::support
