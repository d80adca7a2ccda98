// Proves which bytes a Range header stands for, and when it is ignored or cannot be satisfied (RFC 9110, 14). How: a
// table, and random ranges compared with plain arithmetic.

#include "common/http/ranges.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "common/http/date.h"

namespace mydht::http {
namespace {

using State = RangeOutcome::State;

struct Row {
  const char* value;
  std::uint64_t size;
  State state;
  ByteRange range;
};

constexpr Row kRows[] = {
    {"bytes=0-0", 10, State::Satisfiable, {0, 0}},
    {"bytes=2-5", 10, State::Satisfiable, {2, 5}},
    {"bytes=2-", 10, State::Satisfiable, {2, 9}},
    {"bytes=2-99", 10, State::Satisfiable, {2, 9}},
    {"bytes=-3", 10, State::Satisfiable, {7, 9}},
    {"bytes=-99", 10, State::Satisfiable, {0, 9}},
    {"Bytes= 2-5 ", 10, State::Satisfiable, {2, 5}},
    {"bytes=0-99999999999999999999999", 10, State::Satisfiable, {0, 9}},
    {"bytes=10-", 10, State::Unsatisfiable, {}},
    {"bytes=10-12", 10, State::Unsatisfiable, {}},
    {"bytes=99999999999999999999999-", 10, State::Unsatisfiable, {}},
    {"bytes=-0", 10, State::Unsatisfiable, {}},
    {"bytes=0-", 0, State::Unsatisfiable, {}},
    {"bytes=-5", 0, State::Ignored, {}},
    {"bytes=5-2", 10, State::Ignored, {}},
    {"bytes=0-1,3-4", 10, State::Ignored, {}},
    {"bytes=0-1,", 10, State::Ignored, {}},
    {"lines=0-1", 10, State::Ignored, {}},
    {"bytes", 10, State::Ignored, {}},
    {"bytes=", 10, State::Ignored, {}},
    {"bytes=-", 10, State::Ignored, {}},
    {"bytes=a-b", 10, State::Ignored, {}},
    {"bytes=+1-2", 10, State::Ignored, {}},
    {"bytes=1 - 2", 10, State::Ignored, {}},
    {"bytes=--1", 10, State::Ignored, {}},
    {"bytes=1", 10, State::Ignored, {}},
    {"", 10, State::Ignored, {}},
};

TEST(RangesTest, EachFormOfRangeIsReadAsTheStandardSays) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.value);
    const RangeOutcome outcome = parseRange(row.value, row.size);
    EXPECT_EQ(outcome.state, row.state);
    EXPECT_EQ(outcome.range, row.range);
  }
}

TEST(RangesTest, ContentRangeIsPrinted) {
  EXPECT_EQ(contentRange({0, 99}, 1234), "bytes 0-99/1234");
  EXPECT_EQ(contentRangeUnsatisfied(1234), "bytes */1234");
  EXPECT_EQ((ByteRange{3, 3}.length()), 1U);
}

TEST(RangesTest, IfRangeHoldsForTheSameStrongTagOrExactDateOnly) {
  const std::int64_t modified = 1'763'630'100;
  const std::string date(HttpDate(modified).text());
  EXPECT_TRUE(ifRangeHolds("\"x\"", "\"x\"", modified, modified));
  EXPECT_FALSE(ifRangeHolds("\"y\"", "\"x\"", modified, modified));
  EXPECT_FALSE(ifRangeHolds("W/\"x\"", "\"x\"", modified, modified));
  EXPECT_TRUE(ifRangeHolds(date, "\"x\"", modified, modified + 1));
  EXPECT_FALSE(ifRangeHolds(date, "\"x\"", modified, modified)) << "it may change again in this second";
  EXPECT_FALSE(ifRangeHolds(date, "\"x\"", modified - 1, modified + 1));
  EXPECT_FALSE(ifRangeHolds(date, "\"x\"", modified + 1, modified + 9));
  EXPECT_FALSE(ifRangeHolds("nonsense", "\"x\"", modified, modified + 1));
}

RC_GTEST_PROP(RangesTest, ARangeWithinTheValueIsThatRange, (std::uint32_t a, std::uint32_t b, std::uint32_t beyond)) {
  const std::uint64_t first = std::min(a, b);
  const std::uint64_t last = std::max(a, b);
  const std::uint64_t size = last + 1 + beyond;
  const RangeOutcome outcome = parseRange("bytes=" + std::to_string(first) + "-" + std::to_string(last), size);
  RC_ASSERT(outcome.state == State::Satisfiable);
  RC_ASSERT((outcome.range == ByteRange{first, last}));
  const RangeOutcome suffix = parseRange("bytes=-" + std::to_string(size - first), size);
  RC_ASSERT((suffix.range == ByteRange{first, size - 1}));
}

}  // namespace
}  // namespace mydht::http
