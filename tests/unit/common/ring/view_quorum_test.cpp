// Proves R3 and the majorities of R2: while versions of the ring are active, a quorum is one in each of them. Any two
// such quorums share a home node of every active version; a quorum of the union of the home nodes is refused.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "tests/unit/common/ring/views.h"

namespace mydht::ring {
namespace {

using test::growingFrom;
using test::partitionWhere;
using test::viewOf;

std::set<NodeId> firstOf(std::span<const NodeId> nodes, std::size_t count) {
  return {nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(count)};
}

/// A ring with that many copies asks for that many of them, neither more nor fewer.
void expectQuorum(unsigned quorum, unsigned copies) {
  const View view = viewOf(growingFrom(copies, 1, 1, copies), 0, 0);
  EXPECT_EQ(view.complete().quorum(), quorum);
  for (const PartitionId partition : {PartitionId{0}, PartitionId{16383}}) {
    const auto homes = view.complete().homes(partition);
    ASSERT_EQ(homes.size(), copies);
    EXPECT_TRUE(view.quorumInEach(partition, firstOf(homes, quorum)));
    EXPECT_FALSE(view.quorumInEach(partition, firstOf(homes, quorum - 1)));
  }
}

TEST(QuorumInEach, OneOfOne) {
  expectQuorum(1, 1);
}
TEST(QuorumInEach, TwoOfTwo) {
  expectQuorum(2, 2);
}
TEST(QuorumInEach, TwoOfThree) {
  expectQuorum(2, 3);
}
TEST(QuorumInEach, ThreeOfFour) {
  expectQuorum(3, 4);
}
TEST(QuorumInEach, ThreeOfFive) {
  expectQuorum(3, 5);
}

TEST(QuorumInEach, NobodyIsNoQuorum) {
  EXPECT_FALSE(viewOf(growingFrom(1, 1), 0, 0).quorumInEach(0, {}));
}

TEST(QuorumInEach, NodesThatAreNoHomesDoNotCount) {
  const View view = viewOf(growingFrom(6, 1), 0, 0);
  std::set<NodeId> others;
  for (const NodeId node : view.members()) {
    if (!view.complete().isHome(node, 0)) others.insert(node);
  }
  ASSERT_EQ(others.size(), 3U);
  EXPECT_FALSE(view.quorumInEach(0, others));
  others.insert(view.complete().homes(0).front());
  EXPECT_FALSE(view.quorumInEach(0, others));
}

// One in seven acknowledged writes was lost where this was allowed: a later reader may know the old version only.
TEST(QuorumInEach, AQuorumOfTheUnionIsRefused) {
  const View view = viewOf(growingFrom(4, 3), 0, 2);
  const Ring& complete = view.complete();
  const Ring& newest = view.newest();
  const auto newHomes = [&](PartitionId p) {
    std::set<NodeId> nodes(newest.homes(p).begin(), newest.homes(p).end());
    for (const NodeId node : complete.homes(p)) nodes.erase(node);
    return nodes;
  };
  const PartitionId partition =
      partitionWhere([&](PartitionId p) { return view.homes(p).size() == 5 && newHomes(p).size() == 2; });
  std::set<NodeId> nodes = newHomes(partition);  // and one home node of the complete version: 3 of 5
  nodes.insert(complete.homes(partition).front());
  EXPECT_GT(nodes.size(), view.homes(partition).size() / 2);
  EXPECT_FALSE(view.quorumInEach(partition, nodes));
}

// Two nodes join and leave again: oldest and newest version agree, but what the version between wrote counts.
TEST(QuorumInEach, AVersionBetweenCompleteAndNewestCountsToo) {
  MemberList joined = test::evenList(5, 1);
  MemberList before = joined;
  before.members.erase(before.members.begin() + 3, before.members.end());
  MemberList left = joined;
  left.members[3].rank = left.members[4].rank = Rank::Gone;
  const View view(test::kIdentity, {test::ringOf(before), test::ringOf(joined), test::ringOf(left)});
  const View outer(test::kIdentity, {view.active().front(), view.active().back()});
  const Ring& between = *view.active()[1];
  const PartitionId partition = partitionWhere([&](PartitionId p) {
    return between.isHome(joined.members[3].id, p) && between.isHome(joined.members[4].id, p);
  });
  std::set<NodeId> nodes;
  for (const NodeId node : outer.homes(partition)) {
    if (!between.isHome(node, partition)) nodes.insert(node);
  }
  EXPECT_TRUE(outer.quorumInEach(partition, nodes));
  EXPECT_FALSE(view.quorumInEach(partition, nodes));
}

std::set<NodeId> drawFrom(const std::vector<NodeId>& nodes) {
  std::set<NodeId> drawn;
  for (const NodeId node : nodes) {
    if (*rc::gen::weightedElement<bool>({{2, true}, {1, false}})) drawn.insert(node);
  }
  return drawn;
}

View drawView() {
  const auto first = *rc::gen::inRange<std::size_t>(1, 6);
  const auto versions = *rc::gen::inRange<std::size_t>(1, kActiveVersions + 1);
  return viewOf(growingFrom(first, versions, *rc::gen::inRange(1, 50), *rc::gen::inRange(1U, 6U)), 0, versions - 1);
}

RC_GTEST_PROP(QuorumInEach, QuorumsOfReadAndWriteIntersectInEveryActiveVersion, ()) {
  const View view = drawView();
  const auto partition = *rc::gen::inRange<PartitionId>(0, 16384);
  const std::set<NodeId> wrote = drawFrom(view.homes(partition));
  const std::set<NodeId> read = drawFrom(view.homes(partition));
  if (!view.quorumInEach(partition, wrote) || !view.quorumInEach(partition, read)) return;
  for (const RingPtr& version : view.active()) {
    const auto homes = version->homes(partition);
    RC_ASSERT(std::any_of(homes.begin(), homes.end(),
                          [&](NodeId node) { return wrote.count(node) > 0 && read.count(node) > 0; }));
  }
}

// Who knows fewer versions still meets who knows more, in those that both know.
RC_GTEST_PROP(QuorumInEach, HoldsForEverySmallerView, ()) {
  const View view = drawView();
  const auto partition = *rc::gen::inRange<PartitionId>(0, 16384);
  const std::set<NodeId> nodes = drawFrom(view.homes(partition));
  if (!view.quorumInEach(partition, nodes)) return;
  for (const RingPtr& version : view.active()) {
    RC_ASSERT(View(test::kIdentity, {version}).quorumInEach(partition, nodes));
  }
}

RC_GTEST_PROP(MajorityInEach, AnyTwoMajoritiesShareAMemberOfEveryVersion, ()) {
  const View view = drawView();
  const std::set<NodeId> a = drawFrom(view.members());
  const std::set<NodeId> b = drawFrom(view.members());
  if (!view.majorityInEach(a) || !view.majorityInEach(b)) return;
  for (const RingPtr& version : view.active()) {
    RC_ASSERT(std::any_of(version->present().begin(), version->present().end(),
                          [&](NodeId node) { return a.count(node) > 0 && b.count(node) > 0; }));
  }
}

TEST(MajorityInEach, WhoIsNoMemberYetInTheCompleteVersionDoesNotCountThere) {
  const View view = viewOf(growingFrom(2, 2), 0, 1);
  const std::vector<NodeId>& before = view.complete().present();
  std::set<NodeId> nodes(before.begin(), before.end());
  EXPECT_TRUE(view.majorityInEach(nodes));
  nodes.erase(before.front());
  for (const NodeId node : view.members()) {
    if (!view.complete().list().hasPresent(node)) nodes.insert(node);
  }
  ASSERT_EQ(nodes.size(), 2U);  // two of the three members of the newest version, one of two of the complete one
  EXPECT_FALSE(view.majorityInEach(nodes));
}

TEST(MayMake, AMajorityOfThoseThatStayIsNeededTooAndTheWordOfWhoGoesIsNone) {
  const View view = viewOf(growingFrom(3, 1), 0, 0);
  MemberList next = view.newest().list();
  const std::vector<NodeId> members = view.newest().present();
  Member record = *next.find(members[0]);
  record.rank = Rank::Removed;
  next.put(record);
  EXPECT_TRUE(view.majorityInEach({members[0], members[1]}, next));
  EXPECT_FALSE(view.mayMake(next, {members[0], members[1]})) << "one of the two that stay may be lost";
  EXPECT_TRUE(view.mayMake(next, {members[1], members[2]}));
  EXPECT_TRUE(view.mayMake(view.newest().list(), {members[0], members[1]})) << "nobody goes";
}

TEST(MayMake, WhoComesIsNotAsked) {
  const std::vector<RingPtr> versions = growingFrom(2, 2);
  const View view(test::kIdentity, {versions.front()});
  const std::vector<NodeId>& members = view.newest().present();
  EXPECT_TRUE(view.mayMake(versions.back()->list(), {members.begin(), members.end()}));
}

TEST(Destroyed, NodesCountInNoQuorumOfAnyVersion) {
  const std::vector<RingPtr> versions = growingFrom(3, 1);
  MemberList list = versions.front()->list();
  const NodeId lost = list.members[0].id;
  const std::set<NodeId> others = {list.members[1].id, list.members[2].id};
  Member record = list.members[0];
  record.rank = Rank::Destroyed;
  list.put(record);
  EXPECT_TRUE(View(test::kIdentity, versions).majorityInEach({list.members[1].id, list.members[2].id}, list));
  const View view(test::kIdentity, {versions.front(), std::make_shared<const Ring>(list)});
  EXPECT_EQ(view.homes(7).size(), 2U);
  EXPECT_EQ(view.homesIn(0, 7).size(), 2U) << "nor in the version that still has it";
  EXPECT_EQ(view.members().size(), 2U);
  EXPECT_TRUE(view.quorumInEach(7, others));
  EXPECT_FALSE(view.quorumInEach(7, {*others.begin(), lost})) << "of the two that are left both are needed";
}

TEST(Destroyed, HomeNodesThatAreAllLostLeaveNobodyToWaitFor) {
  const std::vector<RingPtr> versions = growingFrom(1, 1);
  MemberList list = versions.front()->list();
  list.members[0].rank = Rank::Destroyed;
  list.put({list.members[0].id + 1, Rank::Present, 1, 77});
  const View view(test::kIdentity, {versions.front(), std::make_shared<const Ring>(list)});
  EXPECT_TRUE(view.homesIn(0, 7).empty());
  EXPECT_TRUE(view.quorumInEach(7, {list.members[1].id}));
}

}  // namespace
}  // namespace mydht::ring
