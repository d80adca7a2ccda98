// Proves what a node says of the copies of its partitions: each partition is counted once, as the worst that is known
// of its other home nodes; a comparison counts only if it began after the member was last away; and how long it has
// been so. How: members come, go and are compared with, on a ring of three and on one of seven.
#include <gtest/gtest.h>

#include "server/cluster/agreement.h"

namespace mydht::cluster {
namespace {

using namespace std::chrono_literals;

ring::Ring ringOf(NodeId members) {
  ring::MemberList list;
  for (NodeId id = 1; id <= members; ++id) {
    ring::Member member;
    member.id = id;
    member.tokenSeed = id;
    list.members.push_back(member);
  }
  return ring::Ring(std::move(list));
}

/// What node 1 says.
wire::Agreement said(Agreement& agreement, const ring::Ring& ring, Time now = Time{}) {
  agreement.count(ring, 1, now);
  return agreement.report();
}

/// What is said where everything is equal.
wire::Agreement equalIn(const ring::Ring& ring) {
  wire::Agreement agreement;
  agreement.table = ring.fingerprint();
  return agreement;
}

void compare(Agreement& agreement, NodeId member, Time now = Time{}) {
  agreement.finished(member, agreement.epoch(member), now);
}

TEST(Agreement, NothingIsMissingWhereNobodyElseIs) {
  Agreement agreement;
  const ring::Ring ring = ringOf(1);
  EXPECT_EQ(said(agreement, ring), equalIn(ring));
}

TEST(Agreement, AMemberCountsAsEqualOnlyOnceItHasBeenComparedWith) {
  const ring::Ring ring = ringOf(3);
  Agreement agreement;
  agreement.present(2);
  agreement.present(3);
  EXPECT_EQ(said(agreement, ring).uncompared, limits::kPartitions);
  compare(agreement, 2);
  EXPECT_EQ(said(agreement, ring).uncompared, limits::kPartitions) << "node 3 is home to all of them too";
  compare(agreement, 3);
  EXPECT_EQ(said(agreement, ring), equalIn(ring));
}

TEST(Agreement, APartitionIsCountedOnceAsTheWorstThatIsKnown) {
  const ring::Ring ring = ringOf(3);
  Agreement agreement;
  for (const NodeId member : {2, 3}) {
    agreement.present(member);
    compare(agreement, member);
  }
  agreement.found(2, {5, 6, 7});
  agreement.found(3, {7, 8});
  EXPECT_EQ(said(agreement, ring).differing, 4U);
  agreement.settled(2, 7);
  EXPECT_EQ(said(agreement, ring).differing, 4U) << "7 still differs from node 3's";
  agreement.settled(3, 7);
  EXPECT_EQ(said(agreement, ring).differing, 3U);
  agreement.present(3);
  EXPECT_EQ(said(agreement, ring).differing, 3U);
  EXPECT_EQ(said(agreement, ring).uncompared, limits::kPartitions - 3);
  agreement.absent(3);
  EXPECT_EQ(said(agreement, ring).lacking, limits::kPartitions);
  EXPECT_EQ(said(agreement, ring).differing, 0U);
}

TEST(Agreement, OnlyPartitionsOfTheAbsentMemberLackACopy) {
  const ring::Ring ring = ringOf(7);
  Agreement agreement;
  for (NodeId member = 2; member <= 7; ++member) {
    agreement.present(member);
    compare(agreement, member);
  }
  EXPECT_EQ(said(agreement, ring), equalIn(ring));
  agreement.absent(4);
  unsigned shared = 0;
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    if (ring.isHome(1, partition) && ring.isHome(4, partition)) ++shared;
  }
  EXPECT_GT(shared, 0U);
  EXPECT_EQ(said(agreement, ring).lacking, shared);
  agreement.keepOnly({2, 3, 5, 6, 7});
  EXPECT_EQ(said(agreement, ring).lacking, 0U) << "it is no member any more";
}

TEST(Agreement, AComparisonThatBeganBeforeTheMemberWasAwayDoesNotCount) {
  const ring::Ring ring = ringOf(3);
  Agreement agreement;
  agreement.present(3);
  compare(agreement, 3);
  agreement.present(2);
  const std::uint64_t epoch = agreement.epoch(2);
  agreement.absent(2);
  agreement.present(2);
  agreement.finished(2, epoch, Time{});
  EXPECT_FALSE(agreement.compared(2));
  EXPECT_EQ(said(agreement, ring).uncompared, limits::kPartitions);
  compare(agreement, 2);
  EXPECT_TRUE(agreement.compared(2));
  EXPECT_EQ(said(agreement, ring).uncompared, 0U);
}

TEST(Agreement, ItSaysForHowLongAndWhenTheLastComparisonWas) {
  const ring::Ring ring = ringOf(3);
  Agreement agreement;
  const Time start{1000s};
  agreement.present(2);
  agreement.present(3);
  EXPECT_EQ(said(agreement, ring, start).seconds, 0U);
  EXPECT_EQ(said(agreement, ring, start + 9s).seconds, 9U);
  compare(agreement, 2, start + 10s);
  EXPECT_EQ(said(agreement, ring, start + 11s).comparedSecondsAgo, 11U) << "node 3 never was";
  compare(agreement, 3, start + 12s);
  const wire::Agreement equal = said(agreement, ring, start + 15s);
  EXPECT_EQ(equal.seconds, 0U);
  EXPECT_EQ(equal.comparedSecondsAgo, 5U);
  agreement.found(3, {1});
  EXPECT_EQ(said(agreement, ring, start + 20s).seconds, 0U);
  agreement.absent(2);
  EXPECT_EQ(said(agreement, ring, start + 27s).seconds, 7U) << "one or the other, without a break";
}

}  // namespace
}  // namespace mydht::cluster
