// Proves what the failure detector and what rests on it do on the whole stack: who is dead is soon known to all, who is
// slow or behind a lossy link is not given up, what it costs does not grow with the ring, the halves of a split ring
// become equal soon after they meet, and a dead node is removed after the time that people have said, no other one.
// How: rings in virtual time with nodes killed, frozen and cut off; what each node holds of the others is looked at.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string>

#include "tests/simulation/stack/deliberate_bugs.h"
#include "tests/simulation/stack/departures.h"

namespace mydht::simulation {
namespace {

using namespace std::chrono_literals;
using cluster::Liveness;
using Type = wire::MessageType;

class LivenessScenario : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_TRUE(s.broken().empty()) << testing::PrintToString(s.broken());
    EXPECT_TRUE(s.stuck().empty()) << testing::PrintToString(s.stuck());
  }

  /// What a node that is up holds of another one; alive if it is no member.
  Liveness held(unsigned by, unsigned of) {
    for (const auto& member : s.node(by).node().status().members) {
      if (member.hostPort == s.node(of).name()) return member.liveness;
    }
    return Liveness::Alive;
  }
  bool allHold(unsigned of, Liveness liveness) {
    for (unsigned by = 0; by < s.ring.size(); ++by) {
      if (by != of && s.node(by).up() && held(by, of) != liveness) return false;
    }
    return true;
  }
  bool nobodyIsDead() {
    for (unsigned of = 0; of < s.ring.size(); ++of) {
      for (unsigned by = 0; by < s.ring.size(); ++by) {
        if (by != of && held(by, of) == Liveness::Dead) return false;
      }
    }
    return true;
  }
  bool isMember(unsigned asKnownBy, unsigned node) {
    const auto members = s.node(asKnownBy).node().status().members;
    return std::ranges::any_of(members, [&](const auto& member) { return member.hostPort == s.node(node).name(); });
  }
  void cutOff(const std::set<unsigned>& some) {
    for (unsigned a = 0; a < s.ring.size(); ++a) {
      for (unsigned b = 0; b < s.ring.size(); ++b) {
        if (some.contains(a) != some.contains(b)) s.ring.network.cut(s.node(a).name(), s.node(b).name());
      }
    }
  }
  double secondsUntil(const std::function<bool()>& condition, const std::string& what) {
    const Time begun = s.ring.time.now();
    s.await(condition, what);
    return std::chrono::duration<double>(s.ring.time.now() - begun).count();
  }
  struct Cost {
    double messages = 0;
    double bytes = 0;
  };
  /// Of probes, gossip and their answers, for each node and second.
  Cost costOf(unsigned nodes);

  Scenario s;
};

TEST_F(LivenessScenario, ADeadAVanishedAndAFrozenNodeAreKnownToAllOfFiveWithinThreeSecondsAndAgainWhenTheyAreBack) {
  s.ring.startAll(5);
  s.run(5s);
  s.kill(4);
  EXPECT_LE(secondsUntil([&] { return allHold(4, Liveness::Dead); }, "the dead one known"), 3);
  s.start(4);
  EXPECT_LE(secondsUntil([&] { return allHold(4, Liveness::Alive); }, "the restarted one known"), 2);
  cutOff({3});
  const auto others = [&] {
    for (const unsigned by : {0U, 1U, 2U, 4U}) {
      if (held(by, 3) != Liveness::Dead) return false;
    }
    return true;
  };
  EXPECT_LE(secondsUntil(others, "the vanished one known"), 3);
  s.ring.network.heal();
  EXPECT_LE(secondsUntil([&] { return nobodyIsDead(); }, "the vanished one back"), 5);
  s.node(2).executor().pause();
  EXPECT_LE(secondsUntil([&] { return allHold(2, Liveness::Dead); }, "the frozen one known"), 3);
  s.node(2).executor().resume();
  EXPECT_LE(secondsUntil([&] { return allHold(2, Liveness::Alive); }, "the frozen one back"), 2);
}

