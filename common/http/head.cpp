#include "common/http/head.h"

#include <algorithm>
#include <cstring>

#include "common/http/field_lines.h"
#include "common/http/scan.h"

namespace mydht::http {

namespace {

struct NamedMethod {
  std::string_view text;
  Method method;
};

constexpr NamedMethod kMethods[] = {{"GET", Method::Get},       {"HEAD", Method::Head}, {"PUT", Method::Put},
                                    {"DELETE", Method::Delete}, {"POST", Method::Post}, {"OPTIONS", Method::Options}};

/// No method of any extension is as long; a longer one is an attack or not HTTP.
constexpr std::ptrdiff_t kMethodBytes = 32;

std::string_view textBetween(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

bool scanMethod(Cursor& cursor, RequestHead& head) {
  const char* begin = cursor.at;
  cursor.at = characters::skip(characters::kToken, cursor.at, cursor.end);
  if (cursor.at - begin > kMethodBytes) return cursor.fail("the method is too long");
  if (cursor.atEnd()) return false;
  if (cursor.at == begin || *cursor.at != ' ') return cursor.fail("not an HTTP request: no method at its beginning");
  head.methodText = textBetween(begin, cursor.at++);
  head.method = methodOf(head.methodText);
  return true;
}

bool takeAuthority(std::string_view authority, RequestHead& head) {
  if (authority.empty()) return false;
  for (char c : authority) {
    if (!characters::is(characters::kAuthority, c)) return false;
  }
  head.authority = authority;
  return true;
}

/// Takes apart a target in absolute form (`http://host/path`), as proxies send it: its host counts, not Host's.
bool takeAbsolute(std::string_view target, RequestHead& head) {
  const std::size_t colon = target.find("://");
  if (colon == std::string_view::npos) return false;
  const std::string_view scheme = target.substr(0, colon);
  if (!equalsIgnoringCase(scheme, "http") && !equalsIgnoringCase(scheme, "https")) return false;
  target.remove_prefix(colon + 3);
  const std::size_t authorityEnd = std::min(target.find_first_of("/?"), target.size());
  if (!takeAuthority(target.substr(0, authorityEnd), head)) return false;
  target.remove_prefix(authorityEnd);
  const std::size_t mark = target.find('?');
  head.path = target.substr(0, mark);
  if (head.path.empty()) head.path = "/";
  head.query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  return true;
}

bool takeTarget(std::string_view target, std::size_t mark, RequestHead& head) {
  head.authority = {};
  head.query = {};
  if (target.starts_with('/')) {
    head.path = target.substr(0, mark);
    if (mark != std::string_view::npos) head.query = target.substr(mark + 1);
    return true;
  }
  if (target != "*" || head.method != Method::Options) return takeAbsolute(target, head);
  head.path = target;
  return true;
}

bool scanTarget(Cursor& cursor, RequestHead& head) {
  const char* begin = cursor.at;
  std::size_t mark = std::string_view::npos;
  cursor.at = characters::skipPath(cursor.at, cursor.end);
  if (!cursor.atEnd() && *cursor.at == '?') {
    mark = static_cast<std::size_t>(cursor.at - begin);
    cursor.at = characters::skip(characters::kTarget, cursor.at, cursor.end);
  }
  if (cursor.atEnd()) return false;
  if (*cursor.at != ' ') return cursor.fail("a byte that no target can have, or no HTTP version behind the target");
  if (!takeTarget(textBetween(begin, cursor.at), mark, head)) {
    return cursor.fail("the target is neither a path nor an http URL");
  }
  ++cursor.at;
  return true;
}

/// `HTTP/1.x`, without what follows. What is no HTTP is told at the first byte that shows it.
bool scanVersion(Cursor& cursor, int& minor) {
  constexpr std::string_view kUsual = "HTTP/1.1\r\n";
  constexpr std::string_view kName = "HTTP/";
  if (cursor.end - cursor.at > static_cast<std::ptrdiff_t>(kUsual.size()) &&
      std::memcmp(cursor.at, kUsual.data(), kUsual.size()) == 0) {
    minor = 1;
    cursor.at += kUsual.size() - 2;
    return true;
  }
  const std::string_view here = textBetween(cursor.at, cursor.end);
  if (here.substr(0, kName.size()) != kName.substr(0, here.size())) {
    return cursor.fail("no HTTP version where it must stand");
  }
  if (here.size() < kName.size() + 3) return false;
  const std::string_view version = here.substr(kName.size(), 3);
  if (!characters::isDigit(version[0]) || version[1] != '.' || !characters::isDigit(version[2])) {
    return cursor.fail("no HTTP version where it must stand");
  }
  if (version[0] != '1') return cursor.fail("this node speaks HTTP/1.1 and HTTP/1.0", 505);
  minor = version[2] == '0' ? 0 : 1;
  cursor.at += kName.size() + 3;
  return true;
}

bool scanRequestLine(Cursor& cursor, RequestHead& head) {
  if (!cursor.atEnd() && *cursor.at == '\r' && !scanLineEnd(cursor)) return false;
  return scanMethod(cursor, head) && scanTarget(cursor, head) && scanVersion(cursor, head.minor) && scanLineEnd(cursor);
}

bool scanStatus(Cursor& cursor, ResponseHead& head) {
  if (cursor.atEnd()) return false;
  if (*cursor.at != ' ') return cursor.fail("the status line is HTTP/1.1 STATUS REASON");
  if (cursor.end - cursor.at < 5) return false;
  head.status = 0;
  for (int i = 1; i <= 3; ++i) {
    if (!characters::isDigit(cursor.at[i])) return cursor.fail("the status is not three digits");
    head.status = head.status * 10 + (cursor.at[i] - '0');
  }
  if (head.status < 100 || head.status > 599) return cursor.fail("the status is not from 100 to 599");
  cursor.at += 4;
  return true;
}

bool scanStatusLine(Cursor& cursor, ResponseHead& head) {
  if (!scanVersion(cursor, head.minor) || !scanStatus(cursor, head)) return false;
  head.reason = {};
  if (*cursor.at == ' ') {
    const char* begin = ++cursor.at;
    cursor.at = characters::findControl(cursor.at, cursor.end);
    head.reason = textBetween(begin, cursor.at);
  }
  return scanLineEnd(cursor);
}

/// What only a request must fulfil, after its lines: Host, Expect, and 1.0's ways.
bool finishRequest(Cursor& cursor, const FieldSummary& fields, RequestHead& head) {
  if (fields.hosts > 1) return cursor.fail("more than one Host");
  if (fields.hosts == 0 && head.minor > 0) return cursor.fail("HTTP/1.1 needs a Host");
  if (fields.hosts == 1) {
    const std::string_view ofTarget = head.authority;
    if (!takeAuthority(fields.host, head)) return cursor.fail("Host is not a host and port");
    if (!ofTarget.empty()) head.authority = ofTarget;
  }
  if (fields.chunked && head.minor == 0) return cursor.fail("HTTP/1.0 has no Transfer-Encoding");
  if (fields.expectsOther && head.minor > 0) return cursor.fail("no other Expect than 100-continue is known", 417);
  head.contentLength = fields.contentLength;
  head.chunked = fields.chunked;
  head.keepAlive = head.minor > 0 && !fields.connectionClose;
  head.expectContinue = fields.expectsContinue && head.minor > 0 && head.hasBody();
  return true;
}

bool finishResponse(Cursor& cursor, const FieldSummary& fields, Method method, ResponseHead& head) {
  if (fields.chunked && head.minor == 0) return cursor.fail("HTTP/1.0 has no Transfer-Encoding");
  const bool informal = head.status < 200;
  if (fields.chunked && (informal || head.status == 204)) return cursor.fail("a body where the status allows none");
  if (fields.contentLength.value_or(0) > 0 && (informal || head.status == 204)) {
    return cursor.fail("a body where the status allows none");
  }
  head.contentLength = fields.contentLength;
  if (informal || head.status == 204 || head.status == 304 || method == Method::Head) {
    head.framing = Framing::None;
  } else if (fields.chunked) {
    head.framing = Framing::Chunked;
  } else {
    head.framing = fields.contentLength ? Framing::Length : Framing::UntilClose;
  }
  head.keepAlive = head.minor > 0 && !fields.connectionClose && head.framing != Framing::UntilClose;
  return true;
}

/// The outcome of a parse that went through (`done`) or stopped.
ParseOutcome outcomeOf(const Cursor& cursor, bool done, std::string_view buffer) {
  if (done) return {ParseOutcome::State::Done, static_cast<std::size_t>(cursor.at - buffer.data()), 0, {}};
  if (cursor.outcome.bad() || buffer.size() < limits::kHeadBytes) return cursor.outcome;
  return {ParseOutcome::State::Bad, 0, 431, "the head is longer than 32768 bytes"};
}

}  // namespace

Method methodOf(std::string_view text) {
  if (text == "GET") return Method::Get;  // by far the most; a comparison with a constant is no call
  for (const NamedMethod& known : kMethods) {
    if (known.text == text) return known.method;
  }
  return Method::Other;
}

std::string_view methodText(Method method) {
  for (const NamedMethod& known : kMethods) {
    if (known.method == method) return known.text;
  }
  return "OTHER";
}

ParseOutcome parseRequestHead(std::string_view buffer, RequestHead& head) {
  buffer = buffer.substr(0, limits::kHeadBytes);
  Cursor cursor{buffer.data(), buffer.data() + buffer.size(), {}};
  FieldSummary fields;
  head.headers.begin(buffer.data());
  const bool done =
      scanRequestLine(cursor, head) && scanFields(cursor, head.headers, fields) && finishRequest(cursor, fields, head);
  return outcomeOf(cursor, done, buffer);
}

ParseOutcome parseResponseHead(std::string_view buffer, Method requestMethod, ResponseHead& head) {
  buffer = buffer.substr(0, limits::kHeadBytes);
  Cursor cursor{buffer.data(), buffer.data() + buffer.size(), {}};
  FieldSummary fields;
  head.headers.begin(buffer.data());
  const bool done = scanStatusLine(cursor, head) && scanFields(cursor, head.headers, fields) &&
                    finishResponse(cursor, fields, requestMethod, head);
  ParseOutcome outcome = outcomeOf(cursor, done, buffer);
  if (outcome.bad()) outcome.status = 502;
  return outcome;
}

}  // namespace mydht::http
