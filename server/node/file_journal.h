#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "common/result/result.h"
#include "server/ports/clock.h"
#include "server/ports/journal.h"

namespace mydht::node {

/// One line of the journal: `2026-11-20T08:15:04.123Z WARN membership.suspect node=b:50141 for=1.2s`, with its line
/// end. Control bytes become '?', and a line that would be too long is cut, so that one event is one line.
std::string journalLine(std::int64_t wallMicros, Severity severity, std::string_view event, std::string_view fields);

/// The journal in a file or on standard error: a bounded queue and one writer thread, so that a full disk or a stuck
/// pipe never holds up a loop. What does not fit into the queue is counted, and told once there is room again. Owned by
/// Program, which outlives everybody who writes; any thread. Borrows the clock.
class FileJournal final : public Journal {
 public:
  /// An empty path: standard error. Io if the file cannot be opened.
  static Result<std::unique_ptr<FileJournal>> open(std::string path, Severity least, const Clock& clock);
  FileJournal(const FileJournal&) = delete;
  FileJournal& operator=(const FileJournal&) = delete;
  /// Writes what is queued, as far as it is taken within a second.
  ~FileJournal();

  void note(Severity severity, std::string_view event, std::string_view fields) override;
  /// Opens the file again, behind what is queued: it was moved away (SIGHUP).
  void reopen();

 private:
  FileJournal(std::string path, int file, Severity least, const Clock& clock);
  void write();
  bool writeLine(const std::string& line);
  void openAgain();

  /// Lines that wait: some 2 MB at most.
  static constexpr std::size_t kMostQueued = 8192;

  const std::string path_;
  const Severity least_;
  const Clock& clock_;
  int file_;  // the writer's own once it runs

  struct Queue {
    std::mutex mutex;
    std::condition_variable filled;
    std::deque<std::string> lines;
    std::uint64_t dropped = 0;
    bool reopen = false;
    bool stopping = false;
  };
  Queue queue_;
  std::thread writer_;
};

}  // namespace mydht::node
