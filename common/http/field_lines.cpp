#include "common/http/field_lines.h"

#include <limits>

#include "common/http/scan.h"

namespace mydht::http {

namespace {

/// Digits alone, at most 2^63-1 so that sizes fit signed ones too.
std::optional<std::uint64_t> parseLength(std::string_view text) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (text.empty()) return std::nullopt;
  std::uint64_t length = 0;
  for (char c : text) {
    if (!characters::isDigit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (kMost - digit) / 10) return std::nullopt;
    length = length * 10 + digit;
  }
  return length;
}

/// Each notes one header that the framing rests on.
bool noteLength(Cursor& cursor, std::string_view value, FieldSummary& fields) {
  if (fields.contentLength) return cursor.fail("more than one Content-Length");
  fields.contentLength = parseLength(value);
  return fields.contentLength ? true : cursor.fail("Content-Length is not a plain number of bytes");
}

bool noteEncoding(Cursor& cursor, std::string_view value, FieldSummary& fields) {
  if (fields.chunked) return cursor.fail("more than one Transfer-Encoding");
  fields.chunked = equalsIgnoringCase(value, "chunked");
  return fields.chunked ? true : cursor.fail("no other Transfer-Encoding than chunked is known", 501);
}

void noteExpect(std::string_view value, FieldSummary& fields) {
  const bool known = equalsIgnoringCase(value, "100-continue");
  fields.expectsContinue = fields.expectsContinue || known;
  fields.expectsOther = fields.expectsOther || !known;
}

/// Whether a token is that name, given in lower case: with 0x20 set no other byte of a token becomes a letter or '-'.
template <std::size_t N>
bool isNamed(std::string_view name, const char (&lower)[N]) {
  int differs = 0;
  for (std::size_t i = 0; i < N - 1; ++i) differs |= (name[i] | 0x20) ^ lower[i];
  return differs == 0;
}

/// Looks at the headers that framing and connection rest on; told apart by length first, so that others cost one jump.
bool note(Cursor& cursor, std::string_view name, std::string_view value, FieldSummary& fields) {
  switch (name.size()) {
    case 4:
      if (!isNamed(name, "host")) return true;
      ++fields.hosts;
      fields.host = value;
      return true;
    case 6:
      if (isNamed(name, "expect")) noteExpect(value, fields);
      return true;
    case 10:
      if (isNamed(name, "connection")) {
        fields.connectionClose = fields.connectionClose || listContains(value, "close");
      }
      return true;
    case 14:
      return isNamed(name, "content-length") ? noteLength(cursor, value, fields) : true;
    case 17:
      return isNamed(name, "transfer-encoding") ? noteEncoding(cursor, value, fields) : true;
    default:
      return true;
  }
}

/// Says what is wrong with a header's name, which began at `begin` and stops at this byte.
bool failName(Cursor& cursor, const char* begin) {
  const char byte = *cursor.at;
  const bool first = cursor.at == begin;
  if (characters::isBlank(byte))
    return cursor.fail(first ? "a folded header line" : "a blank before the colon of a header");
  if (byte == ':') return cursor.fail("a header without a name");
  if (byte == '\n' || byte == '\r')
    return cursor.fail("a header line without a colon, or one that does not end with CR LF");
  return cursor.fail("a byte that no header's name can have");
}

/// One header line.
bool scanLine(Cursor& cursor, Headers& headers, FieldSummary& fields) {
  const char* begin = cursor.at;
  cursor.at = characters::skipToken(cursor.at, cursor.end);
  if (cursor.atEnd()) return false;
  if (*cursor.at != ':' || cursor.at == begin) return failName(cursor, begin);
  const std::string_view name(begin, static_cast<std::size_t>(cursor.at - begin));
  ++cursor.at;
  while (!cursor.atEnd() && characters::isBlank(*cursor.at)) ++cursor.at;
  const char* valueBegin = cursor.at;
  cursor.at = characters::findControl(cursor.at, cursor.end);
  const char* valueEnd = cursor.at;
  if (!scanLineEnd(cursor)) return false;
  while (valueEnd != valueBegin && characters::isBlank(valueEnd[-1])) --valueEnd;
  if (headers.full()) return cursor.fail("more than 100 headers", 431);
  const std::string_view value(valueBegin, static_cast<std::size_t>(valueEnd - valueBegin));
  headers.add(name, value);
  return note(cursor, name, value, fields);
}

}  // namespace

bool Cursor::fail(std::string_view reason, int status) {
  outcome = {ParseOutcome::State::Bad, 0, status, reason};
  return false;
}

bool scanLineEnd(Cursor& cursor) {
  if (cursor.atEnd()) return false;
  if (*cursor.at != '\r') return cursor.fail("a line ends with LF alone, or a control byte stands in it");
  if (cursor.at + 1 == cursor.end) return false;
  if (cursor.at[1] != '\n') return cursor.fail("a CR without LF");
  cursor.at += 2;
  return true;
}

bool scanFields(Cursor& cursor, Headers& headers, FieldSummary& fields) {
  while (!cursor.atEnd() && *cursor.at != '\r') {
    if (!scanLine(cursor, headers, fields)) return false;
  }
  if (!scanLineEnd(cursor)) return false;
  if (fields.chunked && fields.contentLength) return cursor.fail("both Content-Length and Transfer-Encoding");
  return true;
}

}  // namespace mydht::http
