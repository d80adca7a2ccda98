// Proves the marks of R12 and the ten-seconds rule of R9: each comparison at its edges, and the axioms that the
// protocol rests on as properties over random versions.

#include "common/version/marks.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "common/result/limits.h"

namespace {

using namespace mydht;

Version at(std::int64_t micros) {
  return {micros, 0, 1, 1};
}

Entry valueAt(std::int64_t micros) {
  return {.key = "k", .version = at(micros), .size = 1};
}

Entry tombstoneAt(std::int64_t micros) {
  return {.key = "k", .version = at(micros), .tombstone = true};
}

TEST(Marks, AClientsWriteAtOrBelowClosedIsRefused) {
  EXPECT_FALSE(mayTakeClientWrite(at(5), at(5)));
  EXPECT_FALSE(mayTakeClientWrite(at(4), at(5)));
  EXPECT_TRUE(mayTakeClientWrite(at(6), at(5)));
  EXPECT_TRUE(mayTakeClientWrite({5, 1, 1, 1}, at(5)));
}

TEST(Marks, ACopyAtOrBelowSettledComesOnlyFromAHomeThatIsSettledAsFar) {
  EXPECT_FALSE(mayTakeCopy(at(305), Version{}, at(406)));
  EXPECT_FALSE(mayTakeCopy(at(406), at(405), at(406)));
  EXPECT_TRUE(mayTakeCopy(at(305), at(406), at(406)));
  EXPECT_TRUE(mayTakeCopy(at(407), Version{}, at(406)));
}

TEST(Marks, OnlySettledTombstonesAreReaped) {
  EXPECT_TRUE(mayReap(tombstoneAt(5), at(5)));
  EXPECT_FALSE(mayReap(tombstoneAt(6), at(5)));
  EXPECT_FALSE(mayReap(valueAt(4), at(5)));
}

TEST(Marks, NoneSettledAt406BeatsVersion305) {
  const Entry old = valueAt(305);
  const std::vector<Vote> votes{{&old, at(300)}, {nullptr, at(406)}};
  EXPECT_EQ(newestOfVotes(votes), nullptr);
}

TEST(Marks, AVersionAboveSettledBeatsNone) {
  const Entry fresh = valueAt(407);
  const std::vector<Vote> votes{{&fresh, Version{}}, {nullptr, at(406)}};
  EXPECT_EQ(newestOfVotes(votes), &fresh);
}

TEST(Marks, AVersionOfAHomeThatIsSettledAsFarCounts) {
  const Entry kept = valueAt(305);
  const std::vector<Vote> votes{{nullptr, at(300)}, {&kept, at(406)}};
  EXPECT_EQ(newestOfVotes(votes), &kept);
}

TEST(Marks, NoVotesAndOnlyNonesAreNone) {
  EXPECT_EQ(newestOfVotes({}), nullptr);
  const std::vector<Vote> votes{{nullptr, at(1)}, {nullptr, at(2)}};
  EXPECT_EQ(newestOfVotes(votes), nullptr);
}

TEST(Marks, TenSecondsAheadAreTakenAndOneMicrosecondMoreIsNot) {
  const std::int64_t now = 1'000'000'000;
  EXPECT_FALSE(isTooFarAhead(at(now + limits::kFutureMicros), now, Version{}, Version{}));
  EXPECT_TRUE(isTooFarAhead(at(now + limits::kFutureMicros + 1), now, Version{}, Version{}));
  EXPECT_FALSE(isTooFarAhead(at(now - 1), now, Version{}, Version{}));
}

TEST(Marks, AKeyOrAMarkFromTheFutureCanBeWrittenAbove) {
  const std::int64_t now = 1'000;
  const std::int64_t future = now + 100 * limits::kFutureMicros;
  EXPECT_FALSE(isTooFarAhead(at(future + 1), now, at(future), Version{}));
  EXPECT_FALSE(isTooFarAhead(at(future + 1), now, Version{}, at(future)));
}

TEST(Marks, TheEndsOfTimeDoNotOverflow) {
  constexpr auto last = std::numeric_limits<std::int64_t>::max();
  constexpr auto first = std::numeric_limits<std::int64_t>::min();
  EXPECT_TRUE(isTooFarAhead(at(last), 0, Version{}, Version{}));
  EXPECT_TRUE(isTooFarAhead(at(last), first, at(first), at(first)));
  EXPECT_FALSE(isTooFarAhead(at(first), last, Version{}, Version{}));
  EXPECT_FALSE(isTooFarAhead(at(last), last - 1, Version{}, Version{}));
}

Version randomVersion() {
  return at(*rc::gen::inRange<std::int64_t>(0, 8));
}

RC_GTEST_PROP(Marks, MergingIsCommutativeAssociativeIdempotentAndNeverFalls, ()) {
  const Marks a{randomVersion(), randomVersion()};
  const Marks b{randomVersion(), randomVersion()};
  const Marks c{randomVersion(), randomVersion()};
  RC_ASSERT(mergeMarks(a, b) == mergeMarks(b, a));
  RC_ASSERT(mergeMarks(mergeMarks(a, b), c) == mergeMarks(a, mergeMarks(b, c)));
  RC_ASSERT(mergeMarks(a, a) == a);
  RC_ASSERT(mergeMarks(a, b).closed >= a.closed);
  RC_ASSERT(mergeMarks(a, b).settled >= b.settled);
}

RC_GTEST_PROP(Marks, AHigherMarkNeverTakesMoreAndItsOwnCopyAlwaysReturns, ()) {
  const Version copied = randomVersion();
  const Version sender = randomVersion();
  const Version low = randomVersion();
  const Version high = std::max(low, randomVersion());
  if (mayTakeCopy(copied, sender, high)) RC_ASSERT(mayTakeCopy(copied, sender, low));
  if (mayTakeClientWrite(copied, high)) RC_ASSERT(mayTakeClientWrite(copied, low));
  RC_ASSERT(mayTakeCopy(copied, high, high));
}

RC_GTEST_PROP(Marks, VotesMayComeInAnyOrderAndTwice, ()) {
  std::vector<Entry> entries;
  for (int i = 0; i < 4; ++i) {
    entries.push_back(*rc::gen::arbitrary<bool>() ? valueAt(*rc::gen::inRange(1, 8))
                                                  : tombstoneAt(*rc::gen::inRange(1, 8)));
  }
  std::vector<Vote> votes;
  for (const Entry& entry : entries) {
    votes.push_back({*rc::gen::arbitrary<bool>() ? &entry : nullptr, randomVersion()});
  }
  const Entry* first = newestOfVotes(votes);
  votes.push_back(votes[*rc::gen::inRange<std::size_t>(0, votes.size())]);
  std::reverse(votes.begin(), votes.end());
  const Entry* second = newestOfVotes(votes);
  RC_ASSERT((first == nullptr) == (second == nullptr));
  if (first != nullptr) RC_ASSERT(*first == *second);
}

}  // namespace
