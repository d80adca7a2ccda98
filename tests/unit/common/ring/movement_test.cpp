// Proves what a change of the ring is said to move, and that it moves little more than it must: in rings of up to a
// hundred nodes a change makes at most a tenth more copies than the least. Few nodes of unequal weight, and zones of
// another number than copies, cost more; that has a bound too.

#include "common/ring/movement.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "common/result/limits.h"
#include "tests/unit/common/ring/rings.h"

namespace mydht::ring {
namespace {

using test::evenList;
using test::listOf;
using test::NodeSpec;

constexpr std::uint64_t kSeeds = 6;

MemberList without(MemberList list, std::size_t place, Rank rank = Rank::Gone) {
  Member leaver = list.members[place];
  leaver.rank = rank;
  list.put(leaver);
  return list;
}

void expectAtMostATenthMore(const Movement& movement, std::uint64_t must, const std::string& what) {
  EXPECT_GE(movement.copies, must) << what;
  EXPECT_LE(10 * movement.copies, 11 * must) << what << " moves " << movement.copies << " where " << must << " must";
  // What is told to be the least may be no excuse for more.
  EXPECT_GE(movement.least, must) << what;
  EXPECT_LE(100 * movement.least, 101 * must) << what;
}

TEST(Movement, AJoinMovesAtMostATenthMoreThanTheJoinersShareInRingsOfUpToAHundred) {
  for (const std::size_t nodes : {3, 4, 5, 7, 10, 20, 30, 50, 75, 99}) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      const Ring before(evenList(nodes, seed));
      const Ring after(evenList(nodes + 1, seed));
      const NodeId joiner = test::mixed(seed, nodes);
      expectAtMostATenthMore(movementBetween(before, after), after.partitionsOf(joiner),
                             "a join of " + std::to_string(nodes) + ", seed " + std::to_string(seed));
    }
  }
}

TEST(Movement, ALeaveOrARemoveMovesAtMostATenthMoreThanTheNodesShareInRingsOfUpToAHundred) {
  for (const std::size_t nodes : {4, 5, 7, 10, 20, 30, 50, 75, 100}) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      const Ring before(evenList(nodes, seed));
      const std::size_t place = seed % nodes;
      const Ring after(without(before.list(), place, seed % 2 == 0 ? Rank::Gone : Rank::Removed));
      expectAtMostATenthMore(movementBetween(before, after), before.partitionsOf(before.list().members[place].id),
                             "a leave of " + std::to_string(nodes) + ", seed " + std::to_string(seed));
    }
  }
}

/// A change and the one that takes it back.
void expectLittleMoreThanTheLeast(const MemberList& one, const MemberList& other, unsigned mostPercent) {
  const Ring a(one);
  const Ring b(other);
  for (const Movement& movement : {movementBetween(a, b), movementBetween(b, a)}) {
    EXPECT_LE(100 * movement.copies, mostPercent * movement.least)
        << one.members.size() << " and " << other.members.size() << " nodes, of which the first is "
        << one.members[0].id << ": " << movement.copies << " of " << movement.least;
  }
}

/// A node joins those, or leaves them.
void expectLittleMoreThanTheLeast(const std::vector<NodeSpec>& nodes, const NodeSpec& joiner, unsigned mostPercent) {
  std::vector<NodeSpec> all = nodes;
  all.push_back(joiner);
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    expectLittleMoreThanTheLeast(listOf(nodes, seed), listOf(all, seed), mostPercent);
  }
}

/// So many nodes that have these weights, or are in these zones, in turn.
std::vector<NodeSpec> inTurn(std::size_t nodes, const std::vector<NodeSpec>& kinds) {
  std::vector<NodeSpec> specs;
  for (std::size_t i = 0; i < nodes; ++i) specs.push_back(kinds[i % kinds.size()]);
  return specs;
}

TEST(Movement, WithUnequalWeightsItIsAtMostATenthMoreInRingsOfTenToAHundred) {
  for (const std::size_t nodes : {10, 20, 60, 99}) {
    for (const std::uint32_t weight : {50, 100, 400}) {
      expectLittleMoreThanTheLeast(inTurn(nodes, {{50}, {100}, {400}}), {weight}, 110);
    }
    expectLittleMoreThanTheLeast(inTurn(nodes, {{1000}, {100}, {100}, {100}}), {100}, 110);
    expectLittleMoreThanTheLeast(inTurn(nodes, {{100}, {200}}), {100}, 110);
  }
}

// Four nodes of which one is home to everything, and is not any more when a fifth comes: no table that treats equal
// nodes alike moves the least then, since two light nodes have to be home together where the joiner is not.
TEST(Movement, WhereANodeCeasesToBeHomeToEverythingItIsAtMostThreeTenthsMore) {
  expectLittleMoreThanTheLeast({{50}, {100}, {400}, {50}}, {50}, 130);
}

