#include "server/node/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace mydht::node {
namespace {

/// How long a log that is to stop waits for whoever reads it.
constexpr auto kLastPatience = std::chrono::seconds(1);

int openFile(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

}  // namespace

Result<std::unique_ptr<LogFile>> LogFile::open(std::string path, News news) {
  int file = STDERR_FILENO;
  if (!path.empty()) {
    file = openFile(path);
    if (file < 0) {
      return Error{Kind::Io,
                   fmt::format("cannot write the log file {}: {}", path, std::generic_category().message(errno))};
    }
  }
  return std::unique_ptr<LogFile>(new LogFile(std::move(path), file, std::move(news)));
}

LogFile::LogFile(std::string path, int file, News news)
    : path_(std::move(path)), news_(std::move(news)), file_(file), writer_([this] { write(); }) {}

LogFile::~LogFile() {
  {
    const std::lock_guard lock(queue_.mutex);
    queue_.stopping = true;
  }
  queue_.filled.notify_one();
  writer_.join();
  if (!path_.empty()) ::close(file_);
}

void LogFile::add(std::string line) {
  {
    const std::lock_guard lock(queue_.mutex);
    if (queue_.lines.size() >= kMostQueued) {
      ++queue_.dropped;
      return;
    }
    queue_.lines.push_back(std::move(line));
    if (queue_.lines.size() > 1) return;  // the writer was woken for the first one
  }
  queue_.filled.notify_one();
}

void LogFile::reopen() {
  if (path_.empty()) return;
  {
    const std::lock_guard lock(queue_.mutex);
    queue_.reopen = true;
  }
  queue_.filled.notify_one();
}

/// The writer thread.
void LogFile::write() {
  std::unique_lock lock(queue_.mutex);
  while (true) {
    while (queue_.lines.empty() && !queue_.stopping && !queue_.reopen) queue_.filled.wait(lock);
    const auto lines = std::exchange(queue_.lines, {});
    const std::uint64_t dropped = std::exchange(queue_.dropped, 0);
    const bool again = std::exchange(queue_.reopen, false);
    const bool last = queue_.stopping;
    lock.unlock();
    bool taken = true;
    std::string together;
    for (const std::string& line : lines) {
      if (together.size() + line.size() > kLineBytes) taken = taken && writeLines(std::exchange(together, {}));
      together += line;
    }
    if (!together.empty()) taken = taken && writeLines(together);
    if (dropped > 0) writeLines(news_.dropped(dropped));
    if (again) openAgain();
    lock.lock();
    if (last && queue_.lines.empty()) return;
  }
}

/// At most kLineBytes. Waits for room as long as it takes, but for a second only once the log is to stop. A file that
/// cannot be written loses its lines: there is nowhere else to tell.
bool LogFile::writeLines(const std::string& lines) {
  if (lines.empty()) return true;
  const auto ready = [this](int milliseconds) {
    pollfd waiting{file_, POLLOUT, 0};
    return ::poll(&waiting, 1, milliseconds) > 0;
  };
  constexpr auto kStep = std::chrono::milliseconds(100);
  auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(kLastPatience);
  while (!ready(static_cast<int>(kStep.count()))) {
    const std::lock_guard lock(queue_.mutex);
    if (queue_.stopping) patience -= kStep;
    if (patience.count() <= 0) return false;
  }
  return ::write(file_, lines.data(), lines.size()) == static_cast<ssize_t>(lines.size());
}

void LogFile::openAgain() {
  const int fresh = openFile(path_);
  if (fresh < 0) {
    writeLines(news_.notOpened(std::generic_category().message(errno)));
    return;
  }
  ::close(std::exchange(file_, fresh));
}

}  // namespace mydht::node
