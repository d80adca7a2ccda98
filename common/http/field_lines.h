#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/http/characters.h"
#include "common/http/head.h"

/// The header lines of a head, which requests and responses share. Used by head.cpp alone.
namespace mydht::http {

/// What header lines say about framing and connection, gathered while they are scanned so that none is looked for
/// later.
struct FieldSummary {
  std::optional<std::uint64_t> contentLength;
  bool chunked = false;
  bool connectionClose = false;
  bool expectsContinue = false;
  bool expectsOther = false;
  std::size_t hosts = 0;
  std::string_view host;
};

/// Where a scan is in a head, and why it stopped. A scan that returns false stopped: for lack of bytes, unless outcome
/// is Bad.
struct Cursor {
  const char* at = nullptr;
  const char* end = nullptr;
  ParseOutcome outcome;

  bool atEnd() const { return at == end; }
  /// Stops for good; returns false so that a scan can return it.
  bool fail(std::string_view reason, int status = 400);
};

/// Takes the CR LF that ends a line.
bool scanLineEnd(Cursor& cursor);

/// Scans header lines up to and with the empty line, strictly: no blank before the colon, no folded line, CR LF alone,
/// no control byte in a value; no Content-Length twice or with a sign or beside Transfer-Encoding, no Transfer-Encoding
/// but `chunked`.
bool scanFields(Cursor& cursor, Headers& headers, FieldSummary& fields);

}  // namespace mydht::http
