// Proves that fair shares are what the water-filling rule says: worked examples, and as properties that nothing is lost
// but rounding, nobody gets more than one copy of a partition, and equal nodes get equal shares.

#include "common/ring/fair_shares.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

#include "common/result/limits.h"
#include "tests/unit/common/ring/rings.h"

namespace mydht::ring {
namespace {

using test::evenList;
using test::listOf;
using test::mixed;
using test::NodeSpec;

constexpr std::uint64_t kAll = limits::kPartitions * kShareUnit;
constexpr double kAllPartitions = static_cast<double>(limits::kPartitions);

/// The share of node i of the specs, as a fraction of all partitions.
double fraction(const std::vector<NodeSpec>& nodes, std::size_t i, unsigned replicas = 3) {
  for (const Candidate& candidate : fairShares(listOf(nodes, 1, replicas)).candidates) {
    if (candidate.id == mixed(1, i)) return static_cast<double>(candidate.share) / static_cast<double>(kAll);
  }
  return -1;
}

constexpr double kRounding = 1e-5;

TEST(FairShares, EqualNodesGetEqualShares) {
  const FairShares shares = fairShares(evenList(7, 1));
  for (const Candidate& candidate : shares.candidates) {
    EXPECT_EQ(candidate.share, shares.candidates.front().share);
    EXPECT_NEAR(static_cast<double>(candidate.share) / kShareUnit, 3 * kAllPartitions / 7, 1);
  }
}

TEST(FairShares, AHeavyNodeGetsOneCopyOfEverythingAndTheRestGoesToTheOthers) {
  const std::vector<NodeSpec> nodes = {{100}, {100}, {100}, {1000}};
  EXPECT_NEAR(fraction(nodes, 3), 1.0, kRounding);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(fraction(nodes, i), 2.0 / 3, kRounding);
}

TEST(FairShares, WithThreeZonesEachHasOneCopyWhateverItsSize) {
  const std::vector<NodeSpec> nodes = {{100, "a"}, {100, "a"}, {100, "b"}, {100, "b"}, {100, "b"},
                                       {100, "c"}, {100, "c"}, {100, "c"}, {300, "c"}};
  EXPECT_NEAR(fraction(nodes, 0), 1.0 / 2, kRounding);
  EXPECT_NEAR(fraction(nodes, 2), 1.0 / 3, kRounding);
  EXPECT_NEAR(fraction(nodes, 5), 1.0 / 6, kRounding);
  EXPECT_NEAR(fraction(nodes, 8), 3.0 / 6, kRounding);
}

TEST(FairShares, WithFourZonesTheyShareByWeight) {
  const std::vector<NodeSpec> nodes = {{100, "a"}, {100, "b"}, {200, "c"}, {200, "d"}};
  EXPECT_NEAR(fraction(nodes, 0), 0.5, kRounding);
  EXPECT_NEAR(fraction(nodes, 3), 1.0, kRounding);
}

TEST(FairShares, WithTwoZonesEachHasAtLeastOneOfThreeCopiesAndAtMostTwo) {
  const std::vector<NodeSpec> nodes = {{100, "a"}, {100, "b"}, {100, "b"}, {100, "b"}, {100, "b"}};
  EXPECT_NEAR(fraction(nodes, 0), 1.0, kRounding);
  EXPECT_NEAR(fraction(nodes, 1), 2.0 / 4, kRounding);
}

TEST(FairShares, WeightsBeyondTheirLimitsAreHeldToThem) {
  const FairShares shares = fairShares(listOf({{0}, {4'000'000'000}}, 1, 1));
  for (const Candidate& candidate : shares.candidates) {
    EXPECT_TRUE(candidate.weight == kLeastWeight || candidate.weight == kMostWeight);
  }
}

std::vector<NodeSpec> drawSpecs() {
  const auto spec =
      rc::gen::map(rc::gen::pair(rc::gen::oneOf(rc::gen::inRange(1U, 400U), rc::gen::inRange(1U, kMostWeight + 1)),
                                 rc::gen::inRange('a', 'g')),
                   [](const auto& fields) {
                     return NodeSpec{fields.first, std::string(1, fields.second)};
                   });
  return *rc::gen::resize(60, rc::gen::nonEmpty(rc::gen::container<std::vector<NodeSpec>>(spec)));
}

RC_GTEST_PROP(FairShares, AreAllCopiesButForRoundingAndNobodyHasMoreThanOneOfAPartition, ()) {
  const FairShares shares = fairShares(listOf(drawSpecs(), 1, *rc::gen::inRange(1U, 10U)));
  std::uint64_t sum = 0;
  for (const Candidate& candidate : shares.candidates) {
    RC_ASSERT(candidate.share <= kAll);
    sum += candidate.share;
  }
  RC_ASSERT(sum <= kAll * shares.copies);
  const double lost = static_cast<double>(kAll * shares.copies - sum) / kShareUnit;
  RC_ASSERT(lost < 1.0 + kAllPartitions * 1e-4);
}

RC_GTEST_PROP(FairShares, NoZoneHasMoreThanTheMostEvenSpreadAllows, ()) {
  const FairShares shares = fairShares(listOf(drawSpecs(), 1, *rc::gen::inRange(1U, 10U)));
  std::vector<std::uint64_t> ofZone(shares.zoneSizes.size());
  for (const Candidate& candidate : shares.candidates) ofZone[candidate.zone] += candidate.share;
  for (const std::uint64_t share : ofZone) RC_ASSERT(share <= kAll * (shares.spread.everywhere + 1));
  const auto nodes = std::accumulate(shares.zoneSizes.begin(), shares.zoneSizes.end(), 0U);
  RC_ASSERT(nodes == shares.candidates.size());
  if (shares.zoneSizes.size() > shares.copies) RC_ASSERT(shares.spread.everywhere == 0);
}

RC_GTEST_PROP(FairShares, InOneZoneTheHeavierNodeNeverHasLess, ()) {
  FairShares shares = fairShares(listOf(drawSpecs(), 1, *rc::gen::inRange(1U, 10U)));
  for (const Candidate& a : shares.candidates) {
    for (const Candidate& b : shares.candidates) {
      if (a.zone == b.zone && a.weight <= b.weight) RC_ASSERT(a.share <= b.share);
    }
  }
}

}  // namespace
}  // namespace mydht::ring
