#include "client/temporary_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "common/result/check.h"

namespace mydht::client {

namespace {

/// Another process may sweep a hidden file away before it is locked: then there is a next one. That this happens again
/// and again has another reason.
constexpr int kTries = 8;

Error reason(int code) {
  return {code == ENOSPC || code == EDQUOT ? Kind::NoSpace : Kind::Io, std::generic_category().message(code)};
}

/// The only way to name a nameless file without privileges.
std::string pathOf(const FileHandle& file) {
  return fmt::format("/proc/self/fd/{}", file.get());
}

/// Locks a file that has a hidden name; whether it still has it.
bool keepsItsName(const FileHandle& file) {
  // Where there are no locks a sweep gets none either, and leaves the file alone.
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
  struct stat found {};
  return ::fstat(file.get(), &found) == 0 && found.st_nlink > 0;
}

}  // namespace

Result<std::unique_ptr<TemporaryFile>> TemporaryFile::in(FileHandle directory, std::string name, mode_t mode) {
  std::unique_ptr<TemporaryFile> made(new TemporaryFile(std::move(directory), std::move(name)));
  if (made->openNameless(mode)) return made;
  if (const Status opened = made->openHidden(mode); !opened) return opened.error();
  return made;
}

Result<std::unique_ptr<TemporaryFile>> TemporaryFile::hiddenIn(FileHandle directory, std::string name, mode_t mode) {
  std::unique_ptr<TemporaryFile> made(new TemporaryFile(std::move(directory), std::move(name)));
  if (const Status opened = made->openHidden(mode); !opened) return opened.error();
  return made;
}

TemporaryFile::~TemporaryFile() {
  // There is nobody to tell: the error that brought us here is what the user hears.
  if (!hidden_.empty()) ::unlinkat(directory_.get(), hidden_.c_str(), 0);
}

/// Where this fails for a reason of the directory, the hidden name will fail for the same, and say so.
bool TemporaryFile::openNameless(mode_t mode) {
  file_ = FileHandle(::openat(directory_.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode));
  return file_.isOpen() && ::access(pathOf(file_).c_str(), F_OK) == 0;
}

Status TemporaryFile::openHidden(mode_t mode) {
  removeAbandoned(directory_.get());
  for (int tries = 0; tries < kTries; ++tries) {
    hidden_ = freshHiddenName();
    removed_.emplace(directory_.get(), hidden_);
    file_ = FileHandle(::openat(directory_.get(), hidden_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!file_.isOpen()) {
      const int code = errno;
      hidden_.clear();
      return reason(code);
    }
    if (keepsItsName(file_)) return {};
  }
  return reason(EBUSY);
}

Status TemporaryFile::publish() {
  if (::fsync(file_.get()) != 0) return reason(errno);
  if (const Status given = giveName(); !given) return given;
  if (::fsync(directory_.get()) != 0) return reason(errno);
  return {};
}

Status TemporaryFile::giveName() {
  if (!hidden_.empty()) return renameHidden();
  const std::string path = pathOf(file_);
  if (::linkat(AT_FDCWD, path.c_str(), directory_.get(), target_.c_str(), AT_SYMLINK_FOLLOW) == 0) return {};
  if (errno != EEXIST) return reason(errno);
  // Only a rename takes the place of an older file, and it needs a name to begin with.
  if (const Status linked = linkHidden(); !linked) return linked;
  return renameHidden();
}

Status TemporaryFile::linkHidden() {
  removeAbandoned(directory_.get());
  hidden_ = freshHiddenName();
  removed_.emplace(directory_.get(), hidden_);
  static_cast<void>(::flock(file_.get(), LOCK_EX | LOCK_NB));  // nobody else can know it
  const std::string path = pathOf(file_);
  if (::linkat(AT_FDCWD, path.c_str(), directory_.get(), hidden_.c_str(), AT_SYMLINK_FOLLOW) == 0) return {};
  const int code = errno;
  hidden_.clear();
  return reason(code);
}

Status TemporaryFile::renameHidden() {
  if (::renameat(directory_.get(), hidden_.c_str(), directory_.get(), target_.c_str()) != 0) return reason(errno);
  hidden_.clear();
  removed_.reset();
  return {};
}

}  // namespace mydht::client
