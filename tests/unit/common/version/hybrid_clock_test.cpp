// Proves that a hybrid clock's versions only grow and stay above all that was observed, whatever the wall clock does,
// and that they follow the wall clock where it runs ahead: properties over random steps, and the edges by example.

#include "common/version/hybrid_clock.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>

namespace mydht {
namespace {

constexpr std::uint32_t kFullCounter = std::numeric_limits<std::uint32_t>::max();

RC_GTEST_PROP(HybridClock, EachVersionIsAboveAllThatWereMadeOrObservedBefore, ()) {
  HybridClock clock(7, 3);
  Version highest;
  for (int step = 0; step < 50; ++step) {
    if (*rc::gen::arbitrary<bool>()) {
      const Version made = clock.tick(*rc::gen::inRange<std::int64_t>(0, 20));
      RC_ASSERT(made > highest);
      highest = made;
    } else {
      const Version seen{*rc::gen::inRange<std::int64_t>(0, 20), *rc::gen::element(0U, 1U, 5U, kFullCounter),
                         *rc::gen::inRange<NodeId>(1, 12), *rc::gen::inRange(0U, 6U)};
      clock.observe(seen);
      highest = std::max(highest, seen);
    }
    RC_ASSERT(clock.floor().physicalMicros >= highest.physicalMicros);
  }
}

RC_GTEST_PROP(HybridClock, NeverRunsAheadOfTheWallClockByMoreThanWhatItObserved, ()) {
  HybridClock clock(7, 3);
  std::int64_t furthest = 0;
  for (int step = 0; step < 50; ++step) {
    const auto wall = *rc::gen::inRange<std::int64_t>(0, 1000);
    furthest = std::max(furthest, wall);
    RC_ASSERT(clock.tick(wall).physicalMicros == furthest);
  }
}

TEST(HybridClock, FollowsAWallClockThatRunsAhead) {
  HybridClock clock(7, 3);
  EXPECT_EQ(clock.tick(1000), (Version{1000, 0, 7, 3}));
  EXPECT_EQ(clock.tick(1001), (Version{1001, 0, 7, 3}));
}

TEST(HybridClock, CountsWhileTheWallClockStandsStillOrGoesBack) {
  HybridClock clock(7, 3);
  clock.tick(1000);
  EXPECT_EQ(clock.tick(1000), (Version{1000, 1, 7, 3}));
  EXPECT_EQ(clock.tick(10), (Version{1000, 2, 7, 3}));
  EXPECT_EQ(clock.tick(1001), (Version{1001, 0, 7, 3}));
}

TEST(HybridClock, KeepsItsOwnNodeAndBootWhenItLearnsFromOthers) {
  HybridClock clock(7, 3);
  clock.observe({5000, 9, 99, 88});
  EXPECT_EQ(clock.floor(), (Version{5000, 9, 7, 3}));
  EXPECT_EQ(clock.tick(1000), (Version{5000, 10, 7, 3}));
}

TEST(HybridClock, IgnoresWhatIsOlder) {
  HybridClock clock(7, 3);
  clock.tick(1000);
  clock.observe({999, 50, 1, 1});
  clock.observe({1000, 0, 1, 1});
  EXPECT_EQ(clock.tick(1000), (Version{1000, 1, 7, 3}));
}

TEST(HybridClock, BorrowsAMicrosecondWhenItsCounterIsFull) {
  HybridClock clock(7, 3);
  clock.observe({1000, kFullCounter, 1, 1});
  EXPECT_EQ(clock.tick(1000), (Version{1001, 0, 7, 3}));
}

TEST(HybridClock, GoesOnAboveItsFloorAfterARestart) {
  HybridClock before(7, 3);
  before.tick(9000);
  HybridClock after(7, 4);
  after.observe(before.floor());
  EXPECT_GT(after.tick(10), before.floor());
}

}  // namespace
}  // namespace mydht
