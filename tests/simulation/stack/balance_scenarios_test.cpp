// Proves what a balance costs and what a purge counts: nodes that are equal find out with one question, what is
// exchanged for a few keys that differ among many is about those keys, a node that comes back is made equal by itself,
// and a dry run drops nothing. How: directed orders of events on a small ring, and the messages counted.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/simulation/stack/scenario.h"

namespace mydht::simulation {
namespace {

using namespace std::chrono_literals;
using Type = wire::MessageType;
using wire::ActionKind;
using wire::ActionState;
constexpr unsigned kAny = Scenario::kAny;

/// Counts the messages of balances, requests and answers, and their bytes; everything else goes by.
struct Traffic {
  explicit Traffic(Scenario& s) {
    s.ring.network.observer = [this, before = s.ring.network.observer](const SimMessage& message) {
      before(message);
      if (message.type != Type::CompareTrees && message.type != Type::EntryHeads) return;
      ++questions;
      const std::size_t size = message.request.size() + message.answer.size();
      bytes += size;
      if (message.type == Type::EntryHeads) ofHeads += size;
    };
  }
  unsigned questions = 0;
  std::size_t bytes = 0;
  std::size_t ofHeads = 0;
};

void expectWell(Scenario& s) {
  const auto broken = s.broken();
  EXPECT_TRUE(broken.empty()) << testing::PrintToString(broken);
  EXPECT_TRUE(s.stuck().empty()) << testing::PrintToString(s.stuck());
}

/// Node 2 misses two puts and a delete.
void missThree(Scenario& s, const std::string& put, const std::string& other, const std::string& deleted) {
  s.drop(Type::Offer, kAny, 2);
  s.put(0, put);
  s.put(0, other);
  s.del(0, deleted);
  s.forgetRules();
  s.run(10s);
}

TEST(BalanceScenario, NodesThatAreEqualFindOutWithOneQuestionEach) {
  Scenario s;
  s.ring.startAll(3);
  for (const std::string& key : Scenario::keys()) s.put(0, key);
  s.run(5s);
  Traffic traffic(s);
  EXPECT_EQ(s.act(0, ActionKind::Balance).state, ActionState::Done);
  EXPECT_EQ(traffic.questions, 2U) << "one to each of the others";
  expectWell(s);
}

TEST(BalanceScenario, WhatIsExchangedForAFewKeysThatDifferIsAboutThoseKeys) {
  Scenario s;
  s.ring.settings.timing.settling = 1s;
  s.ring.startAll(3);
  for (unsigned i = 0; i < 400; ++i) s.put(0, "many" + std::to_string(i));
  missThree(s, "k1", "k2", "many7");
  Traffic traffic(s);
  const auto done = s.act(2, ActionKind::Balance);
  EXPECT_EQ(done.state, ActionState::Done);
  EXPECT_EQ(done.counts.taken, 3U);
  EXPECT_EQ(done.counts.sent, 0U);
  EXPECT_LT(traffic.bytes, 16'000U) << "403 heads alone would be more than 40,000";
  s.await([&] { return s.whyNotConverged().empty(); }, "equal copies, and no tombstone left");
  expectWell(s);
}

TEST(BalanceScenario, OfAPartitionWithManyKeysOnlyTheLeavesThatDifferAreLookedInto) {
  constexpr unsigned kKeys = 200;
  Scenario s;
  s.ring.startAll(3);
  std::vector<std::string> keys;
  for (unsigned i = 0; keys.size() < kKeys; ++i) {
    std::string key = "key" + std::to_string(i);
    if (partitionOf(key) == partitionOf("key0")) keys.push_back(std::move(key));
  }
  for (const std::string& key : keys) s.put(0, key);
  missThree(s, keys[10], keys[100], keys[190]);
  Traffic traffic(s);
  const auto done = s.act(2, ActionKind::Balance);
  EXPECT_EQ(done.state, ActionState::Done);
  EXPECT_EQ(done.counts.taken, 3U);
  EXPECT_EQ(done.counts.sent, 0U);
  EXPECT_GT(traffic.ofHeads, 0U);
  EXPECT_LT(traffic.ofHeads, 5'000U) << "all heads would be more than 20,000";
  expectWell(s);
}

TEST(BalanceScenario, ByItselfItCopiesNoFasterThanADiskIsFilledAndAtOnceWhenItIsAskedTo) {
  constexpr unsigned kValues = 10;
  Scenario s;
  s.ring.settings.fillBytesPerSecond = Workload::kLargeBytes;
  s.ring.settings.timing.balance = std::chrono::minutes(1);
  s.ring.startAll(3);
  const auto secondsToEqual = [&](bool isAsked) {
    s.kill(2);
    for (unsigned i = 0; i < kValues; ++i) s.put(0, "k" + std::to_string(i), true);
    s.start(2);
    const Time begun = s.ring.time.now();
    if (isAsked) s.act(2, ActionKind::Balance);
    s.await([&] { return s.whyNotConverged().empty(); }, "equal copies");
    return std::chrono::duration<double>(s.ring.time.now() - begun).count();
  };
  s.run(5s);
  // Two of them bring it what it lacks, each at that rate.
  const double byItself = secondsToEqual(false);
  EXPECT_GE(byItself, kValues / 3.0);
  EXPECT_LT(secondsToEqual(true), byItself / 2);
  expectWell(s);
}

TEST(BalanceScenario, ANodeThatComesBackIsMadeEqualByItself) {
  Scenario s;
  s.ring.settings.timing.balance = std::chrono::minutes(1);
  s.ring.startAll(3);
  s.run(5s);
  s.kill(2);
  s.put(0, "k0");
  s.put(0, "k1", true);
  s.start(2);
  s.run(10s);
  EXPECT_EQ(s.whyNotConverged(), "") << "at once, not within the minute";
  expectWell(s);
}

TEST(BalanceScenario, EveryNodeSaysWhetherItsPartitionsHaveAllTheirCopies) {
  Scenario s;
  s.ring.settings.timing.balance = std::chrono::minutes(1);
  s.ring.startAll(3);
  const auto said = [&](unsigned number) {
    const auto status = s.node(number).node().status();
    const auto self = std::find_if(status.members.begin(), status.members.end(), [](const auto& m) { return m.self; });
    return self->agreement;
  };
  const auto equal = [&](unsigned number) {
    const wire::Agreement agreement = said(number);
    return agreement.lacking + agreement.differing + agreement.uncompared == 0;
  };
  s.await([&] { return equal(0) && equal(1) && equal(2); }, "three nodes that have compared what they hold");
  s.kill(2);
  for (const std::string& key : Scenario::keys()) s.put(0, key);
  s.await([&] { return said(0).lacking == limits::kPartitions; }, "that the absent node is missed");
  s.drop(Type::EntryHeads, kAny, kAny);
  s.start(2);
  s.await([&] { return said(0).differing > 0 && said(2).differing > 0; }, "that what it missed is known");
  EXPECT_EQ(said(0).lacking, 0U);
  EXPECT_LE(said(0).differing, Scenario::keys().size());
  EXPECT_GT(said(0).seconds, 0U);
  s.forgetRules();
  s.await([&] { return equal(0) && equal(1) && equal(2); }, "equal copies");
  EXPECT_EQ(s.whyNotConverged(), "");
  s.join(0);
  s.await([&] { return s.node(0).node().status().members.size() == 4; }, "a change of the ring");
  for (const auto& member : s.node(0).node().status().members) {
    EXPECT_GT(member.agreement.uncompared, 0U) << member.hostPort << " has said so of the table before";
  }
  s.await([&] { return equal(0) && equal(1) && equal(2) && s.node(3).up() && equal(3); }, "four that have compared");
  expectWell(s);
}

TEST(BalanceScenario, ADryRunCountsWhatAPurgeWouldDropAndDropsNothing) {
  Scenario s;
  s.ring.startAll(3);
  for (const std::string& key : Scenario::keys()) s.put(0, key);
  s.join(0);
  s.await([&] { return s.node(3).up(); }, "node 3 serves");
  s.awaitQuiet();
  const auto counted = s.act(2, ActionKind::CountPurge);
  EXPECT_EQ(counted.state, ActionState::Done) << counted.problem;
  EXPECT_GT(counted.counts.dropped, 0U);
  EXPECT_EQ(s.removals.count(), 0U);
  const auto purged = s.act(2, ActionKind::Purge);
  EXPECT_EQ(purged.counts.dropped, counted.counts.dropped);
  EXPECT_EQ(purged.counts.droppedBytes, counted.counts.droppedBytes);
  EXPECT_EQ(s.removals.count(), counted.counts.dropped);
  expectWell(s);
}

TEST(BalanceScenario, ANodeWhoseStartIsNotConfirmedPurgesNothing) {
  Scenario s;
  s.ring.startAll(3);
  for (const std::string& key : Scenario::keys()) s.put(0, key);
  s.join(0);
  s.await([&] { return s.node(3).up(); }, "node 3 serves");
  s.awaitQuiet();
  s.kill(2);
  s.drop(Type::Hello, 2, kAny);
  s.node(2).start({});
  s.await([&] { return s.node(2).up(); }, "node 2 runs");
  const auto refused = s.act(2, ActionKind::Purge);
  EXPECT_EQ(refused.state, ActionState::Failed);
  EXPECT_THAT(refused.problem, testing::HasSubstr("last copies"));
  EXPECT_EQ(s.removals.count(), 0U);
  expectWell(s);
}

}  // namespace
}  // namespace mydht::simulation
