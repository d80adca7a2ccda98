// Else the names of calls below would stand for others.
#undef _FILE_OFFSET_BITS

#include "tests/unit/server/store_power_cut/recording.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <boost/filesystem.hpp>
#include <cstdarg>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace mydht {
namespace {

namespace fs = boost::filesystem;
using Kind = DiskEvent::Kind;

struct Recording {
  std::mutex mutex;
  std::string begin;  // the directory and a slash
  std::set<ino_t> nodes;
  std::vector<DiskEvent> events;
};

// Calls come before main() and after it, too.
std::atomic<bool> isRecording{false};

Recording& recording() {
  static Recording* const only = new Recording;
  return *only;
}

template <class Call>
Call realCall(Call, const char* name) {
  return reinterpret_cast<Call>(::dlsym(RTLD_NEXT, name));
}

/// The path below the recorded directory; empty: it is none. With the recording locked.
std::string below(const char* path) {
  const std::string& begin = recording().begin;
  const std::string_view whole(path);
  return whole.size() > begin.size() && whole.starts_with(begin) ? std::string(whole.substr(begin.size()))
                                                                 : std::string();
}

ino_t nodeAt(const char* path) {
  struct stat state {};
  return ::lstat(path, &state) == 0 ? state.st_ino : 0;
}

/// The recorded file or directory behind a descriptor; 0: it is none. With the recording locked.
ino_t nodeOf(int descriptor) {
  struct stat state {};
  const bool isOne = ::fstat(descriptor, &state) == 0 && (S_ISREG(state.st_mode) || S_ISDIR(state.st_mode));
  return isOne && recording().nodes.contains(state.st_ino) ? state.st_ino : 0;
}

void note(DiskEvent event) {
  recording().events.push_back(std::move(event));
}

void noteMade(Kind kind, ino_t node, std::string path) {
  if (node != 0 && recording().nodes.insert(node).second) note({kind, node, std::move(path)});
}

void noteOpened(int descriptor, const char* path, int flags) {
  struct stat state {};
  const std::string name = below(path);
  if (name.empty() || ::fstat(descriptor, &state) != 0 || !S_ISREG(state.st_mode)) return;
  noteMade(Kind::MakeFile, state.st_ino, name);
  if ((flags & O_TRUNC) != 0) note({.kind = Kind::Resize, .node = state.st_ino});
}

int openWith(int (*real)(const char*, int, ...), const char* path, int flags, mode_t mode) {
  if (!isRecording) return real(path, flags, mode);
  const std::lock_guard lock(recording().mutex);
  const int descriptor = real(path, flags, mode);
  if (descriptor >= 0) noteOpened(descriptor, path, flags);
  return descriptor;
}

/// `at`: where it is written; negative: where the descriptor stands.
template <class Write>
ssize_t writeWith(Write real, int descriptor, const void* bytes, off_t at) {
  if (!isRecording) return real();
  const std::lock_guard lock(recording().mutex);
  const ino_t node = nodeOf(descriptor);
  if (node != 0 && at < 0) {
    const bool appends = (::fcntl(descriptor, F_GETFL) & O_APPEND) != 0;
    struct stat state {};
    at = appends && ::fstat(descriptor, &state) == 0 ? state.st_size : ::lseek(descriptor, 0, SEEK_CUR);
  }
  const ssize_t put = real();
  if (node != 0 && put > 0) {
    note({.kind = Kind::Write,
          .node = node,
          .bytes = std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(put)),
          .number = static_cast<std::uint64_t>(at)});
  }
  return put;
}

int resizeWith(int (*real)(int, off_t), int descriptor, off_t size) {
  if (!isRecording) return real(descriptor, size);
  const std::lock_guard lock(recording().mutex);
  const int result = real(descriptor, size);
  const ino_t node = nodeOf(descriptor);
  if (result == 0 && node != 0) {
    note({.kind = Kind::Resize, .node = node, .number = static_cast<std::uint64_t>(size)});
  }
  return result;
}

int syncWith(int (*real)(int), int descriptor) {
  ino_t node = 0;
  if (isRecording) {
    const std::lock_guard lock(recording().mutex);
    node = nodeOf(descriptor);
    if (node != 0) note({.kind = Kind::SyncBegins, .node = node});
  }
  const int result = real(descriptor);
  if (node != 0 && result == 0) {
    const std::lock_guard lock(recording().mutex);
    note({.kind = Kind::Sync, .node = node});
  }
  return result;
}

int removeWith(int (*real)(const char*), const char* path) {
  if (!isRecording) return real(path);
  const std::lock_guard lock(recording().mutex);
  const ino_t node = nodeAt(path);
  const int result = real(path);
  const std::string name = below(path);
  if (result == 0 && !name.empty() && recording().nodes.erase(node) > 0) {
    note({.kind = Kind::Remove, .node = node, .path = name});
  }
  return result;
}

