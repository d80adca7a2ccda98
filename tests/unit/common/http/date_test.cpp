// Proves that dates are printed and read as HTTP says, in all three forms. How: known dates, random seconds printed,
// read back and compared with the C library's calendar, and texts that are no dates.

#include "common/http/date.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <ctime>
#include <string>

namespace mydht::http {
namespace {

constexpr std::int64_t kNow = 1'795'166'100;  // Fri, 20 Nov 2026 09:15:00 GMT

TEST(DateTest, KnownDatesArePrinted) {
  EXPECT_EQ(HttpDate(0).text(), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(HttpDate(784111777).text(), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(HttpDate(951827696).text(), "Tue, 29 Feb 2000 12:34:56 GMT");
  EXPECT_EQ(HttpDate(kNow).text(), "Fri, 20 Nov 2026 09:15:00 GMT");
  EXPECT_EQ(HttpDate(-1).text(), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(HttpDate(INT64_MAX).text(), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(HttpDate(INT64_MIN).text(), "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(DateTest, AllThreeFormsAreRead) {
  EXPECT_EQ(parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT", kNow), 784111777);
  EXPECT_EQ(parseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT", kNow), 784111777);
  EXPECT_EQ(parseHttpDate("Sun Nov  6 08:49:37 1994", kNow), 784111777);
  EXPECT_EQ(parseHttpDate("Fri Nov 20 09:15:00 2026", kNow), kNow);
  EXPECT_EQ(parseHttpDate("Sat, 31 Dec 2016 23:59:60 GMT", kNow), 1483228799) << "a leap second";
}

TEST(DateTest, TwoDigitsOfAYearMeanTheNearestOneUpTo50YearsAhead) {
  EXPECT_EQ(HttpDate(*parseHttpDate("Friday, 20-Nov-26 09:15:00 GMT", kNow)).text(), "Fri, 20 Nov 2026 09:15:00 GMT");
  EXPECT_EQ(HttpDate(*parseHttpDate("Friday, 20-Nov-76 09:15:00 GMT", kNow)).text().substr(12, 4), "2076");
  EXPECT_EQ(HttpDate(*parseHttpDate("Friday, 20-Nov-77 09:15:00 GMT", kNow)).text().substr(12, 4), "1977");
  EXPECT_EQ(HttpDate(*parseHttpDate("Friday, 20-Nov-02 09:15:00 GMT", 4'000'000'000)).text().substr(12, 4), "2102");
}

TEST(DateTest, WhatIsNoDateIsRefused) {
  for (const char* bad : {"",
                          "now",
                          "0",
                          "Sun",
                          "Sun,",
                          "Sun, 06 Nov 1994",
                          "Sun, 6 Nov 1994 08:49:37 GMT",
                          "Sun, 06 Nov 1994 08:49:37",
                          "Sun, 06 Nov 1994 08:49:37 UTC",
                          "Sun, 06 Nov 1994 08:49:37 GMT ",
                          "Sun, 06 nov 1994 08:49:37 GMT",
                          "sun, 06 Nov 1994 08:49:37 GMT",
                          "Sun, 31 Nov 1994 08:49:37 GMT",
                          "Sun, 29 Feb 1900 08:49:37 GMT",
                          "Sun, 00 Nov 1994 08:49:37 GMT",
                          "Sun, 06 Nov 1994 24:00:00 GMT",
                          "Sun, 06 Nov 1994 08:60:00 GMT",
                          "Sun, 06 Nov 1994 08:49:61 GMT",
                          "Sun, 06 anF 1994 08:49:37 GMT",
                          "Sun, 06-Nov-94 08:49:37 GMT",
                          "Sunday, 06 Nov 1994 08:49:37 GMT",
                          "Sun Nov 6 08:49:37 1994",
                          "Sun Nov  6 08:49:37 1994 GMT",
                          "Sun, +6 Nov 1994 08:49:37 GMT",
                          "2026-11-20T09:15:00Z"}) {
    EXPECT_EQ(parseHttpDate(bad, kNow), std::nullopt) << bad;
  }
}

TEST(DateTest, MicrosecondsAreRoundedDown) {
  EXPECT_EQ(secondsOfMicros(1'999'999), 1);
  EXPECT_EQ(secondsOfMicros(2'000'000), 2);
  EXPECT_EQ(secondsOfMicros(-1), -1);
  EXPECT_EQ(secondsOfMicros(-1'000'000), -1);
}

RC_GTEST_PROP(DateTest, AnySecondIsPrintedLikeTheCLibraryDoesAndReadBack, ()) {
  const std::time_t seconds = *rc::gen::inRange<std::time_t>(-62'167'219'200, 253'402'300'799);
  std::tm parts{};
  RC_ASSERT(gmtime_r(&seconds, &parts) != nullptr);
  char expected[64];
  std::strftime(expected, sizeof expected, "%a, %d %b ", &parts);
  char year[16];
  std::snprintf(year, sizeof year, "%04d", parts.tm_year + 1900);
  char time[32];
  std::strftime(time, sizeof time, " %H:%M:%S GMT", &parts);
  const HttpDate date(seconds);
  RC_ASSERT(date.text() == std::string(expected) + year + time);
  RC_ASSERT(parseHttpDate(date.text(), kNow) == seconds);
}

}  // namespace
}  // namespace mydht::http
