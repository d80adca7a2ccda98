// Proves R1 and the ground of R2: member lists form a join semilattice, their heights never fall, their names tell them
// apart, and a list from outside is checked before it is used. Properties by generated lists of few nodes, golden
// names.

#include "common/ring/member_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <ostream>

#include "common/result/limits.h"
#include "tests/unit/common/ring/generators.h"
#include "tests/unit/common/ring/rings.h"

namespace mydht::ring {

void showValue(const MemberList& list, std::ostream& out) {
  for (const Member& m : list.members) {
    out << m.id << ":" << static_cast<int>(m.rank) << "," << m.number << "," << m.tokenSeed << "," << m.weightHundredths
        << "," << m.zone << " ";
  }
  out << "replicas " << list.replicas << "#" << list.replicasNumber << " algorithm " << list.algorithm;
}

namespace {

using test::evenList;
using test::genList;
using testing::ElementsAre;
using testing::HasSubstr;

RC_GTEST_PROP(MergeLists, IsCommutative, ()) {
  const MemberList a = *genList();
  const MemberList b = *genList();
  RC_ASSERT(mergeLists(a, b) == mergeLists(b, a));
}

RC_GTEST_PROP(MergeLists, IsAssociative, ()) {
  const MemberList a = *genList();
  const MemberList b = *genList();
  const MemberList c = *genList();
  RC_ASSERT(mergeLists(mergeLists(a, b), c) == mergeLists(a, mergeLists(b, c)));
}

RC_GTEST_PROP(MergeLists, IsIdempotent, ()) {
  const MemberList a = *genList();
  RC_ASSERT(mergeLists(a, a) == a);
}

RC_GTEST_PROP(MergeLists, GivesAListThatContainsBothAndIsTheLeastSuch, ()) {
  const MemberList a = *genList();
  const MemberList b = *genList();
  const MemberList other = *genList();
  const MemberList merged = mergeLists(a, b);
  RC_ASSERT(contains(merged, a) && contains(merged, b));
  if (contains(other, a) && contains(other, b)) RC_ASSERT(contains(other, merged));
}

RC_GTEST_PROP(Contains, IsAPartialOrder, ()) {
  const MemberList a = *genList();
  const MemberList b = mergeLists(a, *genList());
  const MemberList c = mergeLists(b, *genList());
  RC_ASSERT(contains(a, a));
  RC_ASSERT(contains(c, a));
  if (contains(a, b)) RC_ASSERT(a == b);
}

RC_GTEST_PROP(NameOf, NeverFallsWhenSomethingIsMergedIn, ()) {
  const MemberList a = *genList();
  const MemberList merged = mergeLists(a, *genList());
  RC_ASSERT(nameOf(merged).height >= nameOf(a).height);
}

RC_GTEST_PROP(NameOf, TellsDifferentListsApart, ()) {
  const MemberList a = *genList();
  const MemberList b = *genList();
  RC_ASSERT((nameOf(a) == nameOf(b)) == (a == b));
}

RC_GTEST_PROP(MemberList, KeepsItsRecordsSortedAndEachOnce, ()) {
  const MemberList list = mergeLists(*genList(), *genList());
  for (std::size_t i = 1; i < list.members.size(); ++i) RC_ASSERT(list.members[i - 1].id < list.members[i].id);
  for (const Member& member : list.members) RC_ASSERT(list.find(member.id) == &member);
}

TEST(MemberList, FindsNobodyWhoIsNotInIt) {
  const MemberList list = evenList(3, 1);
  EXPECT_EQ(list.find(2), nullptr);
  EXPECT_EQ(MemberList{}.find(1), nullptr);
  EXPECT_FALSE(list.hasPresent(2));
}

TEST(MemberList, WhoIsGoneIsKeptButNotPresent) {
  MemberList list;
  list.put({3});
  list.put({1});
  list.put({2, Rank::Gone});
  EXPECT_THAT(list.present(), ElementsAre(1, 3));
  EXPECT_NE(list.find(2), nullptr);
  EXPECT_FALSE(list.hasPresent(2));
  EXPECT_TRUE(list.hasPresent(3));
}

TEST(MergeLists, TheLaterChangeOfReplicasWinsThoughItIsTheSmallerNumber) {
  MemberList before;
  before.replicas = 5;
  MemberList after;
  after.replicas = 2;
  after.replicasNumber = 2;
  EXPECT_EQ(mergeLists(before, after).replicas, 2U);
  EXPECT_EQ(mergeLists(after, before).replicas, 2U);
}

TEST(NameOf, HeightCountsRecordsRanksAndNumbers) {
  MemberList list;
  list.algorithm = 1;
  EXPECT_EQ(nameOf(list).height, 14U);  // ten times the number of replicas' changes, the replicas, and the algorithm
  list.put({1, Rank::Present, 1});
  EXPECT_EQ(nameOf(list).height, 16U);
  list.put({1, Rank::Removed, 4});
  EXPECT_EQ(nameOf(list).height, 21U);
}

TEST(NameOf, OfTwoNumbersOfReplicasSetAtOnceTheGreaterIsHigherAndTheNextChangeHigherStill) {
  MemberList list;
  std::uint64_t before = nameOf(list).height;
  for (const auto& [number, replicas] : std::vector<std::pair<unsigned, unsigned>>{{2, 1}, {2, 2}, {2, 9}, {3, 1}}) {
    list.replicasNumber = number;
    list.replicas = replicas;
    EXPECT_GT(nameOf(list).height, before);
    before = nameOf(list).height;
  }
}

// A change of these, but with the number of the placement algorithm, would make nodes of two builds take each other's
// versions for different ones.
TEST(NameOf, IsGolden) {
  EXPECT_EQ(nameOf(MemberList{}).hash, 0x1d540905c9e33067U);
  EXPECT_EQ(nameOf(test::listOf({{100, "a"}, {250, "long zone name"}, {1, ""}}, 1)).hash, 0xeb0354fa22e2decdU);
}

TEST(NameOf, DoesNotConfuseTheEndOfAZoneWithWhatFollows) {
  MemberList a;
  a.put({1, Rank::Present, 1, 7, 100, "ab"});
  MemberList b;
  b.put({1, Rank::Present, 1, 7, 100, "a"});
  EXPECT_NE(nameOf(a).hash, nameOf(b).hash);
}

std::string faultOf(const MemberList& list) {
  const Status status = checkList(list);
  if (status) return "";
  EXPECT_EQ(status.error().kind, Kind::BadRequest);
  return status.error().text;
}

TEST(MemberList, AlwaysKeepsAMember) {
  MemberList list;
  list.put({1, Rank::Removed});
  list.put({2, Rank::Gone});
  list.put({3, Rank::Gone});
  list.put({4, Rank::Destroyed});
  EXPECT_THAT(list.present(), testing::ElementsAre(3)) << "of those with the least rank the one with the greatest id";
  EXPECT_TRUE(list.hasPresent(3));
  EXPECT_FALSE(list.hasPresent(2));
  list.put({1, Rank::Present});
  EXPECT_THAT(list.present(), testing::ElementsAre(3)) << "a rank never falls";
  list.put({5, Rank::Present});
  EXPECT_THAT(list.present(), testing::ElementsAre(5));
  EXPECT_FALSE(list.hasPresent(3));
}

TEST(MemberList, NamesWhoIsDestroyed) {
  MemberList list;
  list.put({1, Rank::Destroyed});
  EXPECT_THAT(list.destroyed(), testing::IsEmpty()) << "it is the last member";
  list.put({2, Rank::Removed});
  EXPECT_THAT(list.destroyed(), testing::ElementsAre(1));
}

MemberList withMember(const Member& member) {
  MemberList list = evenList(3, 1);
  list.members.insert(list.members.begin(), member);
  return list;
}

TEST(CheckList, AcceptsWhatNodesSendEachOther) {
  EXPECT_EQ(faultOf(evenList(1, 1)), "");
  EXPECT_EQ(faultOf(evenList(limits::kMembers, 1)), "");
  EXPECT_EQ(faultOf(withMember({1, Rank::Removed, 7, 0, kMostWeight, std::string(kZoneBytes, 'z')})), "");
}

TEST(CheckList, RefusesWhatNoNodeSends) {
  EXPECT_THAT(faultOf(MemberList{}), HasSubstr("nobody is a member"));
  EXPECT_THAT(faultOf(evenList(limits::kMembers + 1, 1)), HasSubstr("more than 1000 members"));
  EXPECT_THAT(faultOf(evenList(3, 1, 0)), HasSubstr("0 replicas"));
  EXPECT_THAT(faultOf(evenList(3, 1, 10)), HasSubstr("10 replicas"));
  EXPECT_THAT(faultOf(withMember({0})), HasSubstr("without identity"));
  EXPECT_THAT(faultOf(withMember({~NodeId{0}})), HasSubstr("out of order"));
  EXPECT_THAT(faultOf(withMember({1, static_cast<Rank>(4)})), HasSubstr("unknown rank"));
  EXPECT_THAT(faultOf(withMember({1, Rank::Present, 1, 0, 0})), HasSubstr("weighs 0"));
  EXPECT_THAT(faultOf(withMember({1, Rank::Present, 1, 0, kMostWeight + 1})), HasSubstr("weighs 100001"));
  EXPECT_THAT(faultOf(withMember({1, Rank::Present, 1, 0, 100, std::string(kZoneBytes + 1, 'z')})),
              HasSubstr("zone name"));
  MemberList twice = evenList(2, 1);
  twice.members[1].id = twice.members[0].id;
  EXPECT_THAT(faultOf(twice), HasSubstr("out of order"));
  MemberList newer = evenList(2, 1);
  newer.algorithm = kPlacementAlgorithm + 1;
  EXPECT_THAT(faultOf(newer), HasSubstr("upgrade"));
  newer.algorithm = 0;
  EXPECT_THAT(faultOf(newer), HasSubstr("placement algorithm 0"));
}

}  // namespace
}  // namespace mydht::ring