std::string contentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// What is there already, as if it were made and synced now.
void noteTree(const std::string& directory) {
  for (const auto& at : fs::directory_iterator(directory)) {
    const std::string path = at.path().string();
    const ino_t node = nodeAt(path.c_str());
    if (fs::is_directory(at.path())) {
      noteMade(Kind::MakeDirectory, node, below(path.c_str()));
      noteTree(path);
    } else {
      noteMade(Kind::MakeFile, node, below(path.c_str()));
      note({.kind = Kind::Write, .node = node, .bytes = contentOf(path)});
    }
    note({.kind = Kind::SyncBegins, .node = node});
    note({.kind = Kind::Sync, .node = node});
  }
}

}  // namespace

std::size_t startRecording(const std::string& directory) {
  Recording& now = recording();
  const std::lock_guard lock(now.mutex);
  now.begin = directory + "/";
  now.nodes.clear();
  now.events.clear();
  const ino_t root = nodeAt(directory.c_str());
  noteMade(Kind::MakeDirectory, root, "");
  noteTree(directory);
  note({.kind = Kind::SyncBegins, .node = root});
  note({.kind = Kind::Sync, .node = root});
  isRecording = true;
  return now.events.size();
}

std::vector<DiskEvent> stopRecording() {
  isRecording = false;
  const std::lock_guard lock(recording().mutex);
  return std::exchange(recording().events, {});
}

void recordMark(std::uint64_t number) {
  const std::lock_guard lock(recording().mutex);
  if (isRecording) note({.kind = Kind::Mark, .number = number});
}

}  // namespace mydht

// The names of the system's own calls, before which these are found.
extern "C" {

int open(const char* path, int flags, ...) {
  static const auto real = mydht::realCall(&::open, "open");
  std::va_list more;
  va_start(more, flags);
  const auto mode = static_cast<mode_t>(va_arg(more, int));
  va_end(more);
  return mydht::openWith(real, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  static const auto real = mydht::realCall(&::open, "open64");
  std::va_list more;
  va_start(more, flags);
  const auto mode = static_cast<mode_t>(va_arg(more, int));
  va_end(more);
  return mydht::openWith(real, path, flags, mode);
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  static const auto real = mydht::realCall(&::write, "write");
  return mydht::writeWith([&] { return real(descriptor, bytes, size); }, descriptor, bytes, -1);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t at) {
  static const auto real = mydht::realCall(&::pwrite, "pwrite");
  return mydht::writeWith([&] { return real(descriptor, bytes, size, at); }, descriptor, bytes, at);
}

int ftruncate(int descriptor, off_t size) noexcept {
  static const auto real = reinterpret_cast<int (*)(int, off_t)>(::dlsym(RTLD_NEXT, "ftruncate"));
  return mydht::resizeWith(real, descriptor, size);
}

int mkdir(const char* path, mode_t mode) noexcept {
  static const auto real = reinterpret_cast<int (*)(const char*, mode_t)>(::dlsym(RTLD_NEXT, "mkdir"));
  if (!mydht::isRecording) return real(path, mode);
  const std::lock_guard lock(mydht::recording().mutex);
  const int result = real(path, mode);
  if (result == 0 && !mydht::below(path).empty()) {
    mydht::noteMade(mydht::Kind::MakeDirectory, mydht::nodeAt(path), mydht::below(path));
  }
  return result;
}

int rename(const char* from, const char* to) noexcept {
  static const auto real = reinterpret_cast<int (*)(const char*, const char*)>(::dlsym(RTLD_NEXT, "rename"));
  if (!mydht::isRecording) return real(from, to);
  const std::lock_guard lock(mydht::recording().mutex);
  const ino_t node = mydht::nodeAt(from);
  const int result = real(from, to);
  if (result == 0 && mydht::recording().nodes.contains(node)) {
    mydht::note({.kind = mydht::Kind::Rename, .node = node, .path = mydht::below(from), .target = mydht::below(to)});
  }
  return result;
}

int unlink(const char* path) noexcept {
  static const auto real = reinterpret_cast<int (*)(const char*)>(::dlsym(RTLD_NEXT, "unlink"));
  return mydht::removeWith(real, path);
}

int rmdir(const char* path) noexcept {
  static const auto real = reinterpret_cast<int (*)(const char*)>(::dlsym(RTLD_NEXT, "rmdir"));
  return mydht::removeWith(real, path);
}

int fsync(int descriptor) {
  static const auto real = mydht::realCall(&::fsync, "fsync");
  return mydht::syncWith(real, descriptor);
}

int fdatasync(int descriptor) {
  static const auto real = mydht::realCall(&::fdatasync, "fdatasync");
  return mydht::syncWith(real, descriptor);
}

/// Promises nothing, but the power may go there.
int sync_file_range(int descriptor, off_t at, off_t length, unsigned flags) {
  static const auto real = mydht::realCall(&::sync_file_range, "sync_file_range");
  if (mydht::isRecording) {
    const std::lock_guard lock(mydht::recording().mutex);
    const ino_t node = mydht::nodeOf(descriptor);
    if (node != 0) mydht::note({.kind = mydht::Kind::Flush, .node = node});
  }
  return real(descriptor, at, length, flags);
}
}
