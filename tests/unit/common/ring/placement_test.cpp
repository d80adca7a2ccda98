// Proves how well placement divides the ring: no node above its limit, zones kept apart, a join moves little, a new
// disk moves nothing. Fixed seeds where a figure is promised, generated rings where something must always hold.

#include "common/ring/placement.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "common/result/limits.h"
#include "tests/unit/common/ring/movement.h"
#include "tests/unit/common/ring/rings.h"

namespace mydht::ring {
namespace {

using test::listOf;
using test::NodeSpec;

constexpr std::uint64_t kSeeds = 8;

std::vector<NodeSpec> zonesOf(const std::vector<int>& sizes) {
  std::vector<NodeSpec> nodes;
  for (std::size_t zone = 0; zone < sizes.size(); ++zone) {
    for (int i = 0; i < sizes[zone]; ++i) nodes.push_back({100, std::string(1, static_cast<char>('a' + zone))});
  }
  return nodes;
}

void expectBalanced(const std::vector<NodeSpec>& nodes) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    EXPECT_LE(test::fullestOverShare(Ring(listOf(nodes, seed))), 1.06) << nodes.size() << " nodes, seed " << seed;
  }
}

/// The mean over the seeds: what one join moves depends on where the joiner's tokens fall, by a tenth either way.
double meanMovedOverLeast(const std::vector<NodeSpec>& nodes, const NodeSpec& joiner) {
  std::vector<NodeSpec> joined = nodes;
  joined.push_back(joiner);
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Ring before(listOf(nodes, seed));
    const Ring after(listOf(joined, seed));
    sum += test::movedCopies(before, after) / test::leastMoved(before.list(), after.list());
  }
  return sum / kSeeds;
}

TEST(Placement, TheFullestNodeHasAtMostItsLimitOnEvenRings) {
  for (const std::size_t nodes : {4, 5, 7, 10, 20, 30, 50, 100}) expectBalanced(std::vector<NodeSpec>(nodes));
}

TEST(Placement, TheFullestNodeHasAtMostItsLimitWithUnequalWeights) {
  expectBalanced({{100}, {100}, {100}, {1000}});
  expectBalanced({{100}, {100}, {100}, {150}});
  expectBalanced({{100}, {100}, {200}, {200}});
  expectBalanced({{1}, {1}, {1}, {1}, {1}});
  expectBalanced({{kMostWeight}, {kMostWeight}, {kMostWeight}, {kMostWeight}, {kMostWeight}});
}

TEST(Placement, TheFullestNodeHasAtMostItsLimitInSmallZones) {
  expectBalanced(zonesOf({2, 3, 4}));
  expectBalanced(zonesOf({2, 3, 4, 4}));
  expectBalanced(zonesOf({1, 1, 5}));
  expectBalanced(zonesOf({2, 5}));
}

TEST(Placement, AJoinMovesLittleMoreThanItMust) {
  for (const std::size_t nodes : {3, 4, 6, 10, 30, 100}) {
    EXPECT_LE(meanMovedOverLeast(std::vector<NodeSpec>(nodes), {}), 1.06) << nodes;
  }
  EXPECT_LE(meanMovedOverLeast({{100}, {100}, {100}, {1000}}, {}), 1.06);
  EXPECT_LE(meanMovedOverLeast(zonesOf({2, 3, 4}), {100, "a"}), 1.06);
}

TEST(Placement, ANodeThatTakesOverTokensTakesOverExactlyItsPredecessorsPlace) {
  MemberList list = listOf(zonesOf({3, 3, 4}), 5);
  const Ring before(list);
  Member replacement = list.members[4];
  replacement.id = 77;
  const NodeId replaced = list.members[4].id;
  list.members[4].rank = Rank::Removed;
  list.put(replacement);
  const Ring after(list);
  for (std::size_t p = 0; p < limits::kPartitions; ++p) {
    const auto homes = before.homes(static_cast<PartitionId>(p));
    std::vector<NodeId> expected(homes.begin(), homes.end());
    std::replace(expected.begin(), expected.end(), replaced, NodeId{77});
    const auto now = after.homes(static_cast<PartitionId>(p));
    ASSERT_TRUE(std::equal(now.begin(), now.end(), expected.begin(), expected.end())) << "partition " << p;
  }
}

