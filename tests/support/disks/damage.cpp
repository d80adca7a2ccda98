#include "tests/support/disks/damage.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <stdexcept>

namespace mydht::support {

namespace fs = boost::filesystem;

std::vector<std::string> filesIn(const std::string& directory, const std::string& ending) {
  std::vector<std::string> files;
  for (const auto& at : fs::recursive_directory_iterator(directory)) {
    if (fs::is_regular_file(at.path()) && at.path().extension() == ending) files.push_back(at.path().string());
  }
  std::ranges::sort(files);
  return files;
}

void flipBit(const std::string& path, std::uint64_t byte) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  const auto at = static_cast<off_t>(byte);
  char content = 0;
  bool done = file >= 0 && ::pread(file, &content, 1, at) == 1;
  content = static_cast<char>(content ^ 4);
  done = done && ::pwrite(file, &content, 1, at) == 1;
  if (file >= 0) ::close(file);
  if (!done) throw std::runtime_error("no byte " + std::to_string(byte) + " to harm in " + path);
}

void flipInTheMiddle(const std::string& path) {
  flipBit(path, fs::file_size(path) / 2);
}

}  // namespace mydht::support