TEST_F(LivenessScenario, ANodeThatIsSlowForASecondIsNotDeclaredDead) {
  s.ring.startAll(3);
  for (unsigned round = 0; round < 30; ++round) {
    s.run(700ms + round * 37ms);
    s.node(round % 3).executor().pause();
    for (unsigned i = 0; i < 10; ++i) {
      s.run(100ms);
      EXPECT_TRUE(nobodyIsDead()) << round;
    }
    s.node(round % 3).executor().resume();
  }
}

TEST_F(LivenessScenario, AFifthOfAllMessagesLostForAnHourIsNobodysDeath) {
  s.ring.startAll(5);
  s.ring.network.options.loss = 200'000;
  for (unsigned i = 0; i < 36'000; ++i) {
    s.run(100ms);
    if (i % 5 == 0) {
      ASSERT_TRUE(nobodyIsDead()) << i;
    }
  }
  s.ring.network.options.loss = 0;
}

LivenessScenario::Cost LivenessScenario::costOf(unsigned nodes) {
  Scenario scenario;
  scenario.ring.startAll(nodes);
  scenario.run(5s);
  std::uint64_t bytes = 0;
  std::uint64_t messages = 0;
  scenario.ring.network.rule = [&](const SimMessage& message) {
    if (message.type != Type::Probe && message.type != Type::Gossip) return Verdict::Deliver;
    ++messages;
    bytes += message.isAnswer ? message.answer.size() : message.request.size();
    return Verdict::Deliver;
  };
  for (unsigned i = 0; i < 20; ++i) scenario.put(i % nodes, "k" + std::to_string(i));
  scenario.run(10s);
  const Cost cost{static_cast<double>(messages) / 10 / nodes, static_cast<double>(bytes) / 10 / nodes};
  std::printf("%u nodes: %.1f messages and %.0f bytes of probes and gossip a second and node\n", nodes, cost.messages,
              cost.bytes);
  return cost;
}

TEST_F(LivenessScenario, WhatProbesAndGossipCostANodeDoesNotGrowWithTheRing) {
  const Cost few = costOf(5);
  const Cost many = costOf(20);
  EXPECT_LE(many.messages, 1.3 * few.messages);
  EXPECT_LE(many.bytes, 2 * few.bytes) << "addresses travel 16 at a time";
}

/// Counts itself if it is done; that may be long after who began it has gone on.
Task<> putOne(SimNode& node, std::string key, std::string value, unsigned& done) {
  cluster::PutRequest request;
  request.key = std::move(key);
  request.value = sourceOf(Bytes(std::move(value)));
  request.consistency = cluster::Consistency::One;
  auto written = co_await node.node().coordinator(0).put(std::move(request), node.executor().now() + 5s);
  done += written.ok() ? 1 : 0;
}

class SplitRing : public LivenessScenario, public testing::WithParamInterface<std::set<unsigned>> {};

TEST_P(SplitRing, TheHalvesBothWrittenToAtOneAgreeWithinTenSecondsOfMeeting) {
  s.ring.settings.timing.balance = 1min;
  s.ring.startAll(5);
  s.run(3s);
  cutOff(GetParam());
  s.run(5s);
  std::map<unsigned, unsigned> written;
  for (unsigned i = 0; i < 40; ++i) {
    for (const unsigned through : {0U, 4U}) {  // one in each half
      s.node(through).spawn(putOne(s.node(through), "split" + std::to_string(i),
                                   std::to_string(i) + " from " + std::to_string(through), written[through]));
      s.run(200ms);
    }
  }
  s.run(10s);
  // A half that holds no home node of a key cannot take it.
  for (const unsigned through : {0U, 4U}) EXPECT_GE(written[through], 20U) << "through node " << through;
  EXPECT_FALSE(s.whyNotConverged().empty()) << "they were to differ";
  s.ring.network.heal();
  const double took = secondsUntil([&] { return s.whyNotConverged().empty(); }, "equal halves");
  std::printf("equal %.1f s after they met\n", took);
  EXPECT_LE(took, 10);
}

