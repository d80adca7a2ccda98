// Proves that a ring of 100 nodes is not slower to agree on who is there, and not dearer a node, than a small one: who
// joins, dies or comes back is known to all within seconds, gossip and failure detection cost a node what they cost it
// among 20, and no client loses anything. How: whole nodes in virtual time under a light load (measurement.h).
#include <gmock/gmock.h>

#include "tests/simulation/scale/measurement.h"

namespace mydht::simulation {
namespace {

constexpr std::uint64_t kSeed = 1;
// Chance is in it: who happens to be probed, and which addresses happen to be told.
constexpr double kFlat = 1.3;

class Scale : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    small_ = measure(20, kSeed);
    large_ = measure(100, kSeed);
  }
  static inline Figures small_;
  static inline Figures large_;
};

TEST_F(Scale, AHundredNodesLoseNothingWhileOneJoinsAndOthersDieAndComeBack) {
  EXPECT_THAT(small_.broken, testing::IsEmpty());
  EXPECT_THAT(large_.broken, testing::IsEmpty());
  EXPECT_GT(large_.operations, 1000U);
}

TEST_F(Scale, AllOfAHundredNodesKnowWithinSecondsWhoHasJoinedDiedOrComeBack) {
  EXPECT_LT(large_.joinKnown, 2.0);
  EXPECT_LT(large_.joinComplete, 6.0);
  EXPECT_LT(large_.worstDeath(), 8.0);
  EXPECT_LT(large_.worstReturn(), 4.0);
}

TEST_F(Scale, GossipAndFailureDetectionCostANodeAmongAHundredWhatTheyCostAmongTwenty) {
  for (const Topic topic : {Topic::Probes, Topic::Gossip}) {
    EXPECT_LT(large_.rate(topic).messages, kFlat * small_.rate(topic).messages) << static_cast<int>(topic);
    EXPECT_LT(large_.rate(topic).bytes, kFlat * small_.rate(topic).bytes) << static_cast<int>(topic);
    EXPECT_GT(large_.rate(topic).messages, 0.5) << "it goes on";
  }
}

TEST_F(Scale, AJoinCostsANodeAmongAHundredEightPartnersARoundAndLittleMore) {
  // A round asks eight and is asked by eight; what is beyond that is the change itself.
  const double rounds = large_.joinComplete / 0.25 + 1;
  EXPECT_LT(static_cast<double>(large_.joinSent.messages) / large_.nodes, 16 * rounds + 20);
}

}  // namespace
}  // namespace mydht::simulation
