// Proves which partitions others may fill from a node that hears late that a version is complete, and of which it may
// say what it holds. How: one node's membership on a simulated disk, which adopts versions one after the other.
#include <gtest/gtest.h>

#include "server/cluster/membership.h"
#include "tests/support/simulation/sim_disk.h"
#include "tests/support/simulation/sim_executor.h"
#include "tests/support/simulation/sim_random.h"

namespace mydht::cluster {
namespace {

class NoJournal final : public Journal {
 public:
  void note(Severity, std::string_view, std::string_view) override {}
};

class MembershipTest : public testing::Test {
 protected:
  void SetUp() override { membership_.load({1, 1, 1, 0}, {}); }
  void TearDown() override { time_.runUntilIdle(); }

  void adopt(std::vector<ring::MemberList> active) {
    const Status adopted = time_.run(executor_, membership_.adopt({kRing, std::move(active), {}}));
    EXPECT_TRUE(adopted.ok()) << adopted.error().text;
  }
  /// All that node 1 is home to in the newest version.
  void fill() {
    const ring::ViewPtr view = membership_.view();
    std::vector<PartitionId> partitions;
    for (std::size_t i = 0; i < limits::kPartitions; ++i) {
      const auto partition = static_cast<PartitionId>(i);
      if (view->newest().isHome(1, partition)) partitions.push_back(partition);
    }
    const Status filled = time_.run(executor_, membership_.markFilled(std::move(partitions), view));
    EXPECT_TRUE(filled.ok()) << filled.error().text;
  }

  static constexpr std::uint64_t kRing = 7;
  simulation::SimTime time_;
  simulation::SimExecutor executor_{time_};
  simulation::SimRandom random_{1};
  simulation::SimMedium medium_;
  simulation::SimDisk disk_{medium_, random_};
  store::Commits commits_{disk_};
  NoJournal journal_;
  const DeliberateBugs bugs_{};
  Membership membership_{executor_, commits_, journal_, bugs_,
                         [](ring::MemberList list) { return std::make_shared<const ring::Ring>(std::move(list)); }};
};

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
  const ring::ViewPtr all = membership_.view();
  adopt({three, joined, more});
  ASSERT_EQ(membership_.view()->active().size(), 3U);
  const StandingPtr standing = membership_.standing();
  unsigned partitions = 0;
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    EXPECT_TRUE(standing->sources[partition]) << "node 1 has filled all that it is home to in the complete version";
    const auto isHome = [&](std::size_t version) { return all->active()[version]->isHome(1, partition); };
    EXPECT_EQ(standing->filled[partition], isHome(2)) << "where it was none in between it has to fill again";
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
  const ring::ViewPtr all = membership_.view();
  EXPECT_TRUE(membership_.standing()->sources.all());
  adopt({joined, more});
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    EXPECT_EQ(membership_.standing()->sources[partition], all->active()[1]->isHome(1, partition));
  }
}

}  // namespace
}  // namespace mydht::cluster
