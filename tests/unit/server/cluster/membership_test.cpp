// Proves which partitions others may fill from a node that hears late that a version is complete, and of which it may
// say what it holds. How: one node's membership on a simulated disk, which adopts versions one after the other.
#include <gtest/gtest.h>

#include "tests/unit/server/cluster/membership_world.h"

namespace mydht::cluster {
namespace {

class MembershipTest : public testing::Test, protected test::MembershipWorld {};

TEST_F(MembershipTest, WhatWasFilledForAVersionCountsWhenItTurnsOutToBeCompleteWhateverCameAfterIt) {
  ring::MemberList four;
  for (NodeId id = 1; id <= 4; ++id) four.put({.id = id, .tokenSeed = id});
  ring::MemberList three = four;
  three.put({.id = 4, .rank = ring::Rank::Gone, .tokenSeed = 4});
  ring::MemberList joined = three;
  joined.put({.id = 5, .tokenSeed = 5});
  ring::MemberList more = joined;
  more.replicas = 4;
  ++more.replicasNumber;
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

// What it was home to and is not any more, in a version that is complete by now, others fill from somebody else.
TEST_F(MembershipTest, WhatWasFilledForAVersionThatWasNeverCompletedIsNothingToFillFrom) {
  ring::MemberList three;
  for (NodeId id = 1; id <= 3; ++id) three.put({.id = id, .tokenSeed = id});
  ring::MemberList joined = three;
  joined.put({.id = 5, .tokenSeed = 5});
  ring::MemberList more = joined;
  more.replicas = 4;
  ++more.replicasNumber;
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
  ring::MemberList four;
  for (NodeId id = 1; id <= 4; ++id) four.put({.id = id, .tokenSeed = id});
  ring::MemberList joined = four;
  joined.put({.id = 5, .tokenSeed = 5});
  ring::MemberList more = joined;
  more.replicas = 4;
  ++more.replicasNumber;
  store::PartitionSet missed;
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto isHome = [&](const ring::MemberList& list) {
      return ringOf(list)->isHome(kSelf, static_cast<PartitionId>(i));
    };
    missed[i] = isHome(four) && !isHome(joined) && isHome(more);
  }
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

}  // namespace
}  // namespace mydht::cluster
