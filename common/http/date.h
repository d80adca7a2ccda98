#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mydht::http {

/// Seconds since 1970 UTC as `Fri, 20 Nov 2026 09:15:00 GMT` (IMF-fixdate, RFC 9110, 5.6.7). Years 0 to 9999; what lies
/// outside becomes the nearest of them.
class HttpDate {
 public:
  explicit HttpDate(std::int64_t seconds);
  std::string_view text() const { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 29> text_;
};

/// The seconds of a date in one of HTTP's three forms: IMF-fixdate, `Friday, 20-Nov-26 09:15:00 GMT` (RFC 850, its year
/// the one that is at most 50 years after `nowSeconds`) and `Fri Nov 20 09:15:00 2026` (asctime). Nothing if it is none
/// or names a day that does not exist; the name of the weekday must be one but is not compared. A leap second counts as
/// the one before.
std::optional<std::int64_t> parseHttpDate(std::string_view text, std::int64_t nowSeconds);

/// Whole seconds of microseconds since 1970, rounded down: what Last-Modified can say.
constexpr std::int64_t secondsOfMicros(std::int64_t micros) {
  return micros / 1'000'000 - (micros % 1'000'000 < 0 ? 1 : 0);
}

}  // namespace mydht::http
