#include "client/hidden_names.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>

#include "client/file_handle.h"
#include "common/result/check.h"

namespace mydht::client {

namespace {

constexpr std::string_view kBegin = ".mydhtclient-";
constexpr std::size_t kDigits = 16;
constexpr std::array kEndingSignals = {SIGINT, SIGTERM, SIGHUP};

/// A file to remove when a signal ends the process. Written by whoever claimed it, before it is armed.
struct Slot {
  std::atomic<bool> claimed = false;
  std::atomic<bool> armed = false;
  int directory = -1;
  char name[kBegin.size() + kDigits + 1] = "";
};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler reads it");

/// As many as there are transfers at once. A handler has nowhere else to look.
std::array<Slot, 64> slots;

/// Only what a handler may call. The signal then does what it would have done, so that a shell sees how we ended.
void removeAndEnd(int signal) {
  for (const Slot& slot : slots) {
    if (slot.armed) ::unlinkat(slot.directory, slot.name, 0);
  }
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

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

int claimSlot() {
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (!slots[i].claimed.exchange(true)) return static_cast<int>(i);
  }
  return -1;
}

/// Whether this directory is another one than that of the last call.
bool isAnotherThanBefore(int directory) {
  static std::mutex mutex;
  static std::pair<dev_t, ino_t> before;
  struct stat found {};
  if (::fstat(directory, &found) != 0) return false;
  const std::lock_guard lock(mutex);
  return std::exchange(before, {found.st_dev, found.st_ino}) != before;
}

void removeIfAbandoned(int directory, const char* name) {
  const FileHandle file(::openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat found {};
  if (!file.isOpen() || ::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) return;
  // Who writes it holds this lock until it has another name or is gone.
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) ::unlinkat(directory, name, 0);
}

}  // namespace

std::string freshHiddenName() {
  std::uint64_t random = 0;
  MYDHT_ASSERT(::getrandom(&random, sizeof random, 0) == static_cast<ssize_t>(sizeof random));
  return fmt::format("{}{:016x}", kBegin, random);
}

bool isHiddenName(std::string_view name) {
  if (name.size() != kBegin.size() + kDigits || !name.starts_with(kBegin)) return false;
  name.remove_prefix(kBegin.size());
  return name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

RemovedBySignal::RemovedBySignal(int directory, std::string_view name) : slot_(claimSlot()) {
  if (slot_ < 0) return;
  static std::once_flag once;
  std::call_once(once, watchSignals);
  Slot& slot = slots[static_cast<std::size_t>(slot_)];
  MYDHT_ASSERT(name.size() < sizeof slot.name);
  slot.directory = directory;
  std::memcpy(slot.name, name.data(), name.size());
  slot.name[name.size()] = '\0';
  slot.armed = true;
}

RemovedBySignal::~RemovedBySignal() {
  if (slot_ < 0) return;
  Slot& slot = slots[static_cast<std::size_t>(slot_)];
  slot.armed = false;
  slot.claimed = false;
}

void removeAbandoned(int directory) {
  if (!isAnotherThanBefore(directory)) return;
  const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return;  // a directory that can be written and not read has nobody to sweep it
  const auto close = [](DIR* stream) { ::closedir(stream); };
  const std::unique_ptr<DIR, decltype(close)> stream(::fdopendir(copy), close);
  MYDHT_ASSERT(stream != nullptr);
  while (const dirent* entry = ::readdir(stream.get())) {
    if (isHiddenName(entry->d_name)) removeIfAbandoned(directory, entry->d_name);
  }
}

}  // namespace mydht::client
