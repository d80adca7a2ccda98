// Proves what every user of a ring relies on: who is home is a pure function of the member list, each partition has as
// many distinct home nodes as it should, and the table never changes by accident (golden fingerprints).

#include "common/ring/ring.h"

#include <gtest/gtest.h>

#include <set>

#include "common/result/limits.h"
#include "tests/unit/common/ring/rings.h"

namespace mydht::ring {
namespace {

using test::evenList;
using test::listOf;

TEST(Ring, OfOneMemberGivesEverythingToIt) {
  const Ring ring(evenList(1, 7));
  EXPECT_EQ(ring.copies(), 1U);
  EXPECT_EQ(ring.quorum(), 1U);
  EXPECT_EQ(ring.partitionsOf(ring.present().front()), limits::kPartitions);
  EXPECT_EQ(ring.homesOf("any key").front(), ring.present().front());
}

TEST(Ring, GivesEachPartitionAsManyDistinctHomesAsItShould) {
  for (std::size_t nodes = 1; nodes <= 6; ++nodes) {
    for (unsigned replicas = 1; replicas <= 5; ++replicas) {
      const Ring ring(evenList(nodes, 11, replicas));
      ASSERT_EQ(ring.copies(), std::min<std::size_t>(nodes, replicas));
      for (std::size_t p = 0; p < limits::kPartitions; ++p) {
        const auto homes = ring.homes(static_cast<PartitionId>(p));
        ASSERT_EQ(std::set<NodeId>(homes.begin(), homes.end()).size(), ring.copies());
      }
    }
  }
}

TEST(Ring, LeavesOutWhoIsGoneOrRemoved) {
  MemberList list = evenList(5, 3);
  const NodeId gone = list.members[1].id;
  const NodeId removed = list.members[3].id;
  list.members[1].rank = Rank::Gone;
  list.members[3].rank = Rank::Removed;
  const Ring ring(list);
  EXPECT_EQ(ring.present().size(), 3U);
  EXPECT_EQ(ring.partitionsOf(gone), 0U);
  EXPECT_EQ(ring.partitionsOf(removed), 0U);
  EXPECT_EQ(ring.partitionsOf(ring.present().front()), limits::kPartitions);
}

TEST(Ring, TellsWhoIsHome) {
  const Ring ring(evenList(10, 5));
  for (std::size_t p = 0; p < limits::kPartitions; p += 97) {
    const auto partition = static_cast<PartitionId>(p);
    const auto homes = ring.homes(partition);
    const std::set<NodeId> expected(homes.begin(), homes.end());
    for (const NodeId node : ring.present()) EXPECT_EQ(ring.isHome(node, partition), expected.count(node) == 1);
  }
}

TEST(Ring, IsAPureFunctionOfItsMemberList) {
  EXPECT_EQ(Ring(evenList(20, 1)).fingerprint(), Ring(evenList(20, 1)).fingerprint());
  EXPECT_NE(Ring(evenList(20, 1)).fingerprint(), Ring(evenList(20, 2)).fingerprint());
}

TEST(Ring, HoldsReplicasToWhatTheSystemAllows) {
  EXPECT_EQ(Ring(evenList(12, 1, 1000)).copies(), limits::kReplicas);
  EXPECT_EQ(Ring(evenList(12, 1, 0)).copies(), 1U);
}

// If one of these changes, the algorithm changed: nodes of the two builds would disagree about who is home. Give it a
// new number then (kPlacementAlgorithm) and keep computing the old ones for rings that have an old number.
TEST(Ring, FingerprintsAreGolden) {
  const auto fingerprint = [](MemberList list, std::uint32_t algorithm) {
    list.algorithm = algorithm;
    return Ring(list).fingerprint();
  };
  const MemberList one = evenList(1, 1);
  const MemberList five = evenList(5, 1);
  const MemberList uneven = listOf({{100, "a"}, {100, "a"}, {1000, "b"}, {250, "b"}, {37, "c"}, {100, "d"}}, 1);
  const MemberList weights = listOf({{100}, {100}, {1000}, {250}, {37}, {100}}, 1);
  EXPECT_EQ(fingerprint(one, 1), 0x6830ea98122a66c5U);
  EXPECT_EQ(fingerprint(five, 1), 0xf0a7c6e18ccf7a88U);
  EXPECT_EQ(fingerprint(uneven, 1), 0xae3299ca63e22f08U);
  EXPECT_EQ(fingerprint(weights, 1), 0x9341d93ba33e33d3U);
  EXPECT_EQ(fingerprint(one, 2), 0x6830ea98122a66c5U);
  EXPECT_EQ(fingerprint(five, 2), 0x6570ca4ee3f0fbf8U);
  EXPECT_EQ(fingerprint(uneven, 2), 0x5ed1e332e351ee61U);
  EXPECT_EQ(fingerprint(weights, 2), 0x874986307ca11e19U);
}

TEST(RingDeath, NeedsAMember) {
  EXPECT_DEATH(Ring(MemberList{}), "broken invariant");
}

}  // namespace
}  // namespace mydht::ring
