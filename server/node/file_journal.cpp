#include "server/node/file_journal.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace mydht::node {
namespace {

/// A pipe that says it takes something takes at least this much without blocking (PIPE_BUF).
constexpr std::size_t kLineBytes = 4096;
/// How long a stopping journal waits for whoever reads it.
constexpr auto kLastPatience = std::chrono::seconds(1);

int openFile(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

}  // namespace

std::string journalLine(std::int64_t wallMicros, Severity severity, std::string_view event, std::string_view fields) {
  const std::time_t seconds = wallMicros / 1'000'000;
  std::string line = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z {} {}", fmt::gmtime(seconds),
                                 wallMicros % 1'000'000 / 1000, severityName(severity), event);
  if (!fields.empty()) line += fmt::format(" {}", fields);
  if (line.size() >= kLineBytes) line.resize(kLineBytes - 1);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return line + '\n';
}

Result<std::unique_ptr<FileJournal>> FileJournal::open(std::string path, Severity least, const Clock& clock) {
  int file = STDERR_FILENO;
  if (!path.empty()) {
    file = openFile(path);
    if (file < 0) {
      return Error{Kind::Io,
                   fmt::format("cannot write the log file {}: {}", path, std::generic_category().message(errno))};
    }
  }
  return std::unique_ptr<FileJournal>(new FileJournal(std::move(path), file, least, clock));
}

FileJournal::FileJournal(std::string path, int file, Severity least, const Clock& clock)
    : path_(std::move(path)), least_(least), clock_(clock), file_(file), writer_([this] { write(); }) {}

FileJournal::~FileJournal() {
  {
    const std::lock_guard lock(queue_.mutex);
    queue_.stopping = true;
  }
  queue_.filled.notify_one();
  writer_.join();
  if (!path_.empty()) ::close(file_);
}

void FileJournal::note(Severity severity, std::string_view event, std::string_view fields) {
  if (severity < least_) return;
  std::string line = journalLine(clock_.wallMicros(), severity, event, fields);
  {
    const std::lock_guard lock(queue_.mutex);
    if (queue_.lines.size() >= kMostQueued) {
      ++queue_.dropped;
      return;
    }
    queue_.lines.push_back(std::move(line));
  }
  queue_.filled.notify_one();
}

void FileJournal::reopen() {
  if (path_.empty()) return;
  {
    const std::lock_guard lock(queue_.mutex);
    queue_.reopen = true;
  }
  queue_.filled.notify_one();
}

/// The writer thread.
void FileJournal::write() {
  std::unique_lock lock(queue_.mutex);
  while (true) {
    while (queue_.lines.empty() && !queue_.stopping && !queue_.reopen) queue_.filled.wait(lock);
    const auto lines = std::exchange(queue_.lines, {});
    const std::uint64_t dropped = std::exchange(queue_.dropped, 0);
    const bool again = std::exchange(queue_.reopen, false);
    const bool last = queue_.stopping;
    lock.unlock();
    bool taken = true;
    for (const std::string& line : lines) taken = taken && writeLine(line);
    if (dropped > 0) {
      writeLine(journalLine(clock_.wallMicros(), Severity::Warn, "journal.dropped", fmt::format("lines={}", dropped)));
    }
    if (again) openAgain();
    lock.lock();
    if (last && queue_.lines.empty()) return;
  }
}

/// Waits for room as long as it takes, but for a second only once the journal is to stop. A file that cannot be
/// written loses its lines: there is nowhere else to tell.
bool FileJournal::writeLine(const std::string& line) {
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
  return ::write(file_, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

void FileJournal::openAgain() {
  const int fresh = openFile(path_);
  if (fresh < 0) {
    const std::string why = std::generic_category().message(errno);
    writeLine(journalLine(clock_.wallMicros(), Severity::Error, "journal.reopen", fmt::format("why=\"{}\"", why)));
    return;
  }
  ::close(std::exchange(file_, fresh));
}

}  // namespace mydht::node
