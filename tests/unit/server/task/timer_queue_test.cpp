// Proves that timers come out in order of their times and, at one time, of their making, that any of them can be taken
// back once and only once, and that a number of a timer that is gone never hits another one. How: random adds, removals
// and takes, beside a std::map that does the same.
#include "server/task/timer_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <map>
#include <utility>
#include <vector>

namespace mydht {
namespace {

Time at(int n) {
  return Time(std::chrono::seconds(n));
}

TEST(TimerQueueTest, TimersOfOneTimeComeInTheOrderOfTheirMaking) {
  TimerQueue<int> queue;
  for (int i = 0; i < 100; ++i) queue.add(at(i % 3), i);
  std::vector<std::pair<int, int>> seen;
  while (!queue.empty()) {
    const int payload = queue.takeFirst();
    seen.emplace_back(payload % 3, payload);
  }
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(seen.size(), 100u);
}

TEST(TimerQueueTest, ANumberIsNeverZeroAndWorksOnce) {
  TimerQueue<int> queue;
  const auto first = queue.add(at(1), 1);
  EXPECT_NE(first, 0u);
  EXPECT_FALSE(queue.remove(0));
  EXPECT_TRUE(queue.remove(first));
  EXPECT_FALSE(queue.remove(first));
  const auto second = queue.add(at(1), 2);
  EXPECT_FALSE(queue.remove(first)) << "the slot is used again, the number is not";
  EXPECT_EQ(queue.takeFirst(), 2);
  EXPECT_FALSE(queue.remove(second));
}

RC_GTEST_PROP(TimerQueueTest, BehavesLikeASortedMap,
              (const std::vector<std::pair<std::uint8_t, std::uint8_t>>& steps)) {
  TimerQueue<int> queue;
  std::map<std::pair<Time, int>, std::uint64_t> model;  // by time and making, to the number
  int made = 0;
  for (const auto& [what, when] : steps) {
    if (what % 4 < 2 || model.empty()) {
      const std::uint64_t number = queue.add(at(when % 8), made);
      model[{at(when % 8), made++}] = number;
    } else if (what % 4 == 2) {
      const auto victim = std::next(model.begin(), when % static_cast<int>(model.size()));
      RC_ASSERT(queue.remove(victim->second));
      RC_ASSERT(!queue.remove(victim->second));
      model.erase(victim);
    } else {
      RC_ASSERT(queue.firstTime() == model.begin()->first.first);
      RC_ASSERT(queue.takeFirst() == model.begin()->first.second);
      model.erase(model.begin());
    }
    RC_ASSERT(queue.size() == model.size());
  }
}

}  // namespace
}  // namespace mydht
