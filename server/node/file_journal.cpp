#include "server/node/file_journal.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <utility>

namespace mydht::node {

std::string journalLine(std::int64_t wallMicros, Severity severity, std::string_view event, std::string_view fields) {
  const std::time_t seconds = wallMicros / 1'000'000;
  std::string line = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z {} {}", fmt::gmtime(seconds),
                                 wallMicros % 1'000'000 / 1000, severityName(severity), event);
  if (!fields.empty()) line += fmt::format(" {}", fields);
  if (line.size() >= LogFile::kLineBytes) line.resize(LogFile::kLineBytes - 1);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return line + '\n';
}

Result<std::unique_ptr<FileJournal>> FileJournal::open(std::string path, Severity least, const Clock& clock) {
  LogFile::News news;
  news.dropped = [&clock](std::uint64_t lines) {
    return journalLine(clock.wallMicros(), Severity::Warn, "journal.dropped", fmt::format("lines={}", lines));
  };
  news.notOpened = [&clock](const std::string& why) {
    return journalLine(clock.wallMicros(), Severity::Error, "journal.reopen", fmt::format("why=\"{}\"", why));
  };
  auto file = LogFile::open(std::move(path), std::move(news));
  if (!file) return file.error();
  return std::unique_ptr<FileJournal>(new FileJournal(std::move(*file), least, clock));
}

void FileJournal::note(Severity severity, std::string_view event, std::string_view fields) {
  if (severity >= least_) file_->add(journalLine(clock_.wallMicros(), severity, event, fields));
}

}  // namespace mydht::node
