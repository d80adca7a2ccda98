#include "tests/unit/server/disk_power_cut/synced_shadow.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem.hpp>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>

#include "common/result/check.h"

namespace mydht {
namespace {

namespace fs = boost::filesystem;

struct Named {
  ino_t inode;
  bool isDirectory;
};
using Names = std::map<std::string, Named>;

/// What has been synced, by inode, since names change.
struct Shadow {
  std::mutex mutex;
  std::string directory;
  bool ignoring = false;
  std::string failing;  // the end of names whose syncs fail
  std::map<ino_t, std::string> files;
  std::map<ino_t, Names> directories;
};

Shadow& shadow() {
  static Shadow* const only = new Shadow;  // outlives every thread that syncs
  return *only;
}

ino_t inodeOf(const std::string& path) {
  struct stat state {};
  return ::lstat(path.c_str(), &state) == 0 ? state.st_ino : 0;
}

Names namesIn(const std::string& path) {
  Names names;
  boost::system::error_code error;
  for (fs::directory_iterator at(path, error); !error && at != fs::directory_iterator(); at.increment(error)) {
    struct stat state {};
    if (::lstat(at->path().c_str(), &state) != 0) continue;  // removed meanwhile
    names[at->path().filename().string()] = {state.st_ino, S_ISDIR(state.st_mode)};
  }
  return names;
}

/// The bytes behind an open descriptor, even when its name is gone or it is open for writing alone.
std::string bytesOf(int descriptor) {
  std::ifstream file("/proc/self/fd/" + std::to_string(descriptor), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The path behind a descriptor; empty when it is not in the watched directory.
std::string watchedPath(const Shadow& synced, int descriptor) {
  boost::system::error_code error;
  const std::string path = fs::read_symlink("/proc/self/fd/" + std::to_string(descriptor), error).string();
  return !synced.directory.empty() && path.starts_with(synced.directory) ? path : std::string();
}

void note(int descriptor) {
  Shadow& synced = shadow();
  const std::lock_guard lock(synced.mutex);
  const std::string path = watchedPath(synced, descriptor);
  if (synced.ignoring || path.empty()) return;
  struct stat state {};
  MYDHT_ASSERT(::fstat(descriptor, &state) == 0);
  if (S_ISDIR(state.st_mode)) {
    synced.directories[state.st_ino] = namesIn(path);
  } else {
    synced.files[state.st_ino] = bytesOf(descriptor);
  }
}

bool mustFail(int descriptor) {
  Shadow& synced = shadow();
  const std::lock_guard lock(synced.mutex);
  if (synced.failing.empty()) return false;
  return watchedPath(synced, descriptor).ends_with(synced.failing);
}

int syncWith(int (*real)(int), int descriptor) {
  if (mustFail(descriptor)) {
    errno = EIO;
    return -1;
  }
  const int result = real(descriptor);
  if (result == 0) note(descriptor);
  return result;
}

void restore(const Shadow& synced, ino_t directory, const fs::path& target) {
  const auto names = synced.directories.find(directory);
  if (names == synced.directories.end()) return;
  for (const auto& [name, named] : names->second) {
    if (named.isDirectory) {
      fs::create_directory(target / name);
      restore(synced, named.inode, target / name);
    } else {
      const auto file = synced.files.find(named.inode);  // none: a name that was synced without its content
      std::ofstream out((target / name).string(), std::ios::binary);
      if (file != synced.files.end()) out << file->second;
    }
  }
}

}  // namespace

void watchSyncs(const std::string& directory) {
  Shadow& synced = shadow();
  const std::lock_guard lock(synced.mutex);
  synced.directory = directory;
  synced.ignoring = false;
  synced.failing.clear();
  synced.files.clear();
  synced.directories.clear();
  synced.directories[inodeOf(directory)] = namesIn(directory);
}

void restoreSynced(const std::string& target) {
  const Shadow& synced = shadow();
  const std::lock_guard lock(shadow().mutex);
  restore(synced, inodeOf(synced.directory), target);
}

void ignoreSyncs(bool ignore) {
  const std::lock_guard lock(shadow().mutex);
  shadow().ignoring = ignore;
}

void failSyncsOf(const std::string& nameEnd) {
  const std::lock_guard lock(shadow().mutex);
  shadow().failing = nameEnd;
}

}  // namespace mydht

extern "C" {

int fsync(int descriptor) {
  static const auto real = reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, "fsync"));
  return mydht::syncWith(real, descriptor);
}

int fdatasync(int descriptor) {
  static const auto real = reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, "fdatasync"));
  return mydht::syncWith(real, descriptor);
}
}
