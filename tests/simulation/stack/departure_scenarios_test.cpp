// Proves that nodes can leave and come while others do so, die or are set back, and that nothing is lost by it (R2, R5,
// R6).
// How: one directed order of events each, on the whole stack; the checkers run over each.
#include <gtest/gtest.h>

#include "server/store/rows.h"
#include "tests/simulation/stack/deliberate_bugs.h"
#include "tests/simulation/stack/departures.h"

namespace mydht::simulation {
namespace {

using namespace std::chrono_literals;
using Bugs = cluster::DeliberateBugs;
using Type = wire::MessageType;
constexpr unsigned kAny = Scenario::kAny;

TEST_F(Departures, TwoNodesThatJoinAtOnceAreBothTakenIn) {
  s.ring.startAll(2);
  putAll(s);
  s.hold(Type::FillPage, kAny, kAny);
  s.join(0);
  s.join(1);
  s.await([&] { return s.node(2).up() && s.node(3).up(); }, "both serve while neither is filled");
  s.forgetRules();
  s.letGo();
  s.awaitQuiet();
  EXPECT_EQ(members(0), 4U);
  readAll(s, 3);
}

TEST_F(Departures, ANodeThatLeavesHandsOverAndForgetsItsPlace) {
  s.ring.startAll(4);
  putAll(s);
  const NodeId before = s.node(3).durableIdentity()->node;
  s.node(3).leave();
  awaitDown(3);
  EXPECT_EQ(members(0), 3U);
  EXPECT_NE(s.node(3).durableIdentity()->node, before);
  readAll(s, 1);
}

TEST(DeliberateBugs, ANodeThatEndsBeforeItHasHandedOverLeavesTooFewCopies) {
  withAndWithout(&Bugs::leaveEarly, "C4", [](Scenario& s) {
    s.ring.startAll(4);
    putAll(s);
    s.node(3).leave();
    s.await([&] { return s.node(3).down(); }, "the node has left");
    s.mustConverge();
    for (const std::string& key : Scenario::keys()) {
      s.mustBe(copiesOf(s, key) == 3, key + " has three copies when the node ends");
    }
  });
}

// A leaving node whose clock is ahead takes a version itself, and its place is over before the others refuse it. Among
// those that are asked then nobody has it; a lower version would be acknowledged and lost behind it, as it is on a
// disk.
TEST_F(Departures, AWriteThroughALeavingNodeWhoseClockIsAheadIsNotAcknowledgedBehindItsOwnVersion) {
  s.ring.startAll(4);
  putAll(s);
  const std::string key = s.keyOf(0, {1, 2, 3});
  s.hold(Type::Filled, kAny, kAny);
  s.node(3).leave();
  s.await([&] { return s.requests(3, Type::Filled) >= 3; }, "the others are filled, but cannot say so");
  s.node(3).clock().jump(30'000'000);
  s.forgetRules();
  s.hold(Type::Offer, 3, kAny);
  s.letGo();
  const auto ahead = s.workload.put(s.node(3), key);
  s.await([&] { return !s.changing(3); }, "the leave is complete");
  s.forgetRules();
  s.letGo();
  s.finish(ahead);
  EXPECT_EQ(s.at(ahead).outcome, Outcome::Pending) << s.workload.told(ahead);
  awaitDown(3);
  EXPECT_TRUE(s.done(s.del(0, key)));
  s.node(3).start({s.node(0).name()});
  s.await([&] { return s.node(3).up(); }, "it joins again");
  s.awaitQuiet();
  for (const unsigned through : {0U, 1U, 2U, 3U}) s.get(through, key);
}

TEST_F(Departures, AJoinDuringALeaveAndALeaveDuringAJoinComeThrough) {
  s.ring.startAll(4);
  putAll(s);
  s.hold(Type::FillPage, kAny, kAny);
  s.node(3).leave();
  s.await([&] { return s.changing(0); }, "the leave is under way");
  s.join(1);
  s.await([&] { return s.node(4).up(); }, "the joiner serves");
  s.node(2).leave();
  s.run(2s);
  s.forgetRules();
  s.letGo();
  awaitDown(3);
  awaitDown(2);
  s.awaitQuiet();
  EXPECT_EQ(members(0), 3U);
  for (const std::string& key : Scenario::keys()) EXPECT_EQ(copiesOf(s, key), 3U) << key;
  readAll(s, 4);
}

TEST_F(Departures, ADeathDuringAJoinDoesNotHoldItUp) {
  s.ring.startAll(3);
  putAll(s);
  s.hold(Type::FillPage, kAny, kAny);
  s.join(0);
  s.await([&] { return s.node(3).up() && s.changing(0); }, "the join is under way");
  s.kill(2);
  s.forgetRules();
  s.letGo();
  s.await([&] { return !s.changing(0) && !s.changing(3) && s.ring.quiet(); }, "a complete version without node 2");
  EXPECT_EQ(members(0), 4U) << "a dead node keeps its place";
  readAll(s, 3);
  s.start(2);
  s.awaitQuiet();
}

TEST_F(Departures, AThirdChangeWhileTwoAreActiveMergesAndAFurtherOneWaits) {
  s.ring.startAll(3);
  putAll(s);
  joinTwo();
  readAll(s, 4);
  SimNode& waiting = s.join(2);
  s.run(10s);
  EXPECT_FALSE(waiting.up()) << "further changes wait";
  s.forgetRules();
  s.await([&] { return waiting.up(); }, "the waiting node is taken in");
  s.awaitQuiet();
  EXPECT_EQ(members(0), 6U);
  readAll(s, 5);
}

TEST_F(Departures, NobodyLeavesOnTheWordOfANodeThatWasSetBackAndHasNotBeenConfirmed) {
  startThreeWithNode0SetBack();
  s.node(2).leave();
  awaitDown(2);
  EXPECT_EQ(members(1), 3U) << "of three with one disk lost nobody may leave";
  s.forgetRules();
  s.await([&] { return s.node(0).node().fatal() != nullptr; }, "it finds out");
  s.kill(0);
  s.start(2);
  s.start(0);
  s.awaitQuiet();
  EXPECT_EQ(members(1), 3U);
  readAll(s, 0);
}

// It answers, but can agree to nothing. Were it counted, the others would accept a change that nobody can make, and a
// later one would take with it the place of who was told that it keeps it.

TEST_F(Departures, NobodyLeavesOnTheWordOfANodeWhoseDiskHasFailed) {
  s.ring.startAll(3);
  putAll(s);
  const NodeId before = s.node(2).durableIdentity()->node;
  failDisk(1);
  s.node(2).leave();
  awaitDown(2);
  EXPECT_EQ(accepted(0), 3U) << "nothing has been proposed";
  s.kill(1);
  s.start(1);
  s.start(2);
  s.awaitQuiet();
  s.join(0);
  s.await([&] { return s.node(3).up(); }, "the next change of the ring");
  s.awaitQuiet();
  EXPECT_EQ(members(0), 4U);
  EXPECT_EQ(s.node(2).durableIdentity()->node, before) << "it has kept its place";
  readAll(s, 2);
}

TEST_F(Departures, ANodeThatWasSetBackAndHasNotBeenConfirmedHasNoVoteOnChangesOfTheRing) {
  startThreeWithNode0SetBack();
  s.kill(2);
  s.join(1);
  s.run(5s);
  EXPECT_EQ(members(1), 3U) << "what it had accepted may be gone";
  s.start(2);
  s.await([&] { return members(1) == 4; }, "the two others take the new one in");
  s.forgetRules();
  s.await([&] { return s.node(0).node().fatal() != nullptr; }, "it finds out");
  s.kill(0);
  s.start(0);
  s.awaitQuiet();
  EXPECT_EQ(members(1), 4U);
  readAll(s, 0);
}

// Its vote would make the majority of the three, and leave a ring of two of which one is lost.

TEST_F(Departures, ANodeForgetsItsRingOnlyOnceThoseThatStayCanFindOneAnother) {
  s.ring.startAll(2);
  putAll(s);
  s.drop(Type::Gossip, kAny, kAny);
  s.drop(Type::Adopt, kAny, kAny);
  s.node(0).leave();
  s.await([&] { return s.changing(0); }, "the leave is under way");
  s.get(0, "k1");  // node 1 hears of it by being asked
  s.await([&] { return !s.changing(1) && members(1) == 1; },
          "node 1 knows that the version without node 0 is complete");
  s.mustBe(s.changing(0), "node 0 does not");
  s.join(0);
  s.await([&] { return s.node(2).up(); }, "it takes node 2 in all the same");
  ASSERT_TRUE(s.node(0).up()) << "nobody else knows yet where node 2 is";
  s.get(0, "k1");
  s.await([&] { return s.newest(1) == s.newest(2); }, "node 1 hears of that too");
  s.kill(0);
  s.start(0);
  s.run(3s);
  s.forgetRules();
  s.await([&] { return s.node(0).up() && s.node(0).node().fatal() != nullptr; }, "node 0 finds out that it has left");
  s.kill(0);
  s.start(0);
  s.awaitQuiet();
  ASSERT_EQ(members(1), 3U);
  readAll(s, 2);
}

TEST_F(Departures, AllNodesInterruptedAtOnceLeaveOneAfterTheOtherAndTheLastOneHasEverything) {
  s.ring.startAll(5);
  putAll(s);
  for (unsigned i = 0; i < 5; ++i) s.node(i).leave();
  for (unsigned i = 0; i < 5; ++i) awaitDown(i);
  std::vector<unsigned> stayed;
  for (unsigned i = 0; i < 5; ++i) {
    const Bytes* const row = s.node(i).medium().row(store::kRingRow);
    ASSERT_NE(row, nullptr);
    const auto ring = store::decodeRingState(row->view());
    if (ring && !ring->view.active.empty()) stayed.push_back(i);
  }
  ASSERT_EQ(stayed.size(), 1U) << "who has left is a member of no ring";
  const unsigned last = stayed.front();
  s.start(last);
  EXPECT_EQ(members(last), 1U);
  readAll(s, last);
}

TEST_F(Departures, ANodeThatHasLeftForgetsItsRingOnlyOnceSomebodyElseKnows) {
  s.ring.startAll(2);
  putAll(s);
  const ring::VersionName before = s.newest(0);
  s.drop(Type::Filled, 0, 1);
  s.node(1).leave();
  s.await([&] { return s.newest(0) != before && s.newest(1) == s.newest(0); }, "both know the version without it");
  s.drop(Type::Adopt, 1, 0);
  s.drop(Type::GetView, 0, 1);
  s.await([&] { return !s.changing(1); }, "node 1 alone knows that it is complete");
  s.mustBe(s.changing(0), "node 0 does not");
  s.kill(0);
  s.forgetRules();
  awaitDown(1);
  s.node(0).start({});
  s.run(3s);
  s.node(1).start({s.node(0).name()});
  s.await([&] { return s.node(0).up() && s.node(0).node().membership().confirmed() && members(0) == 1; },
          "node 0 hears of it, and serves");
  readAll(s, 0);
}

TEST_F(Departures, ANodeThatWasAwayWhileAllOthersBecameNewOnesIsToldByWhoeverAnswersAtTheirAddresses) {
  s.ring.startAll(3);
  putAll(s);
  s.kill(2);
  s.run(3s);
  const auto removed = remove(s, 0, {2});
  ASSERT_TRUE(removed.ok()) << removed.error().text;
  s.awaitQuiet();
  s.join(0);
  s.await([&] { return s.node(3).up(); }, "node 3 serves");
  s.awaitQuiet();
  for (const unsigned again : {0U, 1U}) {
    s.node(again).leave();
    awaitDown(again);
    s.node(again).start({s.node(3).name()});
    s.await([&] { return s.node(again).up(); }, "it is back as a new one");
    s.awaitQuiet();
  }
  s.node(2).start({});
  s.await([&] { return s.node(2).up() && s.node(2).node().fatal() != nullptr; }, "it finds out");
  s.kill(2);
  s.start(2);
  s.awaitQuiet();
  EXPECT_EQ(members(0), 4U);
  readAll(s, 2);
}

TEST_F(Departures, AHomeNodeWithAFullDiskHoldsUpNoChangeOfTheRing) {
  s.ring.startAll(4);
  putAll(s);
  s.kill(3);
  s.node(3).loseDisk();
  s.hold(Type::FillPage, 3, kAny);
  s.node(3).start({s.node(0).name()});
  s.await([&] { return s.node(3).up(); }, "node 3 has its place again");
  s.node(3).disk().setFull(true);
  s.run(2s);
  s.forgetRules();
  s.drop(Type::FillPage, 3, kAny);
  s.letGo();
  s.join(0);
  s.await([&] { return s.node(4).up() && !s.changing(0) && !s.changing(4); }, "both changes are complete");
  s.node(3).disk().setFull(false);
  s.forgetRules();
  s.awaitQuiet();
}

TEST(DeliberateBugs, WhereCopiesBecomeFewerThoseThatStayLackAWriteUnlessTheyFillAgain) {
  withAndWithout(&Bugs::keepUnowed, "C1", [](Scenario& s) {
    s.ring.startAll(3);
    std::string key;
    for (const std::string& some : Scenario::keys()) {
      if (s.node(0).node().whereIs(some).front() == s.node(1).name()) key = some;
    }
    s.drop(Type::Offer, 0, 1);
    s.mustBe(s.done(s.put(0, key)), "a put that node 1 misses");
    s.mustBe(setReplicas(s, 0, 1).ok(), "one copy from now on");
    s.await([&] { return !s.changing(0) && !s.changing(1); }, "a complete version");
    s.get(1, key);
  });
}

TEST_F(Departures, AnotherWeightOrZoneMovesWhatHasToMove) {
  s.ring.startAll(4);
  putAll(s);
  const unsigned before =
      s.node(3).node().membership().view()->newest().partitionsOf(s.node(3).durableIdentity()->node);
  s.kill(3);
  s.ring.settings.weightHundredths = 300;
  s.ring.settings.zone = "attic";
  s.start(3);
  s.ring.settings.weightHundredths.reset();
  s.ring.settings.zone.reset();
  const NodeId self = s.node(3).durableIdentity()->node;
  s.await([&] { return s.node(0).node().membership().view()->newest().list().find(self)->zone == "attic"; }, "moved");
  s.awaitQuiet();
  EXPECT_GT(s.node(0).node().membership().view()->newest().partitionsOf(self), before);
  s.kill(3);
  s.start(3);
  s.awaitQuiet();
  EXPECT_EQ(s.node(0).node().membership().view()->newest().list().find(self)->weightHundredths, 300U)
      << "what is not said stays as it was";
  readAll(s, 3);
}

}  // namespace
}  // namespace mydht::simulation
