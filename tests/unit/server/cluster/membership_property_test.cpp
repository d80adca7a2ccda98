// Proves that a node says of no partition that it is filled, or to be filled from, without having what was written
// there: whatever versions of the ring come about, and in whatever order it hears of them, fills and is told that they
// are complete. How: one node's membership on a simulated disk under random events from fixed seeds, against an account
// of what the node has read and seen that knows all versions, and nothing of how the membership decides.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/server/cluster/membership_world.h"

namespace mydht::cluster {
namespace {

using test::MembershipWorld;

/// All versions that were ever agreed, and the partitions of which node 1 has what a filled home node of each must
/// have. It comes by that in two ways: it had it in the version before and stays home, so that it sees each write; or
/// it reads from the home nodes of the former versions. Owned by a history; one thread.
class Account {
 public:
  std::size_t size() const { return versions_.size(); }
  const ring::MemberList& list(std::size_t version) const { return versions_[version].ring->list(); }
  const store::PartitionSet& home(std::size_t version) const { return versions_[version].home; }
  const store::PartitionSet& has(std::size_t version) const { return versions_[version].has; }
  std::size_t indexOf(const ring::Ring& ring) const {
    const auto found =
        std::ranges::find_if(versions_, [&](const Version& version) { return version.ring->name() == ring.name(); });
    MYDHT_ASSERT(found != versions_.end());
    return static_cast<std::size_t>(found - versions_.begin());
  }

  /// A version above all others is agreed.
  void agree(ring::RingPtr ring) {
    Version& version = versions_.emplace_back(Version{std::move(ring), {}, {}});
    for (std::size_t i = 0; i < limits::kPartitions; ++i) {
      version.home[i] = version.ring->isHome(MembershipWorld::kSelf, static_cast<PartitionId>(i));
    }
    stay();
  }
  /// Node 1 has read these partitions from the home nodes of each version of the view. What was written in a version
  /// between them that the view does not know it has only where it is home itself.
  void read(store::PartitionSet partitions, const ring::View& view) {
    const std::size_t newest = indexOf(view.newest());
    for (std::size_t i = indexOf(view.complete()); i <= newest; ++i) {
      Version& version = versions_[i];
      if (std::ranges::find(view.active(), version.ring) == view.active().end()) partitions &= version.home;
      version.has |= partitions & version.home;
    }
    stay();
  }
  /// What node 1 is not home to goes from its disk: with one active version it may be purged at any time.
  void purge(const ring::Ring& only) {
    const store::PartitionSet& kept = home(indexOf(only));
    for (Version& version : versions_) version.has &= kept;
  }

 private:
  struct Version {
    ring::RingPtr ring;
    store::PartitionSet home;
    store::PartitionSet has;
  };

  void stay() {
    for (std::size_t i = 1; i < versions_.size(); ++i) versions_[i].has |= versions_[i - 1].has & versions_[i].home;
  }

  std::vector<Version> versions_;
};

/// Whether a node that tells node 1 of two versions tells it of all that lie between them too. It may not know them:
/// changes that are agreed at once come about below one another.
enum class Told { AllBetween, SomeBetween };

/// What happens to a ring, and what node 1 hears of it, from one seed. Owned by one test; one thread.
class History {
 public:
  History(std::uint64_t seed, Told told) : seed_(seed), told_(told), random_(seed) {
    members_ = 3 + random_.below(4);
    for (NodeId id = 1; id <= members_; ++id) list_.put({.id = id, .tokenSeed = random_.next()});
    list_.replicas = 2 + static_cast<std::uint32_t>(random_.below(2));
    account_.agree(world_.ringOf(list_));
    hear(0, 0);
    fill(world_.view());
  }

  /// Stops at the first wrong claim: whatever comes after it would only repeat it.
  void run() {
    for (unsigned i = 0; i < kEvents && !testing::Test::HasFailure(); ++i) {
      happen();
      check();
    }
  }
  /// How often node 1 has heard of a version below one that it knew.
  unsigned gaps() const { return gaps_; }
  /// How often it said of a partition that others may fill it from there.
  std::size_t claims() const { return claims_; }

 private:
  static constexpr unsigned kEvents = 40;
  static constexpr unsigned kHalf = 500'000;

