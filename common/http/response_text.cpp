#include "common/http/response_text.h"

#include <algorithm>
#include <charconv>

#include "common/http/characters.h"
#include "common/http/scan.h"
#include "common/result/check.h"

namespace mydht::http {

namespace {

struct NamedStatus {
  int status;
  std::string_view phrase;
};

constexpr NamedStatus kStatuses[] = {{100, "Continue"},
                                     {101, "Switching Protocols"},
                                     {200, "OK"},
                                     {201, "Created"},
                                     {202, "Accepted"},
                                     {204, "No Content"},
                                     {206, "Partial Content"},
                                     {301, "Moved Permanently"},
                                     {302, "Found"},
                                     {303, "See Other"},
                                     {304, "Not Modified"},
                                     {307, "Temporary Redirect"},
                                     {308, "Permanent Redirect"},
                                     {400, "Bad Request"},
                                     {401, "Unauthorized"},
                                     {403, "Forbidden"},
                                     {404, "Not Found"},
                                     {405, "Method Not Allowed"},
                                     {406, "Not Acceptable"},
                                     {408, "Request Timeout"},
                                     {409, "Conflict"},
                                     {410, "Gone"},
                                     {411, "Length Required"},
                                     {412, "Precondition Failed"},
                                     {413, "Content Too Large"},
                                     {414, "URI Too Long"},
                                     {415, "Unsupported Media Type"},
                                     {416, "Range Not Satisfiable"},
                                     {417, "Expectation Failed"},
                                     {421, "Misdirected Request"},
                                     {426, "Upgrade Required"},
                                     {428, "Precondition Required"},
                                     {429, "Too Many Requests"},
                                     {431, "Request Header Fields Too Large"},
                                     {500, "Internal Server Error"},
                                     {501, "Not Implemented"},
                                     {502, "Bad Gateway"},
                                     {503, "Service Unavailable"},
                                     {504, "Gateway Timeout"},
                                     {505, "HTTP Version Not Supported"},
                                     {507, "Insufficient Storage"}};

/// One head of usual size fits, so that a connection's first answer grows the room once.
constexpr std::size_t kFirstRoom = 512;

constexpr std::string_view kSeparator = ": ";
constexpr std::string_view kLineEnd = "\r\n";

char* copyTo(char* at, std::string_view text) {
  return at + text.copy(at, text.size());
}

/// Copies with blanks in place of control bytes.
char* copyField(char* at, std::string_view text) {
  const char* const end = copyTo(at, text);
  for (const char* bad = characters::findControl(at, end); bad != end; bad = characters::findControl(bad, end)) {
    at[bad - at] = ' ';
  }
  return at + text.size();
}

}  // namespace

std::string_view reasonPhrase(int status) {
  for (const NamedStatus& named : kStatuses) {
    if (named.status == status) return named.phrase;
  }
  return "Unknown";
}

void HeadText::startResponse(int status) {
  MYDHT_ASSERT(status >= 100 && status <= 599);
  if (status == 200) return put("HTTP/1.1 200 OK\r\n");
  const std::string_view phrase = reasonPhrase(status);
  char* at = copyTo(makeRoom(15 + phrase.size()), "HTTP/1.1 ");
  *at++ = static_cast<char>('0' + status / 100);
  *at++ = static_cast<char>('0' + status / 10 % 10);
  *at++ = static_cast<char>('0' + status % 10);
  *at++ = ' ';
  copyTo(copyTo(at, phrase), kLineEnd);
}

void HeadText::startRequest(std::string_view method, std::string_view target) {
  for (char c : method) MYDHT_ASSERT(characters::is(characters::kToken, c));
  MYDHT_ASSERT(!method.empty() && !target.empty());
  put(method);
  put(" ");
  for (char c : target) {
    if (characters::is(characters::kTarget, c)) {
      put({&c, 1});
      continue;
    }
    constexpr char kHex[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    const char encoded[] = {'%', kHex[byte >> 4], kHex[byte & 15]};
    put({encoded, sizeof encoded});
  }
  put(" HTTP/1.1\r\n");
}

void HeadText::header(std::string_view name, std::string_view value) {
  char* at = makeRoom(name.size() + kSeparator.size() + value.size() + kLineEnd.size());
  at = copyTo(copyField(at, name), kSeparator);
  copyTo(copyField(at, value), kLineEnd);
}

void HeadText::header(std::string_view name, std::uint64_t value) {
  char digits[20];
  const std::to_chars_result printed = std::to_chars(std::begin(digits), std::end(digits), value);
  header(name, {digits, static_cast<std::size_t>(printed.ptr - digits)});
}

void HeadText::end() {
  put(kLineEnd);
}

void HeadText::append(std::string_view bytes) {
  put(bytes);
}

void HeadText::release() {
  used_ = 0;
  std::string().swap(buffer_);
}

/// So many bytes behind the text, which count as used from now on.
char* HeadText::makeRoom(std::size_t bytes) {
  if (buffer_.size() - used_ < bytes) buffer_.resize(std::max({kFirstRoom, buffer_.size() * 2, used_ + bytes}));
  char* at = buffer_.data() + used_;
  used_ += bytes;
  return at;
}

void HeadText::put(std::string_view clean) {
  copyTo(makeRoom(clean.size()), clean);
}

}  // namespace mydht::http
