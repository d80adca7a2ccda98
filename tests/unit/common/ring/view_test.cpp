// Proves what a node knows of its ring: which nodes a view names, when an asker's older view matters (R4), and that two
// views become what both know together or are refused. Chains of versions that grow by a node each.

#include "common/ring/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "tests/unit/common/ring/views.h"

namespace mydht::ring {
namespace {

using test::growingFrom;
using test::kIdentity;
using test::partitionWhere;
using test::viewOf;
using testing::ElementsAreArray;

std::vector<VersionName> namesOf(const View& view) {
  std::vector<VersionName> names;
  for (const RingPtr& version : view.active()) names.push_back(version->name());
  return names;
}

const std::vector<RingPtr>& chain() {
  static const std::vector<RingPtr> kChain = growingFrom(4, 5);
  return kChain;
}

VersionName nameAt(std::size_t index) {
  return chain()[index]->name();
}

PartitionId changedBetween(std::size_t a, std::size_t b) {
  return partitionWhere([&](PartitionId p) { return !sameHomes(*chain()[a], *chain()[b], p); });
}

PartitionId sameInAll() {
  return partitionWhere([](PartitionId p) {
    for (const RingPtr& version : chain()) {
      if (!sameHomes(*chain().front(), *version, p)) return false;
    }
    return true;
  });
}

/// Versions that no agreement could make: each has a member that the other lacks.
std::pair<RingPtr, RingPtr> incomparable() {
  MemberList a = test::evenList(4, 1);
  MemberList b = a;
  a.put({2, Rank::Present, 1, 2});
  b.put({3, Rank::Present, 1, 3});
  return {test::ringOf(a), test::ringOf(b)};
}

TEST(View, KnowsItsOldestAndNewestVersion) {
  const View view = viewOf(chain(), 1, 3);
  EXPECT_EQ(view.ringIdentity(), kIdentity);
  EXPECT_EQ(view.complete().name(), nameAt(1));
  EXPECT_EQ(view.newest().name(), nameAt(3));
  EXPECT_TRUE(view.changing());
  EXPECT_FALSE(viewOf(chain(), 2, 2).changing());
}

TEST(View, NamesTheHomesOfTheNewestVersionFirstAndInRingOrder) {
  const View view = viewOf(chain(), 0, 2);
  for (std::size_t p = 0; p < limits::kPartitions; p += 11) {
    const auto partition = static_cast<PartitionId>(p);
    const std::vector<NodeId> homes = view.homes(partition);
    const auto newest = view.newest().homes(partition);
    ASSERT_GE(homes.size(), newest.size());
    EXPECT_TRUE(std::equal(newest.begin(), newest.end(), homes.begin()));
    std::set<NodeId> expected;
    for (const RingPtr& version : view.active()) {
      const auto of = version->homes(partition);
      expected.insert(of.begin(), of.end());
    }
    EXPECT_EQ(std::set<NodeId>(homes.begin(), homes.end()), expected);
    EXPECT_EQ(homes.size(), expected.size());
  }
}

TEST(View, NamesAlsoTheMembersThatAreLeaving) {
  MemberList left = test::evenList(4, 1);
  const NodeId leaver = left.members[2].id;
  left.members[2].rank = Rank::Gone;
  const View view(kIdentity, {test::ringOf(test::evenList(4, 1)), test::ringOf(left)});
  EXPECT_THAT(view.members(), ElementsAreArray(view.complete().present()));
  EXPECT_FALSE(view.newest().list().hasPresent(leaver));
}

/// So many versions, each containing the one before.
std::vector<RingPtr> chainOf(std::size_t versions) {
  std::vector<RingPtr> all;
  MemberList list = test::evenList(2, 1);
  for (std::size_t i = 0; i < versions; ++i) {
    all.push_back(test::ringOf(list));
    ++list.replicasNumber;
  }
  return all;
}

TEST(CanBeActive, RefusesNoneTooManyFallingEqualAndIncomparableVersions) {
  const auto& c = chain();
  EXPECT_TRUE(canBeActive({c[0]}));
  EXPECT_TRUE(canBeActive({c[0], c[2], c[3]}));
  EXPECT_FALSE(canBeActive({}));
  EXPECT_TRUE(canBeActive(chainOf(kMostActiveVersions)));
  EXPECT_FALSE(canBeActive(chainOf(kMostActiveVersions + 1)));
  EXPECT_FALSE(canBeActive({c[1], c[0]}));
  EXPECT_FALSE(canBeActive({c[0], c[0]}));
  EXPECT_FALSE(canBeActive({incomparable().first, incomparable().second}));
}

TEST(ViewDeath, IsNotMadeOfVersionsThatCannotBeActive) {
  EXPECT_DEATH(View(kIdentity, {}), "canBeActive");
  EXPECT_DEATH(View(kIdentity, {chain()[1], chain()[0]}), "canBeActive");
}

TEST(ChangesSince, AnAskerThatKnowsTheNewestVersionIsNotRefused) {
  const View view = viewOf(chain(), 0, 2);
  const PartitionId partition = changedBetween(0, 2);
  EXPECT_FALSE(view.changesSince(nameAt(2), nameAt(0), partition));
  EXPECT_FALSE(view.changesSince(nameAt(2), nameAt(2), partition));
}

TEST(ChangesSince, AnOlderAskerIsRefusedWhereTheHomesChanged) {
  const View view = viewOf(chain(), 0, 1);
  EXPECT_TRUE(view.changesSince(nameAt(0), nameAt(0), changedBetween(0, 1)));
}

TEST(ChangesSince, AnOlderAskerGoesOnWhereTheHomesStayed) {
  const View view = viewOf(chain(), 0, 2);
  EXPECT_FALSE(view.changesSince(nameAt(0), nameAt(0), sameInAll()));
  EXPECT_FALSE(view.changesSince(nameAt(1), nameAt(0), sameInAll()));
}

// The newest version may give a partition back to whom it belonged to, and the one between still counts.
TEST(ChangesSince, AVersionBetweenThatChangesThePartitionMattersThoughTheNewestDoesNot) {
  MemberList joined = test::evenList(5, 1);
  const NodeId guest = joined.members[2].id;
  MemberList before = joined;
  before.members.erase(before.members.begin() + 2);
  MemberList leftAgain = joined;
  leftAgain.members[2].rank = Rank::Gone;
  const View view(kIdentity, {test::ringOf(before), test::ringOf(joined), test::ringOf(leftAgain)});
  const PartitionId partition = partitionWhere([&](PartitionId p) { return view.active()[1]->isHome(guest, p); });
  ASSERT_TRUE(sameHomes(view.complete(), view.newest(), partition));
  const VersionName old = view.complete().name();
  EXPECT_TRUE(view.changesSince(old, old, partition));
  EXPECT_TRUE(view.changesSince(view.active()[1]->name(), old, partition));
}

TEST(ChangesSince, AnAskerWhoseVersionIsForgottenHereIsRefusedToBeSafe) {
  const View view = viewOf(chain(), 2, 3);
  EXPECT_TRUE(view.changesSince(nameAt(0), nameAt(0), sameInAll()));
  EXPECT_TRUE(view.changesSince({nameAt(3).height, nameAt(3).hash + 1}, nameAt(2), sameInAll()));
}

TEST(ChangesSince, AnAskerThatKnowsMoreIsNotRefused) {
  const View view = viewOf(chain(), 0, 1);
  const PartitionId partition = changedBetween(0, 1);
  EXPECT_FALSE(view.changesSince(nameAt(3), nameAt(0), partition));
  EXPECT_FALSE(view.changesSince(nameAt(4), nameAt(4), partition));
}

TEST(MergeViews, GoesFromTheHigherCompleteVersionToTheHighestNewestOne) {
  const auto merged = mergeViews(viewOf(chain(), 0, 2), viewOf(chain(), 1, 3));
  ASSERT_TRUE(merged.has_value());
  EXPECT_THAT(namesOf(*merged), ElementsAreArray({nameAt(1), nameAt(2), nameAt(3)}));
  EXPECT_EQ(merged->ringIdentity(), kIdentity);
}

TEST(MergeViews, FindsVersionsThatOnlyOneOfThemKnows) {
  const View a(kIdentity, {chain()[0], chain()[2]});
  const View b(kIdentity, {chain()[0], chain()[1]});
  const auto merged = mergeViews(a, b);
  ASSERT_TRUE(merged.has_value());
  EXPECT_THAT(namesOf(*merged), ElementsAreArray({nameAt(0), nameAt(1), nameAt(2)}));
}

TEST(MergeViews, ForgetsWhatIsOlderThanTheCompleteVersion) {
  const auto merged = mergeViews(viewOf(chain(), 0, 1), viewOf(chain(), 4, 4));
  ASSERT_TRUE(merged.has_value());
  EXPECT_THAT(namesOf(*merged), ElementsAreArray({nameAt(4)}));
}

TEST(MergeViews, RefusesAnotherRing) {
  EXPECT_FALSE(mergeViews(View(1, {chain()[0]}), View(2, {chain()[0]})).has_value());
}

TEST(MergeViews, RefusesIncomparableVersions) {
  const auto [a, b] = incomparable();
  EXPECT_FALSE(mergeViews(View(kIdentity, {a}), View(kIdentity, {b})).has_value());
  const RingPtr root = test::ringOf(test::evenList(4, 1));
  EXPECT_FALSE(mergeViews(View(kIdentity, {root, a}), View(kIdentity, {root, b})).has_value());
}

TEST(MergeViews, RefusesMoreVersionsThanMayBeActive) {
  const std::vector<RingPtr> all = chainOf(kMostActiveVersions + 1);
  const View a(kIdentity, {all.begin(), all.end() - 1});
  const View b(kIdentity, {all.front(), all.back()});
  EXPECT_FALSE(mergeViews(a, b).has_value());
}

// Two changes of one member with the same number make versions of equal height; containment still orders them.
TEST(MergeViews, OrdersVersionsOfEqualHeightByWhatTheyContain) {
  MemberList low = test::evenList(4, 1);
  MemberList high = low;
  high.members[1].weightHundredths += 1;
  ASSERT_TRUE(contains(high, low));
  ASSERT_EQ(nameOf(high).height, nameOf(low).height);
  const View a(kIdentity, {test::ringOf(low)});
  const View b(kIdentity, {test::ringOf(high)});
  for (const auto& merged : {mergeViews(a, b), mergeViews(b, a)}) {
    ASSERT_TRUE(merged.has_value());
    EXPECT_THAT(namesOf(*merged), ElementsAreArray({nameOf(high)}));
  }
}

View drawView() {
  const auto complete = *rc::gen::inRange<std::size_t>(0, chain().size());
  const auto newest = *rc::gen::inRange(complete, std::min(complete + kActiveVersions, chain().size()));
  return viewOf(chain(), complete, newest);
}

using Names = std::optional<std::vector<VersionName>>;

Names namesOf(const std::optional<View>& view) {
  return view ? Names(namesOf(*view)) : std::nullopt;
}

RC_GTEST_PROP(MergeViews, IsCommutativeAndIdempotent, ()) {
  const View a = drawView();
  const View b = drawView();
  RC_ASSERT(namesOf(mergeViews(a, b)) == namesOf(mergeViews(b, a)));
  RC_ASSERT(namesOf(mergeViews(a, a)) == Names(namesOf(a)));
}

RC_GTEST_PROP(MergeViews, IsAssociativeWhereNothingIsRefused, ()) {
  const View a = drawView();
  const View b = drawView();
  const View c = drawView();
  const auto ab = mergeViews(a, b);
  const auto bc = mergeViews(b, c);
  if (!ab || !bc) return;
  RC_ASSERT(namesOf(mergeViews(*ab, c)) == namesOf(mergeViews(a, *bc)));
}

RC_GTEST_PROP(MergeViews, LeavesNothingThatEitherOfThemCouldRefuse, ()) {
  const View a = drawView();
  const View b = drawView();
  const auto merged = mergeViews(a, b);
  if (!merged) return;
  const auto partition = *rc::gen::inRange<PartitionId>(0, 16384);
  RC_ASSERT(!a.changesSince(merged->newest().name(), merged->complete().name(), partition));
  RC_ASSERT(!b.changesSince(merged->newest().name(), merged->complete().name(), partition));
}

}  // namespace
}  // namespace mydht::ring
