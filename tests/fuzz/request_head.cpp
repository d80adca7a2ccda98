// Fuzzes parseRequestHead. What is accepted must be what the strictest reader could have sent: looked at naively, line
// by line, it has no ambiguity; printed anew it is read as the same; and it makes no difference in which pieces it
// came.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/head.h"

using namespace mydht::http;

namespace {

std::size_t occurrences(std::string_view text, std::string_view piece) {
  std::size_t found = 0;
  for (std::size_t at = text.find(piece); at != std::string_view::npos; at = text.find(piece, at + 1)) ++found;
  return found;
}

/// What any other reader of these bytes may rely on.
void checkUnambiguous(std::string_view text, const RequestHead& head) {
  MYDHT_ASSERT(text.ends_with("\r\n\r\n"));
  MYDHT_ASSERT(text.find('\0') == std::string_view::npos);
  MYDHT_ASSERT(occurrences(text, "\n") == occurrences(text, "\r\n") &&
               occurrences(text, "\r") == occurrences(text, "\r\n"));
  MYDHT_ASSERT(occurrences(text, "\n ") == 0 && occurrences(text, "\n\t") == 0);
  std::string lower;
  for (char c : text) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  const std::size_t lengths = occurrences(lower, "\ncontent-length");
  const std::size_t encodings = occurrences(lower, "\ntransfer-encoding");
  MYDHT_ASSERT(head.headers.count("Content-Length") == (head.contentLength ? 1 : 0));
  MYDHT_ASSERT(head.headers.count("Transfer-Encoding") == (head.chunked ? 1 : 0));
  MYDHT_ASSERT(!(head.contentLength && head.chunked));
  MYDHT_ASSERT(lengths >= (head.contentLength ? 1 : 0) && encodings >= (head.chunked ? 1 : 0));
  MYDHT_ASSERT(head.headers.count("Host") <= 1 && (head.minor == 0 || !head.authority.empty()));
  MYDHT_ASSERT(head.path.starts_with('/') || (head.path == "*" && head.method == Method::Options));
  MYDHT_ASSERT(head.path.find_first_of(" ?#\r\n\t") == std::string_view::npos);
  MYDHT_ASSERT(head.query.find_first_of(" #\r\n\t") == std::string_view::npos);
}

void checkSame(const RequestHead& a, const RequestHead& b) {
  MYDHT_ASSERT(a.methodText == b.methodText && a.method == b.method && a.path == b.path && a.query == b.query);
  MYDHT_ASSERT(a.authority == b.authority && a.minor == b.minor && a.keepAlive == b.keepAlive);
  MYDHT_ASSERT(a.contentLength == b.contentLength && a.chunked == b.chunked && a.expectContinue == b.expectContinue);
  MYDHT_ASSERT(a.headers.size() == b.headers.size());
  for (std::size_t i = 0; i < a.headers.size(); ++i) {
    MYDHT_ASSERT(a.headers[i].name == b.headers[i].name && a.headers[i].value == b.headers[i].value);
  }
}

/// The same request in its plainest spelling.
std::string print(const RequestHead& head, bool absolute) {
  std::string text(head.methodText);
  text += ' ';
  if (absolute) text += "http://" + std::string(head.authority);
  text +=
      std::string(head.path) + "?" + std::string(head.query) + (head.minor == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  for (std::size_t i = 0; i < head.headers.size(); ++i) {
    text += std::string(head.headers[i].name) + ": " + std::string(head.headers[i].value) + "\r\n";
  }
  return text + "\r\n";
}

void checkPieces(std::string_view text, const ParseOutcome& whole) {
  const std::size_t step = text.size() < 300 ? 1 : text.size() / 50;
  for (std::size_t bytes = 0; bytes < text.size(); bytes += step) {
    const std::vector<char> piece(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bytes));
    RequestHead head;
    const ParseOutcome outcome = parseRequestHead({piece.data(), piece.size()}, head);
    if (outcome.state == ParseOutcome::State::NeedMore) continue;
    MYDHT_ASSERT(outcome.state == whole.state && outcome.consumed == whole.consumed);
    MYDHT_ASSERT(outcome.status == whole.status && outcome.reason == whole.reason);
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  RequestHead head;
  const ParseOutcome outcome = parseRequestHead(text, head);
  checkPieces(text, outcome);
  if (outcome.bad()) MYDHT_ASSERT(outcome.status >= 400 && outcome.status <= 505 && !outcome.reason.empty());
  if (!outcome.done()) return 0;
  MYDHT_ASSERT(outcome.consumed <= size);
  checkUnambiguous(text.substr(0, outcome.consumed), head);
  if (head.path == "*") return 0;
  const bool absolute = head.headers.find("Host").value_or("") != head.authority;
  const std::string printed = print(head, absolute);
  if (printed.size() > mydht::limits::kHeadBytes) return 0;
  RequestHead again;
  const ParseOutcome second = parseRequestHead(printed, again);
  MYDHT_ASSERT(second.done() && second.consumed == printed.size());
  checkSame(head, again);
  return 0;
}
