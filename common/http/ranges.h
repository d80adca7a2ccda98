#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mydht::http {

/// The bytes from first to last, both included.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  std::uint64_t length() const { return last - first + 1; }
  bool operator==(const ByteRange&) const = default;
};

/// What a Range header asks for.
struct RangeOutcome {
  enum class State : std::uint8_t {
    Ignored,        ///< 200 and everything: several ranges, another unit, no sense, or an empty value's suffix
    Satisfiable,    ///< 206 and `range`
    Unsatisfiable,  ///< 416: it begins behind the end
  };
  State state = State::Ignored;
  ByteRange range;
};

/// Reads the value of Range for a value of `size` bytes: `bytes=first-last`, `bytes=first-` or `bytes=-suffix`; the
/// range is cut at the end. Numbers beyond 64 bits count as the greatest.
RangeOutcome parseRange(std::string_view value, std::uint64_t size);

/// Whether If-Range allows the range: it is this strong ETag (with its quotes), or exactly this Last-Modified date. A
/// date is taken only if it is at least a second older than now, since a value may change twice in one second (RFC
/// 9110, 13.1.5).
bool ifRangeHolds(std::string_view ifRange, std::string_view etag, std::int64_t modifiedSeconds,
                  std::int64_t nowSeconds);

/// The value of Content-Range in a 206: `bytes 0-99/1234`.
std::string contentRange(const ByteRange& range, std::uint64_t size);
/// The value of Content-Range in a 416: `bytes */1234`.
std::string contentRangeUnsatisfied(std::uint64_t size);

}  // namespace mydht::http
