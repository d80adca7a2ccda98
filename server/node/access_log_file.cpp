#include "server/node/access_log_file.h"

#include <fmt/format.h>

#include <utility>

namespace mydht::node {

Result<std::unique_ptr<AccessLogFile>> AccessLogFile::open(std::string path, const Clock& clock, Journal& journal) {
  LogFile::News news;
  news.dropped = [&journal](std::uint64_t lines) {
    journal.note(Severity::Warn, "access-log.dropped", fmt::format("lines={}", lines));
    return std::string();
  };
  news.notOpened = [&journal](const std::string& why) {
    journal.note(Severity::Error, "access-log.reopen", fmt::format("why=\"{}\"", why));
    return std::string();
  };
  auto file = LogFile::open(std::move(path), std::move(news));
  if (!file) return file.error();
  return std::unique_ptr<AccessLogFile>(new AccessLogFile(std::move(*file), clock));
}

void AccessLogFile::note(const http::Answered& answered) {
  file_->add(http::combinedLine(answered, clock_.wallMicros()));
}

}  // namespace mydht::node
