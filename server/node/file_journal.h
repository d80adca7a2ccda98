#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/result/result.h"
#include "server/node/log_file.h"
#include "server/ports/clock.h"
#include "server/ports/journal.h"

namespace mydht::node {

/// One line of the journal: `2026-11-20T08:15:04.123Z WARN membership.suspect node=b:50141 for=1.2s`, with its line
/// end. Control bytes become '?', and a line that would be too long is cut, so that one event is one line.
std::string journalLine(std::int64_t wallMicros, Severity severity, std::string_view event, std::string_view fields);

/// The journal in a file or on standard error: who writes never waits. Owned by Program, which outlives everybody who
/// writes; any thread. Borrows the clock.
class FileJournal final : public Journal {
 public:
  /// An empty path: standard error. Io if the file cannot be opened.
  static Result<std::unique_ptr<FileJournal>> open(std::string path, Severity least, const Clock& clock);

  void note(Severity severity, std::string_view event, std::string_view fields) override;
  /// Opens the file again, behind what is queued: it was moved away (SIGHUP).
  void reopen() { file_->reopen(); }

 private:
  FileJournal(std::unique_ptr<LogFile> file, Severity least, const Clock& clock)
      : file_(std::move(file)), least_(least), clock_(clock) {}

  const std::unique_ptr<LogFile> file_;
  const Severity least_;
  const Clock& clock_;
};

}  // namespace mydht::node
