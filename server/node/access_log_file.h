#pragma once

#include <memory>
#include <string>

#include "server/http/access_log.h"
#include "server/node/log_file.h"
#include "server/ports/clock.h"
#include "server/ports/journal.h"

namespace mydht::node {

/// The access log in a file, a line an answer in Apache's combined format: who answers never waits; lines that do not
/// fit into the queue are lost, and the journal says how many. Owned by Program, outlives the server; any thread.
/// Borrows clock and journal.
class AccessLogFile final : public http::AccessLog {
 public:
  /// Io if the file cannot be opened.
  static Result<std::unique_ptr<AccessLogFile>> open(std::string path, const Clock& clock, Journal& journal);

  void note(const http::Answered& answered) override;
  /// Opens the file again, behind what is queued: it was moved away (SIGHUP).
  void reopen() { file_->reopen(); }

 private:
  AccessLogFile(std::unique_ptr<LogFile> file, const Clock& clock) : file_(std::move(file)), clock_(clock) {}

  const std::unique_ptr<LogFile> file_;
  const Clock& clock_;
};

}  // namespace mydht::node
