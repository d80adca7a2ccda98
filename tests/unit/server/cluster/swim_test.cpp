// Proves what the failure detector promises, on its steps alone: who is dead is soon known to all, who is slow, lossy
// or cut off from one other node only is not given up, whoever is there refutes, rumours come in a fixed order whatever
// the order of messages, and neither messages nor what is kept grow beyond their bounds. How: steps called one by one;
// and rings of such detectors alone with messages in virtual time (swim_net.h), again with many seeds.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "tests/unit/server/cluster/swim_net.h"

namespace mydht::cluster {
namespace {

using namespace test;

constexpr NodeId kSelf = 1;

/// One detector with these many other members, and steps with time at hand.
struct One {
  explicit One(unsigned others = 4) : random(7), swim(kSelf, timing, random) {
    std::vector<NodeId> all;
    for (unsigned i = 0; i < others; ++i) all.push_back(kSelf + 1 + i);
    swim.setMembers(all, now);
  }
  void hear(NodeId from, NodeId about, std::uint64_t incarnation, Liveness state) {
    const Rumour rumour{about, incarnation, state};
    swim.hear(from, {&rumour, 1}, now);
  }
  Rumour said(NodeId to, NodeId about) {
    for (const Rumour& rumour : swim.rumoursFor(to, to)) {
      if (rumour.about == about) return rumour;
    }
    return {};
  }