TEST(Placement, MembersOfEqualTokensAreStillDivided) {
  MemberList list = test::evenList(6, 1);
  for (Member& member : list.members) member.tokenSeed = 42;
  EXPECT_LE(test::fullestOverShare(Ring(list)), 1.06);
}

TEST(Placement, TokensFollowTheWeightWithinBounds) {
  EXPECT_EQ(tokensFor(100, 1), 256U);
  EXPECT_EQ(tokensFor(50, 1), 128U);
  EXPECT_EQ(tokensFor(1, 1), 3U);
  EXPECT_EQ(tokensFor(100, 2), 1024U);
  EXPECT_EQ(tokensFor(1, 2), 10U);
  EXPECT_EQ(tokensFor(0, 2), 1U);
  EXPECT_EQ(tokensFor(kMostWeight, 2), kMostTokens);
}

struct DrawnRing {
  MemberList list;
  FairShares shares;
  std::vector<NodeId> table;
};

DrawnRing drawRing() {
  const auto weights = rc::gen::oneOf(rc::gen::just(100U), rc::gen::inRange(1U, 400U),
                                      rc::gen::element(1U, 10U, 1000U, 10'000U, kMostWeight));
  const auto spec =
      rc::gen::map(rc::gen::pair(weights, rc::gen::inRange('a', *rc::gen::inRange('b', 'h'))), [](const auto& fields) {
        return NodeSpec{fields.first, std::string(1, fields.second)};
      });
  const auto nodes = *rc::gen::resize(20, rc::gen::nonEmpty(rc::gen::container<std::vector<NodeSpec>>(spec)));
  DrawnRing ring;
  ring.list = listOf(nodes, *rc::gen::inRange<std::uint64_t>(1, 1000), *rc::gen::inRange(1U, 6U));
  ring.list.algorithm = *rc::gen::inRange(1U, kPlacementAlgorithm + 1);
  ring.shares = fairShares(ring.list);
  ring.table = placeCopies(ring.shares, ring.list.algorithm);
  return ring;
}

std::string drawnText(const DrawnRing& ring) {
  std::string text =
      "algorithm " + std::to_string(ring.list.algorithm) + ", replicas " + std::to_string(ring.list.replicas);
  for (const Member& m : ring.list.members) text += " " + m.zone + std::to_string(m.weightHundredths);
  return text;
}

RC_GTEST_PROP(Placement, NeverGivesANodeMoreThanItsLimit, ()) {
  const DrawnRing ring = drawRing();
  std::map<NodeId, std::uint64_t> loads;
  for (const NodeId node : ring.table) ++loads[node];
  for (const Candidate& candidate : ring.shares.candidates) {
    const std::uint64_t limit = (candidate.share * 105 + 100 * kShareUnit - 1) / (100 * kShareUnit);
    if (loads[candidate.id] > limit) {
      RC_FAIL(drawnText(ring) + ": node of " + std::to_string(candidate.weight) + " has " +
              std::to_string(loads[candidate.id]) + " of at most " + std::to_string(limit));
    }
  }
}

RC_GTEST_PROP(Placement, SpreadsEachPartitionOverNodesAndZonesAsEvenlyAsCanBe, ()) {
  const DrawnRing ring = drawRing();
  std::map<NodeId, std::uint32_t> zoneOf;
  for (const Candidate& candidate : ring.shares.candidates) zoneOf[candidate.id] = candidate.zone;
  const unsigned copies = ring.shares.copies;
  for (std::size_t row = 0; row < ring.table.size(); row += copies) {
    std::set<NodeId> distinct;
    std::vector<std::uint32_t> inZone(ring.shares.zoneSizes.size());
    for (unsigned i = 0; i < copies; ++i) {
      distinct.insert(ring.table[row + i]);
      ++inZone[zoneOf[ring.table[row + i]]];
    }
    RC_ASSERT(distinct.size() == copies);
    const std::uint32_t most = *std::max_element(inZone.begin(), inZone.end());
    for (std::size_t zone = 0; zone < inZone.size(); ++zone) {
      RC_ASSERT(inZone[zone] + 1 >= most || inZone[zone] == ring.shares.zoneSizes[zone]);
    }
  }
}

}  // namespace
}  // namespace mydht::ring
