// Proves that merging records is a join, so that nodes which learn of changes in any order, and any number of times,
// end with the same record: the three axioms as properties, and each rule of who wins by an example.

#include "common/ring/member.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <ostream>

#include "tests/unit/common/ring/generators.h"

namespace mydht::ring {

void showValue(const Member& member, std::ostream& out) {
  out << "{" << member.id << " rank " << static_cast<int>(member.rank) << " number " << member.number << " seed "
      << member.tokenSeed << " weight " << member.weightHundredths << " zone '" << member.zone << "'}";
}

namespace {

Member drawnFor(NodeId id) {
  Member member = *test::genMember();
  member.id = id;
  return member;
}

RC_GTEST_PROP(MergeMembers, IsCommutative, ()) {
  const Member a = drawnFor(1);
  const Member b = drawnFor(1);
  RC_ASSERT(mergeMembers(a, b) == mergeMembers(b, a));
}

RC_GTEST_PROP(MergeMembers, IsAssociative, ()) {
  const Member a = drawnFor(1);
  const Member b = drawnFor(1);
  const Member c = drawnFor(1);
  RC_ASSERT(mergeMembers(mergeMembers(a, b), c) == mergeMembers(a, mergeMembers(b, c)));
}

RC_GTEST_PROP(MergeMembers, IsIdempotent, ()) {
  const Member a = drawnFor(1);
  const Member b = drawnFor(1);
  const Member merged = mergeMembers(a, b);
  RC_ASSERT(mergeMembers(a, a) == a);
  RC_ASSERT(mergeMembers(merged, a) == merged);
  RC_ASSERT(mergeMembers(merged, b) == merged);
}

RC_GTEST_PROP(MergeMembers, TakesTheHighestRankAndTheHighestNumber, ()) {
  const Member a = drawnFor(1);
  const Member b = drawnFor(1);
  const Member merged = mergeMembers(a, b);
  RC_ASSERT(merged.rank == std::max(a.rank, b.rank));
  RC_ASSERT(merged.number == std::max(a.number, b.number));
}

TEST(MergeMembers, TheHigherNumberBringsItsFields) {
  const Member older{1, Rank::Present, 1, 9, 900, "z"};
  const Member newer{1, Rank::Present, 2, 1, 100, "a"};
  EXPECT_EQ(mergeMembers(older, newer), newer);
}

TEST(MergeMembers, AMemberThatIsGoneStaysGoneThoughItsFieldsChangeLater) {
  const Member gone{1, Rank::Gone, 1, 9, 900, "z"};
  const Member changed{1, Rank::Present, 5, 1, 100, "a"};
  const Member merged = mergeMembers(gone, changed);
  EXPECT_EQ(merged, (Member{1, Rank::Gone, 5, 1, 100, "a"}));
}

TEST(MergeMembers, OfEqualNumbersTheFieldsDecideInOrder) {
  const Member a{1, Rank::Present, 1, 5, 100, "z"};
  EXPECT_EQ(mergeMembers(a, Member{1, Rank::Present, 1, 6, 50, "a"}).tokenSeed, 6U);
  EXPECT_EQ(mergeMembers(a, Member{1, Rank::Present, 1, 5, 101, "a"}).zone, "a");
  EXPECT_EQ(mergeMembers(a, Member{1, Rank::Present, 1, 5, 100, "y"}).zone, "z");
}

TEST(MergeMembersDeath, RefusesRecordsOfTwoNodes) {
  const Member a{1};
  const Member b{2};
  EXPECT_DEATH(mergeMembers(a, b), "a.id == b.id");
}

}  // namespace
}  // namespace mydht::ring
