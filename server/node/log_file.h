#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "common/result/result.h"

namespace mydht::node {

/// Lines on their way to a file or to standard error: a bounded queue and one writer thread, so that a full disk or a
/// stuck pipe never holds up a loop. What does not fit into the queue is counted. Owned by the journal or the access
/// log; any thread.
class LogFile {
 public:
  /// What becomes of news about the log itself, on the writer's thread: a line of its own, empty for none.
  struct News {
    std::function<std::string(std::uint64_t lines)> dropped;       ///< so many lines did not fit
    std::function<std::string(const std::string& why)> notOpened;  ///< the file could not be opened again
  };

  /// An empty path: standard error. Io if the file cannot be opened.
  static Result<std::unique_ptr<LogFile>> open(std::string path, News news);
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  /// Writes what is queued, as far as it is taken within a second.
  ~LogFile();

  /// A line with its line end, at most kLineBytes.
  void add(std::string line);
  /// Opens the file again, behind what is queued: it was moved away (SIGHUP).
  void reopen();

  /// A pipe that says it takes something takes at least this much without blocking (PIPE_BUF).
  static constexpr std::size_t kLineBytes = 4096;

 private:
  LogFile(std::string path, int file, News news);
  void write();
  bool writeLines(const std::string& lines);
  void openAgain();

  /// Lines that wait: some 2 MB at most.
  static constexpr std::size_t kMostQueued = 8192;

  const std::string path_;
  const News news_;
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
