// Proves the checker of C1 itself: histories that are linearizable pass, histories that are not fail, and the quick
// check by versions never passes what the exhaustive one refuses.

#include "tests/simulation/model/linearizability.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/simulation/model/random.h"

namespace {

using namespace mydht;
using namespace mydht::model;

Call put(unsigned value, unsigned start, unsigned end) {
  return {.write = true, .start = start, .end = end, .value = value, .witness = {static_cast<std::int64_t>(value)}};
}

Call get(unsigned value, unsigned start, unsigned end) {
  return {.start = start, .end = end, .value = value, .witness = {static_cast<std::int64_t>(value)}};
}

Call unanswered(unsigned value, unsigned start) {
  Call call = put(value, start, 0);
  call.finished = false;
  return call;
}

TEST(Linearizability, AGetAfterAPutReturnsIt) {
  EXPECT_TRUE(linearizable({put(1, 1, 2), get(1, 3, 4)}));
  EXPECT_FALSE(linearizable({put(1, 1, 2), get(0, 3, 4)}));
}

TEST(Linearizability, AGetDuringAPutReturnsEither) {
  EXPECT_TRUE(linearizable({put(1, 1, 5), get(0, 2, 3)}));
  EXPECT_TRUE(linearizable({put(1, 1, 5), get(1, 2, 3)}));
}

TEST(Linearizability, GetsNeverGoBack) {
  EXPECT_FALSE(linearizable({put(1, 1, 9), get(1, 2, 3), get(0, 4, 5)}));
  EXPECT_FALSE(linearizable({put(1, 1, 9), put(2, 1, 9), get(1, 2, 3), get(2, 4, 5), get(1, 6, 7)}));
}

TEST(Linearizability, AnUnansweredWriteMayAppearLateOrNever) {
  EXPECT_TRUE(linearizable({unanswered(1, 1), get(0, 2, 3), get(1, 4, 5)}));
  EXPECT_TRUE(linearizable({unanswered(1, 1), get(0, 2, 3)}));
  EXPECT_FALSE(linearizable({unanswered(1, 1), get(1, 2, 3), get(0, 4, 5)}));
  EXPECT_FALSE(linearizable({unanswered(1, 4), get(1, 2, 3)}));
}

TEST(Linearizability, OfTwoConcurrentPutsEitherMayRemainButNotBoth) {
  EXPECT_TRUE(linearizable({put(1, 1, 4), put(2, 2, 5), get(1, 6, 7)}));
  EXPECT_TRUE(linearizable({put(1, 1, 4), put(2, 2, 5), get(2, 6, 7)}));
  EXPECT_FALSE(linearizable({put(1, 1, 4), put(2, 2, 5), get(1, 6, 7), get(2, 8, 9)}));
}

TEST(Linearizability, TheQuickCheckNeverPassesWhatTheExhaustiveOneRefuses) {
  unsigned passed = 0;
  unsigned refused = 0;
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    Random random(seed);
    std::vector<Call> calls;
    for (unsigned i = 1; i <= 3; ++i) {
      const unsigned start = random.below(20);
      calls.push_back(put(i, start, start + 1 + random.below(8)));
    }
    for (unsigned i = 0; i < 3; ++i) {
      const unsigned start = random.below(20);
      const Call& write = calls[random.below(3)];
      // A get finds what was written, so it ends after that began: the model can do no other, and the quick check rests
      // on it.
      calls.push_back(
          get(write.value, std::max(start, write.start), std::max(start, write.start) + 1 + random.below(8)));
    }
    if (linearizable(calls)) {
      passed += witnessesInOrder(calls) ? 1 : 0;
    } else {
      ++refused;
      EXPECT_FALSE(witnessesInOrder(calls)) << "seed " << seed;
    }
  }
  EXPECT_GT(passed, 100u);
  EXPECT_GT(refused, 100u);
}

}  // namespace
