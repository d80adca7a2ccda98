#include "server/http/access_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace mydht::http {
namespace {

/// Of the request's line and of each header: two of each and the rest fit a pipe's atomic write.
constexpr std::size_t kMostShown = 1000;

void addEscaped(std::string& line, std::string_view text) {
  std::size_t most = line.size() + kMostShown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (line.size() >= most) break;
    if (c == '"' || c == '\\') {
      line += {'\\', c};
    } else if (byte < 0x20 || byte >= 0x7f) {
      line += fmt::format("\\x{:02x}", byte);
    } else {
      line += c;
    }
  }
}

void addQuoted(std::string& line, std::optional<std::string_view> text) {
  line += '"';
  addEscaped(line, text.value_or("-"));
  line += '"';
}

void addRequest(std::string& line, const RequestHead& head) {
  std::string request = fmt::format("{} {}", head.methodText, head.path);
  if (!head.query.empty()) request += fmt::format("?{}", head.query);
  line += '"';
  addEscaped(line, request);
  line += fmt::format(" HTTP/1.{}\"", head.minor);
}

}  // namespace

std::string combinedLine(const Answered& answered, std::int64_t wallMicros) {
  const std::time_t seconds = wallMicros / 1'000'000;
  std::string line = fmt::format("{} - - [{:%d/%b/%Y:%H:%M:%S} +0000] ", answered.remote.address, fmt::gmtime(seconds));
  const RequestHead* const head = answered.head;
  if (head != nullptr) {
    addRequest(line, *head);
  } else {
    addQuoted(line, std::nullopt);
  }
  const bool shown = answered.bodyBytes && *answered.bodyBytes > 0;
  line += fmt::format(" {} {} ", answered.status, shown ? std::to_string(*answered.bodyBytes) : "-");
  addQuoted(line, head == nullptr ? std::nullopt : head->headers.find("Referer"));
  line += ' ';
  addQuoted(line, head == nullptr ? std::nullopt : head->headers.find("User-Agent"));
  return line + '\n';
}

}  // namespace mydht::http
