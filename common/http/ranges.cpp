#include "common/http/ranges.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "common/http/characters.h"
#include "common/http/date.h"
#include "common/http/headers.h"

namespace mydht::http {

namespace {

/// Digits alone; what is beyond 64 bits counts as the greatest number.
std::optional<std::uint64_t> parseSaturating(std::string_view digits) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  if (digits.empty()) return std::nullopt;
  std::uint64_t number = 0;
  for (char c : digits) {
    if (!characters::isDigit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    number = number > (kMost - digit) / 10 ? kMost : number * 10 + digit;
  }
  return number;
}

RangeOutcome suffixRange(std::string_view digits, std::uint64_t size) {
  const std::optional<std::uint64_t> suffix = parseSaturating(digits);
  if (!suffix) return {};
  if (*suffix == 0) return {RangeOutcome::State::Unsatisfiable, {}};
  if (size == 0) return {};
  return {RangeOutcome::State::Satisfiable, {size - std::min(*suffix, size), size - 1}};
}

}  // namespace

RangeOutcome parseRange(std::string_view value, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!equalsIgnoringCase(value.substr(0, kUnit.size()), kUnit)) return {};
  const std::string_view spec = characters::trimmed(value.substr(kUnit.size()));
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return {};
  if (dash == 0) return suffixRange(spec.substr(1), size);
  const std::optional<std::uint64_t> first = parseSaturating(spec.substr(0, dash));
  const bool open = dash + 1 == spec.size();
  const std::optional<std::uint64_t> last =
      open ? std::numeric_limits<std::uint64_t>::max() : parseSaturating(spec.substr(dash + 1));
  if (!first || !last || *last < *first) return {};
  if (*first >= size) return {RangeOutcome::State::Unsatisfiable, {}};
  return {RangeOutcome::State::Satisfiable, {*first, std::min(*last, size - 1)}};
}

bool ifRangeHolds(std::string_view ifRange, std::string_view etag, std::int64_t modifiedSeconds,
                  std::int64_t nowSeconds) {
  if (ifRange.starts_with('"')) return ifRange == etag;
  if (ifRange.starts_with("W/")) return false;
  const std::optional<std::int64_t> date = parseHttpDate(ifRange, nowSeconds);
  return date && *date == modifiedSeconds && modifiedSeconds < nowSeconds;
}

std::string contentRange(const ByteRange& range, std::uint64_t size) {
  return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" + std::to_string(size);
}

std::string contentRangeUnsatisfied(std::uint64_t size) {
  return "bytes */" + std::to_string(size);
}

}  // namespace mydht::http
