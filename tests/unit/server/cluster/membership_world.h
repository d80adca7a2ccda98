#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "server/cluster/membership.h"
#include "tests/support/simulation/sim_disk.h"
#include "tests/support/simulation/sim_executor.h"
#include "tests/support/simulation/sim_random.h"

namespace mydht::cluster::test {

class NoJournal final : public Journal {
 public:
  void note(Severity, std::string_view, std::string_view) override {}
};

/// The membership of node 1 on a simulated disk in virtual time, which hears from a test of the versions that there
/// are. Owned by one test; one thread.
class MembershipWorld {
 public:
  static constexpr NodeId kSelf = 1;
  static constexpr std::uint64_t kRing = 7;

  MembershipWorld() { membership_.load({kSelf, 1, 1, 0}, {}); }
  ~MembershipWorld() { time_.runUntilIdle(); }
  MembershipWorld(const MembershipWorld&) = delete;
  MembershipWorld& operator=(const MembershipWorld&) = delete;

  ring::ViewPtr view() const { return membership_.view(); }
  StandingPtr standing() const { return membership_.standing(); }

  /// Computes each table once, since that takes far longer than all that is tested here.
  ring::RingPtr ringOf(const ring::MemberList& list) {
    const auto made = std::ranges::find_if(rings_, [&](const ring::RingPtr& ring) { return ring->list() == list; });
    return made != rings_.end() ? *made : rings_.emplace_back(std::make_shared<const ring::Ring>(list));
  }
  void adopt(std::vector<ring::MemberList> active, std::vector<ring::MemberList> past = {}) {
    const Status adopted = time_.run(executor_, membership_.adopt({kRing, std::move(active), std::move(past)}));
    EXPECT_TRUE(adopted.ok()) << adopted.error().text;
  }
  /// Takes that version of the view for complete.
  Status complete(const ring::ViewPtr& asOf, std::size_t index) {
    return time_.run(executor_, membership_.complete(asOf, index));
  }
  void markFilled(std::vector<PartitionId> partitions, const ring::ViewPtr& asOf) {
    const Status filled = time_.run(executor_, membership_.markFilled(std::move(partitions), asOf));
    EXPECT_TRUE(filled.ok()) << filled.error().text;
  }
  /// All that node 1 is home to in the newest version.
  void fill() {
    const ring::ViewPtr now = view();
    std::vector<PartitionId> partitions;
    for (std::size_t i = 0; i < limits::kPartitions; ++i) {
      const auto partition = static_cast<PartitionId>(i);
      if (now->newest().isHome(kSelf, partition)) partitions.push_back(partition);
    }
    markFilled(std::move(partitions), now);
  }

 private:
  simulation::SimTime time_;
  simulation::SimExecutor executor_{time_};
  simulation::SimRandom random_{1};
  simulation::SimMedium medium_;
  simulation::SimDisk disk_{medium_, random_};
  store::Commits commits_{disk_};
  NoJournal journal_;
  const DeliberateBugs bugs_{};
  std::vector<ring::RingPtr> rings_;
  Membership membership_{executor_, commits_, journal_, bugs_,
                         [this](const ring::MemberList& list) { return ringOf(list); }};
};

}  // namespace mydht::cluster::test