  void happen() {
    const std::uint64_t kind = random_.below(10);
    // As many as may be active when changes begin at once (R3), at times more.
    const bool mayChange = account_.size() - complete_ < (random_.below(5) == 0 ? 6U : 4U);
    if (kind < 3 && mayChange) {
      agree();
    } else if (kind < 4) {
      complete();
    } else if (kind < 7) {
      hearSome();
    } else if (begun_) {
      fill(std::exchange(begun_, nullptr));
    } else if (random_.chance(kHalf)) {
      fill(world_.view());
    } else {
      begun_ = world_.view();
    }
  }

  void agree() {
    change();
    if (list_ == account_.list(account_.size() - 1)) return;
    account_.agree(world_.ringOf(list_));
    note("agreed", {account_.size() - 1});
  }
  void change() {
    switch (random_.below(5)) {
      case 0:
        list_.put({.id = ++members_, .tokenSeed = random_.next()});
        break;
      case 1:
        takeOut(anyMember());
        break;
      case 2:
        weigh(anyMember(), random_.chance(kHalf) ? 100 : 400);
        break;
      case 3:
        weigh(MembershipWorld::kSelf, list_.find(MembershipWorld::kSelf)->weightHundredths < 60 ? 150 : 40);
        break;
      default:
        list_.replicas = 1 + static_cast<std::uint32_t>(random_.below(4));
        ++list_.replicasNumber;
    }
  }
  NodeId anyMember() {
    const std::vector<NodeId> present = list_.present();
    return present[random_.below(present.size())];
  }
  void takeOut(NodeId node) {
    if (node == MembershipWorld::kSelf || list_.present().size() <= 3) return;
    ring::Member member = *list_.find(node);
    member.rank = ring::Rank::Gone;
    list_.put(member);
  }
  void weigh(NodeId node, std::uint32_t hundredths) {
    ring::Member member = *list_.find(node);
    ++member.number;
    member.weightHundredths = hundredths;
    list_.put(member);
  }

  /// One of the later versions becomes the complete one, whether or not node 1 has filled anything.
  void complete() {
    if (complete_ + 1 == account_.size()) return;
    complete_ += 1 + random_.below(account_.size() - complete_ - 1);
    note("complete", {complete_});
  }

  /// Some node that may be behind tells what it knows.
  void hearSome() {
    const std::size_t last = account_.size() - 1;
    const std::size_t first = random_.chance(kHalf) ? complete_ : random_.below(complete_ + 1);
    const std::size_t newest = random_.chance(kHalf) ? last : first + random_.below(last - first + 1);
    const std::size_t from = std::max(first, account_.indexOf(world_.view()->complete()));
    const std::size_t to = std::max(newest, account_.indexOf(world_.view()->newest()));
    const bool fits = newest - first < ring::kMostActiveVersions && to - from < ring::kMostActiveVersions;
    if (fits) hear(first, newest);
  }
  void hear(std::size_t first, std::size_t newest) {
    std::vector<std::size_t> heard;
    std::vector<ring::MemberList> active;
    for (std::size_t i = first; i <= newest; ++i) {
      const bool between = i != first && i != newest;
      if (told_ == Told::SomeBetween && between && random_.chance(kHalf)) continue;
      heard.push_back(i);
      active.push_back(account_.list(i));
    }
    // Who has heard of all versions may remember fewer of the past ones, as a node does that has joined since.
    const std::size_t most = told_ == Told::SomeBetween ? ring::kPastVersions : random_.below(ring::kPastVersions + 1);
    std::vector<ring::MemberList> past;
    for (std::size_t i = first - std::min(first, most); i < first; ++i) past.push_back(account_.list(i));
    note("heard of", heard);
    const ring::ViewPtr before = world_.view();
    world_.adopt(std::move(active), std::move(past));
    if (before) countGaps(*before);
    if (!world_.view()->changing()) account_.purge(world_.view()->complete());
  }
  void countGaps(const ring::View& before) {
    for (const ring::RingPtr& version : world_.view()->active()) {
      const bool known = std::ranges::find(before.active(), version) != before.active().end();
      gaps_ += !known && version->name() < before.newest().name() ? 1 : 0;
    }
  }