  Timing timing;
  simulation::SimRandom random;
  Time now{100s};
  Swim swim;
};

TEST(SwimSteps, ASilentMemberIsProbedDirectlyThenThroughThreeOthersAndOnlyThenSuspect) {
  One one;
  const auto first = one.swim.tick(one.now);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_TRUE(first[0].direct());
  const NodeId silent = first[0].target;
  one.now += one.timing.probeAnswer;
  const auto second = one.swim.tick(one.now);
  EXPECT_EQ(std::ranges::count_if(second, [&](const auto& ping) { return ping.target == silent && !ping.direct(); }),
            3);
  EXPECT_EQ(one.swim.of(silent), Liveness::Alive);
  for (const auto& ping : second) {
    if (!ping.direct()) one.swim.failed(ping, one.now);
  }
  const auto third = one.swim.tick(one.now);
  EXPECT_EQ(one.swim.of(silent), Liveness::Suspect);
  const auto told = std::ranges::find_if(third, [&](const auto& ping) { return ping.to == silent; });
  ASSERT_NE(told, third.end()) << "a suspect is probed again at once";
  EXPECT_EQ(std::ranges::count(told->rumours, Rumour{silent, 0, Liveness::Suspect}), 1) << "and told";
}

TEST(SwimSteps, ASuspectIsProbedAgainEveryTenthOfASecondUntilItIsDead) {
  One one;
  const NodeId silent = one.swim.tick(one.now)[0].target;
  unsigned probes = 0;
  const Time begun = one.now;
  while (one.swim.of(silent) != Liveness::Dead && one.now < begun + 10s) {
    one.now = std::max(one.swim.next(), one.now);
    const auto pings = one.swim.tick(one.now);
    if (one.swim.of(silent) == Liveness::Suspect) {
      probes +=
          static_cast<unsigned>(std::ranges::count_if(pings, [&](const auto& ping) { return ping.to == silent; }));
    }
    for (const auto& ping : pings) {
      if (ping.target != silent) one.swim.acked(ping, one.now);
      if (ping.target == silent && !ping.direct()) one.swim.failed(ping, one.now);
    }
  }
  EXPECT_EQ(one.swim.of(silent), Liveness::Dead);
  EXPECT_GE(probes, 10U);
  EXPECT_LE(probes, 13U);
}

TEST(SwimSteps, ASuspicionThatIsOnlyHeardOfKillsNobodyBeforeAProbeOfOnesOwn) {
  One one;
  one.hear(2, 3, 0, Liveness::Suspect);
  const Time begun = one.now;
  bool probed = false;
  while (one.swim.of(3) != Liveness::Dead && one.now < begun + 20s) {
    one.now = std::max(one.swim.next(), one.now);
    for (const auto& ping : one.swim.tick(one.now)) {
      probed = probed || ping.to == 3;
      if (ping.target != 3) one.swim.acked(ping, one.now);
    }
    if (one.swim.of(3) == Liveness::Dead) {
      EXPECT_TRUE(probed);
    }
  }
  EXPECT_EQ(one.swim.of(3), Liveness::Dead);
}

TEST(SwimSteps, ANodeThatHearsOfItsOwnSuspicionOrDeathRefutesItWithAHigherIncarnation) {
  One one;
  EXPECT_EQ(one.said(2, kSelf), (Rumour{kSelf, 0, Liveness::Alive}));
  one.hear(2, kSelf, 0, Liveness::Suspect);
  EXPECT_EQ(one.said(2, kSelf), (Rumour{kSelf, 1, Liveness::Alive}));
  one.hear(3, kSelf, 0, Liveness::Dead);  // of before
  EXPECT_EQ(one.said(2, kSelf), (Rumour{kSelf, 1, Liveness::Alive}));
  one.hear(3, kSelf, 7, Liveness::Dead);  // of before a restart
  EXPECT_EQ(one.said(2, kSelf), (Rumour{kSelf, 8, Liveness::Alive}));
}

TEST(SwimSteps, ARefutationTakesTheDeadBackAndALateAccusationDoesNot) {
  One one;
  one.hear(2, 3, 4, Liveness::Dead);
  EXPECT_EQ(one.swim.of(3), Liveness::Dead);
  one.hear(2, 3, 4, Liveness::Alive);
  EXPECT_EQ(one.swim.of(3), Liveness::Dead);
  one.hear(2, 3, 5, Liveness::Alive);
  EXPECT_EQ(one.swim.of(3), Liveness::Alive);
  one.hear(4, 3, 4, Liveness::Suspect);
  one.hear(4, 3, 4, Liveness::Dead);
  EXPECT_EQ(one.swim.of(3), Liveness::Alive);
}

TEST(SwimSteps, NothingIsKeptOfWhoIsNoMember) {
  One one;
  one.hear(77, 99, 3, Liveness::Dead);
  EXPECT_EQ(one.swim.of(99), Liveness::Alive);
  EXPECT_EQ(one.said(2, 99), Rumour());
  one.hear(2, 3, 0, Liveness::Dead);
  one.swim.setMembers({2}, one.now);
  EXPECT_EQ(one.said(2, 3), Rumour());
  EXPECT_EQ(one.swim.of(3), Liveness::Alive);
  EXPECT_TRUE(one.swim.tick(one.now + 1s).size() <= 2);
}

TEST(SwimSteps, ANodeThatStoodStillDeclaresNobodyDeadForWhatItMissed) {
  One one;
  const auto first = one.swim.tick(one.now);
  one.now += one.timing.probeAnswer;
  one.swim.tick(one.now);
  one.now += 30s;  // nothing was answered, since nothing of this node ran
  one.swim.tick(one.now);
  for (NodeId node = 2; node < 6; ++node) EXPECT_NE(one.swim.of(node), Liveness::Dead);
  EXPECT_GT(one.swim.slowness(), 0U);
}

TEST(SwimSteps, EachRumourIsToldAboutThreeTimesTheLogarithmAndMessagesStaySmall) {
  One one(200);
  for (NodeId node = 10; node < 110; ++node) one.hear(2, node, 1, Liveness::Dead);
  std::map<NodeId, unsigned> told;
  for (unsigned message = 0; message < 1000; ++message) {
    const auto rumours = one.swim.rumoursFor(2, 2);
    EXPECT_LE(rumours.size(), wire::kMostRumours);
    for (const Rumour& rumour : rumours) {
      if (rumour.about != kSelf) ++told[rumour.about];
    }
  }
  EXPECT_EQ(told.size(), 100U);
  for (const auto& [node, times] : told) EXPECT_EQ(times, 24U) << node;  // 3 times the bits of 201
}

/// Rumours in any order leave the same, which is the greatest of them.
RC_GTEST_PROP(SwimSteps, RumoursLeaveTheSameInWhateverOrderAndHoweverOftenTheyCome, ()) {
  std::vector<Rumour> rumours;
  const auto count = *rc::gen::inRange(1, 12);
  for (int i = 0; i < count; ++i) {
    rumours.push_back({3, *rc::gen::inRange<std::uint64_t>(0, 4), static_cast<Liveness>(*rc::gen::inRange(0, 3))});
  }
  Rumour greatest{3, 0, Liveness::Alive};
  for (const Rumour& rumour : rumours) greatest = rumour.beats(greatest) ? rumour : greatest;
  One one;
  for (const Rumour& rumour : rumours) one.hear(2, 3, rumour.incarnation, rumour.state);
  for (const Rumour& rumour : rumours) one.hear(4, 3, rumour.incarnation, rumour.state);
  RC_ASSERT(one.swim.of(3) == greatest.state);
  if (greatest != Rumour{3, 0, Liveness::Alive}) RC_ASSERT(one.said(3, 3) == greatest);
}

class SwimRing : public testing::TestWithParam<std::uint64_t> {};

TEST_P(SwimRing, ADeadNodeOfFiveIsKnownToAllWithinThreeSeconds) {
  for (const bool refused : {true, false}) {
    SwimNet net(5, GetParam());
    net.run(5s + Duration(static_cast<std::int64_t>(net.random.below(1'000'000'000))));
    (refused ? net.dead : net.vanished).insert(4);
    EXPECT_LE(net.until(4, Liveness::Dead, 10s), 3s) << "refused: " << refused;
  }
}

TEST_P(SwimRing, ANodeThatIsFrozenOrSlowForASecondIsNotDeclaredDead) {
  SwimNet net(3 + static_cast<unsigned>(GetParam() % 3), GetParam());
  for (unsigned round = 0; round < 40; ++round) {
    net.run(1s + net.random.between(0ms, 700ms));
    if (round % 2 == 0) net.freeze(round % 3, 1s);
    net.slow.clear();
    if (round % 4 == 1) net.slow[round % 3] = 400ms;  // there and back nearly a second
  }
  EXPECT_EQ(net.deaths, 0U);
}

TEST_P(SwimRing, ALinkToOneOtherNodeThatIsCutKillsNobody) {
  SwimNet net(5, GetParam());
  net.cut = {{0, 1}, {1, 0}, {2, 3}};
  net.run(60s);
  EXPECT_EQ(net.deaths, 0U);
  EXPECT_TRUE(net.all(1, Liveness::Alive));
}

TEST_P(SwimRing, ANodeThatIsBackIsKnownToAllWithinTwoSecondsAndARestartedOneRefutes) {
  SwimNet net(5, GetParam());
  net.run(3s);
  net.dead.insert(2);
  net.run(10s);
  ASSERT_TRUE(net.all(2, Liveness::Dead));
  net.begin(2);
  EXPECT_LE(net.until(2, Liveness::Alive, 10s), 2s);
  EXPECT_GT(net[2].incarnation(), 0U);
}

TEST_P(SwimRing, TheHalvesOfASplitRingFindOneAnotherWithinFiveSeconds) {
  SwimNet net(5, GetParam());
  for (const unsigned a : {0U, 1U}) {
    for (const unsigned b : {2U, 3U, 4U}) {
      net.cut.insert({a, b});
      net.cut.insert({b, a});
    }
  }
  net.run(30s);
  EXPECT_EQ(net[0].of(SwimNet::idOf(3)), Liveness::Dead);
  EXPECT_EQ(net[3].of(SwimNet::idOf(0)), Liveness::Dead);
  EXPECT_EQ(net[0].of(SwimNet::idOf(1)), Liveness::Alive);
  net.cut.clear();
  const Time met = net.now();
  for (unsigned node = 0; node < 5; ++node) net.until(node, Liveness::Alive, 10s);
  EXPECT_LE(net.now() - met, 5s);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SwimRing, testing::Range<std::uint64_t>(1, 41));

TEST(SwimRing, AFifthOfAllMessagesLostGivesNoFalseDeathInAnHour) {
  for (const std::uint64_t seed : {1U, 2U}) {
    SwimNet net(5, seed);
    net.lossOfMillion = 200'000;
    net.run(1h);
    EXPECT_EQ(net.deaths, 0U) << "seed " << seed;
    EXPECT_EQ(net.idle, 0U);
  }
}

TEST(SwimRing, WhatItCostsANodeDoesNotGrowWithTheRingAndNewsTravelLikeItsLogarithm) {
  std::map<unsigned, double> messages;
  std::map<unsigned, double> bytes;
  for (const unsigned nodes : {5U, 50U, 200U}) {
    SwimNet net(nodes, 11);
    net.run(2s);
    net.messages = net.bytes = 0;
    net.run(10s);
    messages[nodes] = static_cast<double>(net.messages) / nodes / 10;
    bytes[nodes] = static_cast<double>(net.bytes) / nodes / 10;
    net.vanished.insert(1);
    const double known = std::chrono::duration<double>(net.until(1, Liveness::Dead, 30s)).count();
    std::printf("%u nodes: %.2f messages and %.0f bytes a second and node, a death known to all after %.1f s\n", nodes,
                messages[nodes], bytes[nodes], known);
    EXPECT_LE(known, nodes == 5 ? 3 : nodes == 50 ? 7 : 12);
    EXPECT_LE(net.greatest, 150U);
  }
  EXPECT_LE(messages[200], 1.2 * messages[5]);
  EXPECT_LE(bytes[200], 1.2 * bytes[5]);
}

}  // namespace
}  // namespace mydht::cluster
