#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/http/head.h"
#include "common/result/types.h"

namespace mydht::http {

/// The strong ETag of a value: its SHA-256 in lower-case hexadecimal, in quotes.
class Etag {
 public:
  explicit Etag(const Digest& sha256);
  std::string_view text() const { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 66> text_;
};

/// Whether a list of entity tags holds a value's. Malformed lists are refused, since guessing could overwrite
/// something.
enum class TagMatch : std::uint8_t { Matches, Differs, Malformed };

/// If-Match (RFC 9110, 13.1.1): `*` matches any value that exists; else one of the tags is the strong `current`, quotes
/// included. No `current`: there is no value. Weak tags never match.
TagMatch ifMatch(std::string_view list, std::optional<std::string_view> current);
/// Whether the list of If-None-Match (13.1.2) names the value: then the condition is false. W/"x" counts as "x".
TagMatch ifNoneMatch(std::string_view list, std::optional<std::string_view> current);

/// What conditions compare with.
struct Current {
  std::string_view etag;             ///< with its quotes
  std::int64_t modifiedSeconds = 0;  ///< of Last-Modified
};

/// What a request's conditions say about it.
enum class Precondition : std::uint8_t {
  Proceed,
  NotModified,  ///< 304, only for GET and HEAD
  Failed,       ///< 412
  Malformed,    ///< 400
};

/// Weighs If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in their order (RFC 9110, 13.2.2), several
/// lines of one name as one list. No `current`: there is no value. A date that is none is ignored, as the RFC says.
Precondition checkPreconditions(const RequestHead& head, const std::optional<Current>& current,
                                std::int64_t nowSeconds);

}  // namespace mydht::http
