#include "client/temporary_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "common/result/check.h"

namespace mydht::client {

namespace {

constexpr std::array kEndingSignals = {SIGINT, SIGTERM, SIGHUP};

/// The file to remove when a signal ends the process, "" if there is none. A handler has nowhere else to look.
char removedBySignal[PATH_MAX] = "";

/// Only what a handler may call. The signal then does what it would have done, so that a shell sees how we ended.
void removeAndEnd(int signal) {
  if (removedBySignal[0] != '\0') ::unlink(removedBySignal);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

/// Keeps the ending signals waiting while the file and its name in removedBySignal do not agree.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t held;
    sigemptyset(&held);
    for (const int signal : kEndingSignals) sigaddset(&held, signal);
    MYDHT_ASSERT(::pthread_sigmask(SIG_BLOCK, &held, &before_) == 0);
  }
  ~SignalsHeld() { MYDHT_ASSERT(::pthread_sigmask(SIG_SETMASK, &before_, nullptr) == 0); }

 private:
  sigset_t before_{};
};

void watchSignals() {
  for (const int signal : kEndingSignals) {
    struct sigaction before {};
    MYDHT_ASSERT(::sigaction(signal, nullptr, &before) == 0);
    if (before.sa_handler == SIG_IGN) continue;  // under nohup it stays ignored
    struct sigaction action {};
    action.sa_handler = removeAndEnd;
    MYDHT_ASSERT(::sigaction(signal, &action, nullptr) == 0);
  }
}

Error reason(int code) {
  return {code == ENOSPC || code == EDQUOT ? Kind::NoSpace : Kind::Io, std::generic_category().message(code)};
}

std::string followLinks(const std::string& name) {
  char resolved[PATH_MAX];
  return ::realpath(name.c_str(), resolved) != nullptr ? std::string(resolved) : name;
}

std::string directoryOf(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : name.substr(0, slash);
}

std::string unusedName(const std::string& directory) {
  std::uint64_t random = 0;
  MYDHT_ASSERT(::getrandom(&random, sizeof random, 0) == static_cast<ssize_t>(sizeof random));
  return fmt::format("{}/.mydhtclient-{:016x}", directory, random);
}

Status syncDirectory(const std::string& directory) {
  const FileHandle handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle.isOpen() || ::fsync(handle.get()) != 0) return reason(errno);
  return {};
}

}  // namespace

Result<std::unique_ptr<TemporaryFile>> TemporaryFile::beside(const std::string& target, mode_t mode) {
  const std::string place = followLinks(target);
  const std::string directory = directoryOf(place);
  const std::string name = unusedName(directory);
  if (name.size() >= sizeof removedBySignal) return reason(ENAMETOOLONG);
  MYDHT_ASSERT(removedBySignal[0] == '\0');

  std::unique_ptr<TemporaryFile> made(new TemporaryFile(place, directory, name));
  const SignalsHeld held;
  made->file_ = FileHandle(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!made->file_.isOpen()) {
    const int code = errno;
    made->name_.clear();
    return reason(code);
  }
  std::memcpy(removedBySignal, name.c_str(), name.size() + 1);
  watchSignals();
  return made;
}

TemporaryFile::~TemporaryFile() {
  if (name_.empty()) return;
  const SignalsHeld held;
  // There is nobody to tell: the error that brought us here is what the user hears.
  ::unlink(name_.c_str());
  removedBySignal[0] = '\0';
}

Status TemporaryFile::publish() {
  if (::fsync(file_.get()) != 0) return reason(errno);
  {
    const SignalsHeld held;
    if (::rename(name_.c_str(), target_.c_str()) != 0) return reason(errno);
    name_.clear();
    removedBySignal[0] = '\0';
  }
  return syncDirectory(directory_);
}

}  // namespace mydht::client
