// Proves what `all` and `one` mean: at `all` every home node has what is acknowledged, and what cannot be had so is
// refused and names who is missing; at `one` a single home node is enough, and the others are brought up to date later.
// How: one directed order of events each, on the whole stack, with small values and large ones.
#include <gtest/gtest.h>

#include "tests/simulation/stack/scenario.h"

namespace mydht::simulation {
namespace {

using namespace std::chrono_literals;
using Type = wire::MessageType;
using Consistency = cluster::Consistency;

class ConsistencyScenario : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override { s.ring.startAll(3); }
  void TearDown() override {
    EXPECT_TRUE(s.broken().empty()) << testing::PrintToString(s.broken());
    EXPECT_TRUE(s.stuck().empty()) << testing::PrintToString(s.stuck());
  }
  /// How many disks hold that put's value.
  unsigned copiesOf(std::size_t put) {
    const std::string bytes = Workload::valueBytes(s.at(put).value, large());
    unsigned copies = 0;
    for (const unsigned number : {0U, 1U, 2U}) {
      const auto copy = copyOn(s.node(number), store::entryRowName(s.at(put).key));
      if (copy && copy->value == bytes) ++copies;
    }
    return copies;
  }
  void expectRefused(std::size_t operation, unsigned missing) {
    EXPECT_EQ(s.at(operation).outcome, Outcome::NoEffect) << s.workload.told(operation);
    EXPECT_NE(s.workload.told(operation).find(s.node(missing).name()), std::string::npos) << s.workload.told(operation);
  }
  static bool large() { return GetParam(); }

  Scenario s;
};

TEST_P(ConsistencyScenario, AtAllAWriteIsAcknowledgedOnlyOnceEveryHomeNodeHasIt) {
  s.hold(large() ? Type::Publish : Type::Offer, 0, 2);
  const auto put = s.workload.put(s.node(0), "k0", large(), Consistency::All);
  s.run(1s);
  EXPECT_FALSE(s.workload.over(put)) << "one home node has not taken it yet";
  EXPECT_EQ(copiesOf(put), 2U);
  s.forgetRules();
  s.letGo();
  s.finish(put);
  EXPECT_TRUE(s.done(put)) << s.workload.told(put);
  EXPECT_EQ(copiesOf(put), 3U);
  const auto del = s.del(1, "k0", Consistency::All);
  EXPECT_TRUE(s.done(del)) << s.workload.told(del);
}

TEST_P(ConsistencyScenario, AtAllEverythingIsRefusedWhileAHomeNodeIsDownAndTheRefusalNamesIt) {
  const auto before = s.put(0, "k0", large());
  s.kill(2);
  s.run(5s);
  const auto put = s.put(0, "k0", large(), Consistency::All);
  expectRefused(put, 2);
  EXPECT_EQ(copiesOf(put), 0U) << "nothing was sent";
  expectRefused(s.del(1, "k0", Consistency::All), 2);
  expectRefused(s.get(1, "k0", Consistency::All), 2);
  EXPECT_EQ(s.at(s.get(1, "k0")).value, s.at(before).value);
  s.start(2);
  s.awaitQuiet();
  const auto again = s.put(0, "k0", large(), Consistency::All);
  EXPECT_TRUE(s.done(again)) << s.workload.told(again);
}

TEST_P(ConsistencyScenario, AtAllAWriteThatAHomeNodeDoesNotAnswerIsUnknownAndNamesIt) {
  s.drop(large() ? Type::Publish : Type::Offer, 0, 2);
  const auto put = s.put(0, "k0", large(), Consistency::All);
  EXPECT_EQ(s.at(put).outcome, Outcome::Pending) << "two home nodes have it: " << s.workload.told(put);
  EXPECT_NE(s.workload.told(put).find(s.node(2).name()), std::string::npos) << s.workload.told(put);
}

TEST_P(ConsistencyScenario, AGetAtAllFindsWhatASingleHomeNodeHoldsAndBringsItToTheOthers) {
  for (const Type type : {Type::Offer, Type::Stage, Type::Publish}) s.drop(type, 0, Scenario::kAny);
  const auto put = s.put(0, "one0", large(), Consistency::One);
  ASSERT_TRUE(s.done(put)) << s.workload.told(put);
  EXPECT_EQ(copiesOf(put), 1U);
  s.forgetRules();
  s.run(10s);
  EXPECT_EQ(s.at(s.get(0, "one0", Consistency::One)).value, s.at(put).value);
  EXPECT_EQ(s.at(s.get(1, "one0", Consistency::All)).value, s.at(put).value);
  EXPECT_EQ(copiesOf(put), 3U);
}

INSTANTIATE_TEST_SUITE_P(OfEachSize, ConsistencyScenario, testing::Bool(),
                         [](const auto& info) { return info.param ? "Large" : "Small"; });

}  // namespace
}  // namespace mydht::simulation
