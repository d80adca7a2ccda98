// Proves that a node keeps its last events and no more, whatever it tells.
#include "server/metrics/recent_events.h"

#include <gtest/gtest.h>

namespace mydht::metrics {
namespace {

TEST(RecentEvents, OnlyTheLastOnesAreKeptTheOldestFirst) {
  RecentEvents recent;
  EXPECT_TRUE(recent.events().empty());
  for (std::size_t i = 0; i < RecentEvents::kMost + 7; ++i) {
    recent.add({static_cast<std::int64_t>(i), "INFO", "a." + std::to_string(i), "n=" + std::to_string(i)});
  }
  const auto events = recent.events();
  ASSERT_EQ(events.size(), RecentEvents::kMost);
  EXPECT_EQ(events.front().fields, "n=7");
  EXPECT_EQ(events.back().atMicros, static_cast<std::int64_t>(RecentEvents::kMost + 6));
}

TEST(RecentEvents, OneThatRepeatsItselfHidesNoOther) {
  RecentEvents recent;
  recent.add({1, "WARN", "member.silent", "node=a:1"});
  for (std::int64_t i = 2; i < 100; ++i) recent.add({i, "INFO", "balance.done", "with=b:1"});
  const auto events = recent.events();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events.front().event, "member.silent");
  EXPECT_EQ(events.back().atMicros, 99);
}

TEST(RecentEvents, AThousandOfOneKindHideNoOtherAndAreCountedAll) {
  RecentEvents recent;
  recent.add({1, "WARN", "member.silent", "node=a:1"});
  for (std::int64_t i = 2; i < 1002; ++i) recent.add({i, "INFO", "corruption.repaired", "key=" + std::to_string(i)});
  const auto events = recent.events();
  ASSERT_EQ(events.size(), 1 + RecentEvents::kMostOfOne);
  EXPECT_EQ(events.front().event, "member.silent");
  EXPECT_EQ(events.back().fields, "key=1001");
  EXPECT_EQ(recent.counts(),
            (std::map<std::string, std::uint64_t>{{"member.silent", 1}, {"corruption.repaired", 1000}}));
}

TEST(RecentEvents, AVeryLongOneIsCut) {
  RecentEvents recent;
  recent.add({1, "INFO", "a.b", std::string(100'000, 'x')});
  EXPECT_LT(recent.events().front().fields.size(), 2 * RecentEvents::kMostFields);
}

}  // namespace
}  // namespace mydht::metrics