INSTANTIATE_TEST_SUITE_P(OfFive, SplitRing,
                         testing::Values(std::set{0U}, std::set{0U, 1U}, std::set{0U, 2U}, std::set{0U, 1U, 3U},
                                         std::set{0U, 1U, 2U, 3U}),
                         [](const auto& info) {
                           std::string name;
                           for (const unsigned node : info.param) name += std::to_string(node);
                           return name;
                         });

TEST(DeliberateBugs, QuestionsThatAreNeverGivenUpPileUp) {
  withAndWithout(&cluster::DeliberateBugs::askForHours, "C8", [](Scenario& s) {
    s.ring.startAll(3);
    s.drop(Type::Gossip, 0, Scenario::kAny);
    s.run(3min);
    s.queues.seeQuiet();
  });
}

class RemoveAfterScenario : public LivenessScenario {
 protected:
  void SetUp() override { s.ring.settings.removeAfter = 60s; }
};

TEST_F(RemoveAfterScenario, ANodeThatStaysDeadIsRemovedAfterThatTimeAndJoinsAsANewOneWhenItComesBack) {
  s.ring.startAll(5);
  putAll(s);
  s.run(3s);
  const NodeId before = s.node(4).durableIdentity()->node;
  s.kill(4);
  s.run(58s);
  EXPECT_TRUE(isMember(0, 4)) << "not before its time";
  s.await([&] { return !isMember(0, 4) && !s.changing(0); }, "the removal", 20s);
  s.awaitQuiet();
  for (const std::string& key : Scenario::keys()) s.mustBe(copiesOf(s, key) >= 3, key + " has its copies again");
  s.node(4).start({});
  s.await([&] { return s.node(4).up() && s.node(4).node().fatal() != nullptr; }, "it learns that it was removed");
  s.kill(4);
  s.node(4).start({s.node(0).name()});
  s.await([&] { return s.node(4).up(); }, "it joins as a new one");
  EXPECT_NE(s.node(4).durableIdentity()->node, before);
  s.awaitQuiet();
  readAll(s, 4);
}

TEST_F(RemoveAfterScenario, ANodeThatComesBackAMomentBeforeIsNotRemoved) {
  s.ring.startAll(5);
  for (unsigned round = 0; round < 3; ++round) {
    s.kill(4);
    s.run(58s);
    s.start(4);
    s.run(10s);
    EXPECT_TRUE(isMember(0, 4));
  }
  s.run(60s);
  EXPECT_TRUE(isMember(0, 4));
  EXPECT_TRUE(nobodyIsDead());
}

TEST_F(RemoveAfterScenario, TheSideOfASplitWithoutAMajorityRemovesNobodyAndIsTakenBackAsItIsWhenItIsSoonMet) {
  s.ring.settings.removeAfter = 0s;
  s.ring.startAll(3);  // these three remove nobody by themselves
  s.ring.settings.removeAfter = 30s;
  s.ring.startAndAwait(s.ring.add(), {s.node(0).name()});
  s.ring.startAndAwait(s.ring.add(), {s.node(0).name()});
  s.awaitQuiet();
  putAll(s);
  cutOff({3, 4});
  s.run(120s);
  for (unsigned node = 0; node < 5; ++node) EXPECT_EQ(s.node(node).node().status().members.size(), 5U) << node;
  s.ring.network.heal();
  s.run(30s);
  for (unsigned node = 0; node < 5; ++node) EXPECT_EQ(s.node(node).node().status().members.size(), 5U) << node;
  EXPECT_TRUE(nobodyIsDead());
  readAll(s, 3);
}

TEST_F(RemoveAfterScenario, TwoNodesThatHoldTheLastGoodCopiesAreRefusedAsByHand) {
  s.ring.startAll(5);
  putAll(s);
  s.run(3s);
  s.kill(3);
  s.kill(4);
  s.run(120s);
  EXPECT_TRUE(isMember(0, 3));
  EXPECT_TRUE(isMember(0, 4));
  EXPECT_FALSE(s.changing(0));
  s.start(3);  // now there are enough copies, and the other one may go
  s.await([&] { return !isMember(0, 4) && isMember(0, 3); }, "the removal of the one that stays dead", 60s);
  s.awaitQuiet();
}

}  // namespace
}  // namespace mydht::simulation
