// Proves which partitions others may fill from a node that hears late that a version is complete, and of which it may
// say what it holds. How: one node's membership on a simulated disk, which adopts versions one after the other.
#include <gtest/gtest.h>

#include "tests/unit/server/cluster/membership_world.h"

namespace mydht::cluster {
namespace {

class MembershipTest : public testing::Test, protected test::MembershipWorld {
 protected:
  /// So many members, and three copies.
  static ring::MemberList membersUpTo(NodeId last) {
    ring::MemberList list;
    for (NodeId id = 1; id <= last; ++id) list.put({.id = id, .tokenSeed = id});
    return list;
  }
  static ring::MemberList with(ring::MemberList list, NodeId joiner) {
    list.put({.id = joiner, .tokenSeed = joiner});
    return list;
  }
  static ring::MemberList without(ring::MemberList list, NodeId leaver) {
    list.put({.id = leaver, .rank = ring::Rank::Gone, .tokenSeed = leaver});
    return list;
  }
  static ring::MemberList withFourCopies(ring::MemberList list) {
    list.replicas = 4;
    ++list.replicasNumber;
    return list;
  }
  /// Whether node 1 is home to a partition in each of these versions, in their order.
  std::vector<bool> homesIn(const std::vector<ring::MemberList>& lists, PartitionId partition) {
    std::vector<bool> homes;
    for (const ring::MemberList& list : lists) homes.push_back(ringOf(list)->isHome(kSelf, partition));
    return homes;
  }
  /// The partitions to which node 1 is home, and is not, just so in these versions.
  store::PartitionSet partitionsWith(const std::vector<ring::MemberList>& lists, const std::vector<bool>& homes) {
    store::PartitionSet partitions;
    for (std::size_t i = 0; i < limits::kPartitions; ++i) {
      partitions[i] = homesIn(lists, static_cast<PartitionId>(i)) == homes;
    }
    return partitions;
  }
};

TEST_F(MembershipTest, WhatWasFilledForAVersionCountsWhenItTurnsOutToBeCompleteWhateverCameAfterIt) {
  const ring::MemberList four = membersUpTo(4);
  const ring::MemberList three = without(four, 4);
  const ring::MemberList joined = with(three, 5);
  const ring::MemberList more = withFourCopies(joined);
  adopt({four});
  fill();
  adopt({four, three});
  fill();
  adopt({four, three, joined});
  adopt({four, three, joined, more});
  const ring::ViewPtr all = view();
  adopt({three, joined, more});
  ASSERT_EQ(view()->active().size(), 3U);
  const StandingPtr now = standing();
  unsigned partitions = 0;
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    EXPECT_TRUE(now->sources[partition]) << "node 1 has filled all that it is home to in the complete version";
    const auto isHome = [&](std::size_t version) { return all->active()[version]->isHome(1, partition); };
    EXPECT_EQ(now->filled[partition], isHome(2)) << "where it was none in between it has to fill again";
    partitions += !isHome(0) && isHome(1) && !isHome(2) ? 1 : 0;
  }
  EXPECT_GT(partitions, 0U);
}

// A version that is heard of in the last moment takes away what was filled without it: nobody completes one on that.
TEST_F(MembershipTest, AVersionIsCompleteOnlyInTheViewInWhichItWasFilled) {
  const ring::MemberList four = membersUpTo(4);
  const ring::MemberList fewer = without(four, 4);
  const ring::MemberList joined = with(fewer, 5);
  adopt({four});
  fill();
  adopt({four, joined});
  fill();
  const ring::ViewPtr filledIn = view();
  adopt({four, fewer, joined});
  const Status refused = complete(filledIn, 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, Kind::OlderRing);
  EXPECT_EQ(view()->active().size(), 3U);
  EXPECT_TRUE(complete(view(), 2).ok());
  EXPECT_FALSE(view()->changing());
  EXPECT_EQ(view()->newest().list(), joined);
}

// What it was home to and is not any more, in a version that is complete by now, others fill from somebody else.
TEST_F(MembershipTest, WhatWasFilledForAVersionThatWasNeverCompletedIsNothingToFillFrom) {
  const ring::MemberList three = membersUpTo(3);
  const ring::MemberList joined = with(three, 5);
  const ring::MemberList more = withFourCopies(joined);
  adopt({three});
  fill();
  adopt({three, joined});
  adopt({three, joined, more});
  const ring::ViewPtr all = view();
  EXPECT_TRUE(standing()->sources.all());
  adopt({joined, more});
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    EXPECT_EQ(standing()->sources[partition], all->active()[1]->isHome(1, partition));
  }
}

// Two changes agreed at once: the one that contains the other is known to node 1 alone, which is killed; meanwhile the
// others complete the lesser one and write there.
TEST_F(MembershipTest, AVersionThatCameAboutBelowTheNewestOneIsAGap) {
  const ring::MemberList four = membersUpTo(4);
  const ring::MemberList joined = with(four, 5);
  const ring::MemberList more = withFourCopies(joined);
  const store::PartitionSet missed = partitionsWith({four, joined, more}, {true, false, true});
  ASSERT_TRUE(missed.any());
  adopt({four});
  fill();
  adopt({four, more});
  adopt({joined}, {four});
  ASSERT_EQ(view()->active().size(), 2U);
  EXPECT_TRUE((standing()->filled & missed).none()) << "what was written in the lesser version is not here";
  adopt({more}, {four, joined});
  EXPECT_TRUE((standing()->sources & missed).none()) << "nor is it when the greater one is complete";
}

// What was filled for a version counts later only if none has come about below it that node 1 had not heard of.
TEST_F(MembershipTest, WhatWasFilledForAVersionDoesNotCountLaterIfOneCameAboutBelowIt) {
  const ring::MemberList four = membersUpTo(4);
  const ring::MemberList unheard = with(four, 6);
  const ring::MemberList filledFor = without(unheard, 4);
  const ring::MemberList away = with(filledFor, 5);
  const ring::MemberList back = withFourCopies(away);
  const store::PartitionSet missed =
      partitionsWith({four, unheard, filledFor, away, back}, {false, false, true, false, true});
  ASSERT_TRUE(missed.any());
  adopt({four});
  fill();
  adopt({four, filledFor});
  fill();
  adopt({four, filledFor, away});
  adopt({four, filledFor, away, back});
  EXPECT_EQ(standing()->sources & missed, missed) << "for when that version is complete";
  adopt({four, unheard, filledFor, away, back});
  adopt({filledFor, away, back});
  EXPECT_TRUE((standing()->sources & missed).none()) << "what was written in the one below is not here";
}

}  // namespace
}  // namespace mydht::cluster
