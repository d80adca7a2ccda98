#include "common/http/date.h"

#include <algorithm>

#include "common/http/characters.h"

namespace mydht::http {

namespace {

constexpr std::string_view kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

constexpr std::int64_t kDaySeconds = 86400;

struct Day {
  int year;
  int month;  // 1 to 12
  int day;    // 1 to 31
};

/// Days since 1970-01-01 of a day of the proleptic Gregorian calendar. Years are counted from March, so that the leap
/// day is the last of its year: then the days before a month are a straight line.
constexpr std::int64_t daysOf(const Day& date) {
  const int marchYear = date.month > 2 ? date.year : date.year - 1;
  const int era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400;
  const int yearOfEra = marchYear - era * 400;
  const int marchMonth = date.month > 2 ? date.month - 3 : date.month + 9;
  const int dayOfYear = (153 * marchMonth + 2) / 5 + date.day - 1;
  const int dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  return std::int64_t{era} * 146097 + dayOfEra - 719468;
}

/// The reverse of daysOf.
constexpr Day dayOf(std::int64_t days) {
  const std::int64_t fromMarch0 = days + 719468;
  const std::int64_t era = (fromMarch0 >= 0 ? fromMarch0 : fromMarch0 - 146096) / 146097;
  const int dayOfEra = static_cast<int>(fromMarch0 - era * 146097);
  const int yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
  const int dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const int marchMonth = (5 * dayOfYear + 2) / 153;
  const int month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const int year = yearOfEra + static_cast<int>(era * 400) + (month <= 2 ? 1 : 0);
  return {year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1};
}

constexpr std::int64_t kFirstSecond = daysOf({0, 1, 1}) * kDaySeconds;
constexpr std::int64_t kLastSecond = daysOf({10000, 1, 1}) * kDaySeconds - 1;

void putTwo(char* at, std::int64_t number) {
  at[0] = static_cast<char>('0' + number / 10);
  at[1] = static_cast<char>('0' + number % 10);
}

/// Reads a date from left to right; after the first thing that is not as expected it stays failed.
class DateReader {
 public:
  explicit DateReader(std::string_view text) : left_(text) {}

  bool ok() const { return ok_ && left_.empty(); }

  void expect(std::string_view text) {
    ok_ = ok_ && left_.starts_with(text);
    if (ok_) left_.remove_prefix(text.size());
  }

  /// A number of exactly so many digits; `blankFirst`: the first may be a space.
  int number(std::size_t digits, bool blankFirst = false) {
    int value = 0;
    for (std::size_t i = 0; i < digits && ok_; ++i) {
      const bool blank = blankFirst && i == 0 && left_.starts_with(' ');
      ok_ = !left_.empty() && (blank || characters::isDigit(left_.front()));
      if (!ok_) return 0;
      value = value * 10 + (blank ? 0 : left_.front() - '0');
      left_.remove_prefix(1);
    }
    return value;
  }

  int month() {
    ok_ = ok_ && left_.size() >= 3;
    const std::size_t at = ok_ ? kMonths.find(left_.substr(0, 3)) : std::string_view::npos;
    ok_ = at != std::string_view::npos && at % 3 == 0;
    if (!ok_) return 1;
    left_.remove_prefix(3);
    return static_cast<int>(at / 3) + 1;
  }

  /// HH:MM:SS in seconds.
  int time() {
    const int hour = number(2);
    expect(":");
    const int minute = number(2);
    expect(":");
    const int second = number(2);
    ok_ = ok_ && hour < 24 && minute < 60 && second <= 60;
    return hour * 3600 + minute * 60 + std::min(second, 59);
  }

 private:
  std::string_view left_;
  bool ok_ = true;
};

std::optional<std::int64_t> secondsOf(const DateReader& reader, const Day& day, int time) {
  if (!reader.ok() || day.day < 1) return std::nullopt;
  const std::int64_t days = daysOf(day);
  const Day same = dayOf(days);
  if (same.month != day.month || same.day != day.day) return std::nullopt;  // the 31st of a month of 30 days
  return days * kDaySeconds + time;
}

/// `Fri, 20 Nov 2026 09:15:00 GMT` from behind the comma.
std::optional<std::int64_t> parseFixdate(std::string_view rest) {
  DateReader reader(rest);
  Day day{};
  reader.expect(" ");
  day.day = reader.number(2);
  reader.expect(" ");
  day.month = reader.month();
  reader.expect(" ");
  day.year = reader.number(4);
  reader.expect(" ");
  const int time = reader.time();
  reader.expect(" GMT");
  return secondsOf(reader, day, time);
}

/// `Friday, 20-Nov-26 09:15:00 GMT` from behind the comma.
std::optional<std::int64_t> parseRfc850(std::string_view rest, std::int64_t nowSeconds) {
  DateReader reader(rest);
  Day day{};
  reader.expect(" ");
  day.day = reader.number(2);
  reader.expect("-");
  day.month = reader.month();
  reader.expect("-");
  const int twoDigits = reader.number(2);
  reader.expect(" ");
  const int time = reader.time();
  reader.expect(" GMT");
  const int thisYear = dayOf(std::clamp(nowSeconds, kFirstSecond, kLastSecond) / kDaySeconds).year;
  day.year = thisYear - thisYear % 100 + twoDigits;
  if (day.year > thisYear + 50) day.year -= 100;
  if (day.year <= thisYear - 50) day.year += 100;
  return secondsOf(reader, day, time);
}

/// `Fri Nov 20 09:15:00 2026` from behind the name of the day.
std::optional<std::int64_t> parseAsctime(std::string_view rest) {
  DateReader reader(rest);
  Day day{};
  reader.expect(" ");
  day.month = reader.month();
  reader.expect(" ");
  day.day = reader.number(2, true);
  reader.expect(" ");
  const int time = reader.time();
  reader.expect(" ");
  day.year = reader.number(4);
  return secondsOf(reader, day, time);
}

}  // namespace

HttpDate::HttpDate(std::int64_t seconds) {
  seconds = std::clamp(seconds, kFirstSecond, kLastSecond);
  std::int64_t days = seconds / kDaySeconds;
  std::int64_t time = seconds % kDaySeconds;
  if (time < 0) {
    time += kDaySeconds;
    --days;
  }
  const Day day = dayOf(days);
  const std::int64_t weekday = ((days + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
  constexpr std::string_view kForm = "Sun, 00 Jan 0000 00:00:00 GMT";
  std::copy(kForm.begin(), kForm.end(), text_.begin());
  kDays[weekday].copy(text_.data(), 3);
  putTwo(&text_[5], day.day);
  kMonths.copy(&text_[8], 3, static_cast<std::size_t>(day.month - 1) * 3);
  putTwo(&text_[12], day.year / 100);
  putTwo(&text_[14], day.year % 100);
  putTwo(&text_[17], time / 3600);
  putTwo(&text_[20], time / 60 % 60);
  putTwo(&text_[23], time % 60);
}

std::optional<std::int64_t> parseHttpDate(std::string_view text, std::int64_t nowSeconds) {
  for (std::string_view name : kDays) {
    if (text.starts_with(name) && text.substr(name.size()).starts_with(',')) {
      return parseRfc850(text.substr(name.size() + 1), nowSeconds);
    }
    if (!text.starts_with(name.substr(0, 3))) continue;
    const std::string_view rest = text.substr(3);
    return rest.starts_with(',') ? parseFixdate(rest.substr(1)) : parseAsctime(rest);
  }
  return std::nullopt;
}

}  // namespace mydht::http