  /// Reads some of what is not filled yet, as of that view.
  void fill(const ring::ViewPtr& asOf) {
    const StandingPtr standing = world_.standing();
    store::PartitionSet missing = account_.home(account_.indexOf(asOf->newest()));
    missing &= ~standing->filled | standing->owed;
    store::PartitionSet read;
    std::vector<PartitionId> partitions;
    for (std::size_t i = 0; i < limits::kPartitions; ++i) {
      if (!missing[i] || random_.below(4) == 0) continue;
      read.set(i);
      partitions.push_back(static_cast<PartitionId>(i));
    }
    account_.read(read, *asOf);
    std::vector<std::size_t> versions;
    for (const ring::RingPtr& version : asOf->active()) versions.push_back(account_.indexOf(*version));
    note("filled as of", versions);
    world_.markFilled(std::move(partitions), asOf);
  }

  void check() {
    const StandingPtr standing = world_.standing();
    const std::vector<ring::RingPtr>& active = standing->view->active();
    const std::size_t complete = account_.indexOf(standing->view->complete());
    const store::PartitionSet& home = account_.home(complete);
    claims_ += (standing->sources & home).count();
    expectNone(standing->sources & home & ~account_.has(complete), complete, "a source of its complete version");
    // Nobody relies on what it says of versions above one that it has not heard of: they tell it of that one first
    // (R4).
    for (std::size_t i = complete; i - complete < active.size() && account_.indexOf(*active[i - complete]) == i; ++i) {
      expectNone(standing->filled & account_.home(i) & ~account_.has(i), i, "filled");
    }
    store::PartitionSet later;
    for (const ring::RingPtr& version : active) later |= account_.has(account_.indexOf(*version));
    expectNone(standing->sources & ~home & ~later, complete, "a source of a version to be complete after this one");
  }
  void expectNone(const store::PartitionSet& wrong, std::size_t version, const std::string& calls) const {
    if (wrong.none()) return;
    std::size_t partition = 0;
    while (!wrong[partition]) ++partition;
    std::string homes;
    for (std::size_t i = 0; i < account_.size(); ++i) {
      if (account_.home(i)[partition]) homes += " " + std::to_string(i);
    }
    ADD_FAILURE() << "seed " << seed_ << ", partition " << partition << ", version " << version << ": node 1 calls it "
                  << calls << ", and lacks what was written; it is home to it in versions" << homes << "\n"
                  << events_;
  }

  void note(const std::string& event, const std::vector<std::size_t>& versions) {
    events_ += event;
    for (const std::size_t version : versions) events_ += " " + std::to_string(version);
    events_ += "; ";
  }

  const std::uint64_t seed_;
  const Told told_;
  simulation::SimRandom random_;
  MembershipWorld world_;
  Account account_;
  NodeId members_ = 0;        // that there ever were
  ring::MemberList list_;     // of the newest version
  std::size_t complete_ = 0;  // the version that is the complete one by now, whoever has heard of that
  ring::ViewPtr begun_;       // of a fill that has not ended yet
  std::string events_;
  unsigned gaps_ = 0;
  std::size_t claims_ = 0;
};

constexpr std::uint64_t kHistories = 80;

TEST(MembershipProperty, ANodeThatHearsOfAllVersionsClaimsNothingThatItLacks) {
  std::size_t claims = 0;
  for (std::uint64_t seed = 1; seed <= kHistories && !testing::Test::HasFailure(); ++seed) {
    History history(seed, Told::AllBetween);
    history.run();
    claims += history.claims();
    EXPECT_EQ(history.gaps(), 0U);
  }
  EXPECT_GT(claims, 0U);
}

TEST(MembershipProperty, ANodeThatHearsOfVersionsBelowThoseItKnowsClaimsNothingThatItLacks) {
  std::size_t claims = 0;
  unsigned gaps = 0;
  for (std::uint64_t seed = 1; seed <= kHistories && !testing::Test::HasFailure(); ++seed) {
    History history(seed, Told::SomeBetween);
    history.run();
    claims += history.claims();
    gaps += history.gaps();
  }
  EXPECT_GT(claims, 0U);
  EXPECT_GT(gaps, 0U);
}

}  // namespace
}  // namespace mydht::cluster