TEST(Movement, OfANewWeightItIsAtMostATenthMore) {
  for (const std::size_t nodes : {4, 5, 6, 8, 10, 14, 20}) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      std::vector<NodeSpec> reweighted(nodes);
      reweighted[1].weight = 200;
      expectLittleMoreThanTheLeast(evenList(nodes, seed), listOf(reweighted, seed), 110);
    }
  }
}

TEST(Movement, InThreeZonesOfEqualSizeItIsAtMostATenthMore) {
  for (const std::size_t nodes : {3, 4, 6, 8, 12, 24, 60, 99}) {
    expectLittleMoreThanTheLeast(inTurn(nodes, {{100, "a"}, {100, "b"}, {100, "c"}}), {100, "a"}, 110);
  }
}

// Whether a zone has a copy of a partition depends on its nearest node, so a zone that gains a node gains less by that
// than its share grows; what is missing it gets where the other zones are full, and there mostly for its old nodes.
TEST(Movement, InMoreZonesThanCopiesItIsMoreButBounded) {
  for (const std::size_t nodes : {5, 6, 10, 12, 30, 60, 99}) {
    expectLittleMoreThanTheLeast(inTurn(nodes, {{100, "a"}, {100, "b"}, {100, "c"}, {100, "d"}}), {100, "b"}, 145);
    expectLittleMoreThanTheLeast(inTurn(nodes, {{400, "a"}, {50, "b"}, {200, "c"}, {100, "d"}}), {100, "b"}, 200);
  }
}

TEST(Movement, WhereTheOthersHoldEverythingALeaveMovesNothing) {
  const Ring before(evenList(3, 1));
  EXPECT_EQ(movementBetween(before, Ring(without(before.list(), 1))), Movement());
}

TEST(Movement, OneMoreCopyOfEverythingIsOneCopyOfEachPartition) {
  MemberList list = evenList(5, 1, 2);
  const Ring before(list);
  list.replicas = 3;
  const Movement movement = movementBetween(before, Ring(list));
  EXPECT_GE(movement.copies, limits::kPartitions);
  EXPECT_LE(10 * movement.copies, 11 * limits::kPartitions);
  EXPECT_EQ(movement.partitions, limits::kPartitions);
}

TEST(Movement, ANodeThatTakesAnothersPlaceMovesThatOnesShareAlone) {
  MemberList list = evenList(6, 2);
  const Ring before(list);
  Member replacement = list.members[4];
  const NodeId old = replacement.id;
  replacement.id = 77;
  list.members[4].rank = Rank::Removed;
  list.put(replacement);
  const std::uint64_t share = before.partitionsOf(old);
  EXPECT_EQ(movementBetween(before, Ring(list)), (Movement{share, share, share}));
}

MemberList drawList() {
  const auto spec =
      rc::gen::map(rc::gen::pair(rc::gen::inRange(1U, 400U), rc::gen::inRange('a', 'd')), [](const auto& fields) {
        return NodeSpec{fields.first, std::string(1, fields.second)};
      });
  const auto nodes = *rc::gen::resize(12, rc::gen::nonEmpty(rc::gen::container<std::vector<NodeSpec>>(spec)));
  return listOf(nodes, *rc::gen::inRange<std::uint64_t>(1, 1000), *rc::gen::inRange(1U, 5U));
}

/// One change of any kind.
MemberList drawNext(MemberList list) {
  const auto place = *rc::gen::inRange<std::size_t>(0, list.members.size());
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return list.members.size() > 1 ? without(list, place) : list;
    case 1:
      list.put({test::mixed(4711, list.members.size()), Rank::Present, 1, *rc::gen::arbitrary<std::uint64_t>()});
      return list;
    case 2:
      list.replicas = *rc::gen::inRange(1U, 5U);
      ++list.replicasNumber;
      return list;
    default:
      list.members[place].weightHundredths = *rc::gen::inRange(1U, 400U);
      ++list.members[place].number;
      return list;
  }
}

RC_GTEST_PROP(Movement, IsWhatTheTablesSayAndNeverLessThanTheLeast, ()) {
  const MemberList list = drawList();
  const Ring before(list);
  const Ring after(drawNext(list));
  const Movement movement = movementBetween(before, after);
  RC_ASSERT(movement.least <= movement.copies);
  RC_ASSERT(movement.partitions <= movement.copies);
  RC_ASSERT(movement.copies <= movement.partitions * after.copies());
  // What is made anew, less what is given up, is the difference of all copies.
  const Movement back = movementBetween(after, before);
  RC_ASSERT(movement.copies + limits::kPartitions * before.copies() ==
            back.copies + limits::kPartitions * after.copies());
  std::uint64_t changed = 0;
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto homes = after.homes(static_cast<PartitionId>(i));
    const auto isNew = [&](NodeId home) { return !before.isHome(home, static_cast<PartitionId>(i)); };
    changed += std::any_of(homes.begin(), homes.end(), isNew) ? 1 : 0;
  }
  RC_ASSERT(movement.partitions == changed);
  RC_ASSERT(movementBetween(before, before) == Movement());
}

}  // namespace
}  // namespace mydht::ring
