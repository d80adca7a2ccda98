// Proves how a ring takes nodes in, loses them and gets them back, seen by clients: emptied disks,
// restored backups, power cuts, joiners that die. How: one directed order of events each, on the whole stack.
#include <gtest/gtest.h>

#include <algorithm>

#include "server/store/rows.h"
#include "tests/simulation/stack/departures.h"

namespace mydht::simulation {
namespace {

using namespace std::chrono_literals;
using Type = wire::MessageType;
constexpr unsigned kAny = Scenario::kAny;

class MembershipScenario : public testing::Test {
 protected:
  /// What the checkers found, with every test.
  void TearDown() override {
    EXPECT_TRUE(s.broken().empty()) << testing::PrintToString(s.broken());
    EXPECT_TRUE(s.stuck().empty()) << testing::PrintToString(s.stuck());
  }
  /// Whether the newest version that node 0 knows has this identity as a present member.
  const ring::Member* record(NodeId node) {
    const auto view = s.node(0).node().membership().view();
    return view->newest().list().find(node);
  }

  /// One of the keys of which `former` is a home node in the complete version that a node knows, and `next` is in its
  /// stead in the newest one.
  std::string keyThatMovesFromTo(unsigned asKnownBy, unsigned former, unsigned next) {
    const auto view = s.node(asKnownBy).node().membership().view();
    const NodeId from = s.node(former).node().membership().self().node;
    const NodeId to = s.node(next).node().membership().self().node;
    const std::vector<std::string> keys = Scenario::keys();
    const auto found = std::ranges::find_if(keys, [&](const std::string& key) {
      const PartitionId partition = partitionOf(key);
      return view->complete().isHome(from, partition) && !view->newest().isHome(from, partition) &&
             view->newest().isHome(to, partition);
    });
    s.mustBe(found != keys.end(), "a key moves");
    return found == keys.end() ? keys.front() : *found;
  }

  /// Node 3 joins three that have values for all keys, and fills nothing yet; one of the keys that it takes from
  /// node 1.
  std::string keyThatMovesToNode3() {
    s.ring.startAll(3);
    for (const std::string& key : Scenario::keys()) s.mustBe(s.done(s.put(0, key)), "a put succeeds");
    s.hold(Type::FillPage, 3, kAny);
    s.join(1);
    s.await([&] { return s.node(3).up() && s.changing(0) && s.changing(2) && s.changing(3); }, "all know of node 3");
    return keyThatMovesFromTo(0, 1, 3);
  }

  /// Node 3 has become the key's home in node 1's stead, which all know to be complete but node 0. As far as that one
  /// knows, the nodes 0 and 1 are needed, for node 2 is dead.
  std::string keyOfWhichNode0KnowsThreeFormerHomesAndOneIsDead() {
    const std::string moved = keyThatMovesToNode3();
    s.forgetRules();
    s.deafen(0);
    s.drop(Type::Filled, 0, kAny);  // whoever wants to complete it would be told that it is
    s.letGo();
    s.await([&] { return !s.changing(1) && !s.changing(2) && !s.changing(3); }, "a complete version");
    s.kill(2);
    s.run(1s);
    s.mustBe(s.changing(0), "node 0 has not heard of it");
    return moved;
  }

  /// Node 2, which may have heard where the others are, is down while they leave the ring to node 3, and is started
  /// with that one.
  void startTheOnlyOneOfItsVersionThatIsLeft(bool mayHear) {
    s.ring.startAll(2);
    if (!mayHear) s.drop(Type::Gossip, kAny, kAny);
    SimNode& away = s.ring.add();
    away.start({s.node(0).name()});
    s.await([&] { return away.up() && s.knows(0, s.newest(2)); }, "node 2 is a member");
    s.run(2s);
    s.kill(2);
    s.forgetRules();
    ASSERT_TRUE(remove(s, 0, {2}, true).ok());
    s.join(0);
    s.await([&] { return s.node(3).up() && s.ring.quiet(); }, "node 3 is a member");
    for (const unsigned leaver : {0U, 1U}) {
      s.node(leaver).leave();
      s.await([&] { return s.node(leaver).down(); }, "a node has left");
    }
    s.drop(Type::Gossip, 3, 2);
    away.start({s.node(3).name()});
    s.await([&] { return away.up() && away.node().fatal() != nullptr; }, "node 2 hears that it has no place any more");
    s.kill(2);
    s.start(2);
    s.awaitQuiet();
  }

  Scenario s;
};

TEST_F(MembershipScenario, AnEmptiedDiskComesBackAsANewNodeInTheOldOnesPlaceAndHidesNoKey) {
  s.ring.startAll(3);
  s.drop(Type::Offer, 0, 1);  // nodes 0 and 2 hold what is about to be lost at node 2
  for (const std::string& key : Scenario::keys()) ASSERT_TRUE(s.done(s.put(0, key)));
  s.forgetRules();
  const store::Identity old = *s.node(2).durableIdentity();
  const std::uint64_t tokens = record(old.node)->tokenSeed;
  s.kill(2);
  s.node(2).medium().empty();
  s.hold(Type::FillPage, kAny, kAny);
  s.node(2).start({s.node(0).name()});
  s.await([&] { return s.node(2).up(); }, "node 2 serves");
  for (const unsigned through : {0U, 1U, 2U}) {
    const auto read = s.get(through, "k5");
    EXPECT_TRUE(s.done(read) && s.at(read).value != 0) << "while node 2 is empty, through node " << through;
  }
  s.forgetRules();
  s.letGo();
  s.awaitQuiet();
  const store::Identity now = *s.node(2).durableIdentity();
  EXPECT_NE(now.node, old.node);
  ASSERT_NE(record(now.node), nullptr);
  EXPECT_EQ(record(now.node)->tokenSeed, tokens);
  EXPECT_EQ(record(old.node)->rank, ring::Rank::Removed);
  for (const std::string& key : Scenario::keys()) {
    EXPECT_NE(s.node(2).medium().row(store::entryRowName(key)), nullptr) << key << " was not refilled";
  }
}

TEST_F(MembershipScenario, ARestoredBackupStartsAgainAsANewNodeWithWhatWasWrittenSince) {
  s.ring.startAll(3);
  s.put(0, "k0");
  s.run(5s);
  const store::Identity old = *s.node(2).durableIdentity();
  const auto backup = s.node(2).medium().snapshot();
  s.drop(Type::Offer, 0, 1);
  const auto later = s.put(0, "k0");
  ASSERT_TRUE(s.done(later));
  s.run(5s);
  s.kill(2);
  s.node(2).medium().rollback(*backup);
  s.node(2).start({});
  s.await([&] { return s.node(2).failed() && s.node(2).down(); }, "node 2 refuses to go on");
  EXPECT_NE(s.node(2).failed()->text.find("restored backup"), std::string::npos) << s.node(2).failed()->text;
  s.start(2);
  s.awaitQuiet();
  EXPECT_NE(s.node(2).durableIdentity()->node, old.node);
  EXPECT_EQ(s.node(2).durableIdentity()->replaces, old.node);
  s.drop(Type::Vote, 2, 0);
  EXPECT_EQ(s.at(s.get(2, "k0")).value, s.at(later).value);
}

TEST_F(MembershipScenario, ARestoredBackupIsFoundOutAlsoWhenItsSeedsAreTheFirstToHearOfIt) {
  s.ring.startAll(3);
  s.put(0, "k0");
  s.run(5s);
  const auto backup = s.node(2).medium().snapshot();
  for (int i = 0; i < 20; ++i) s.put(0, "k0");
  s.run(5s);
  s.kill(2);
  s.node(2).medium().rollback(*backup);
  s.node(2).start({s.node(0).name(), s.node(1).name()});
  s.await([&] { return s.node(2).failed() && s.node(2).down(); }, "node 2 refuses to go on");
  EXPECT_NE(s.node(2).failed()->text.find("restored backup"), std::string::npos) << s.node(2).failed()->text;
}

TEST_F(MembershipScenario, NoVersionIsCompleteOnTheWordOfANodeThatWasSetBackAndHasNotBeenFoundOut) {
  s.ring.startAll(4);
  const auto backup = s.node(3).medium().snapshot();
  for (const std::string& key : Scenario::keys()) ASSERT_TRUE(s.done(s.put(0, key)));
  s.run(5s);
  s.kill(3);
  s.node(3).medium().rollback(*backup);
  s.drop(Type::FillPage, 4, kAny);
  s.join(0);
  s.await([&] { return s.node(0).node().membership().view()->newest().present().size() == 5; }, "node 4 is taken in");
  s.drop(Type::Hello, 3, kAny);  // so it takes a while until somebody tells it what it has forgotten
  s.node(3).start({});
  s.await([&] { return s.node(3).up() && s.knows(3, s.newest(0)); }, "node 3 knows the version");
  s.run(3s);
  EXPECT_TRUE(s.changing(0)) << "where node 4 is a home beside node 3, one home node alone is filled";
  s.forgetRules();
  s.drop(Type::FillPage, 4, kAny);
  s.await([&] { return s.node(3).up() && s.node(3).node().fatal() != nullptr; }, "node 3 is found out");
  s.kill(3);
  s.forgetRules();
  s.start(3);
  s.awaitQuiet();
  for (const std::string& key : Scenario::keys()) {
    const auto read = s.get(3, key);
    EXPECT_TRUE(s.done(read) && s.at(read).value != 0) << s.workload.told(read);
  }
}

TEST_F(MembershipScenario, ADiskThatIsLostWhileANewHomeNodeFillsIsRefilledFromTheFormerOnes) {
  s.ring.startAll(4);
  for (const std::string& key : Scenario::keys()) ASSERT_TRUE(s.done(s.put(0, key)));
  s.run(5s);
  s.drop(Type::FillPage, 4, kAny);
  s.join(0);
  s.await([&] { return s.node(4).up(); }, "node 4 serves");
  s.run(5s);
  EXPECT_TRUE(s.changing(0)) << "where node 4 is a home, no other one may be lost";
  s.kill(3);
  s.node(3).loseDisk();
  s.node(3).start({s.node(0).name()});
  s.await([&] { return s.node(3).up(); }, "node 3 serves again");
  s.forgetRules();
  s.awaitQuiet();
  for (const unsigned through : {3U, 4U}) {
    for (const std::string& key : Scenario::keys()) {
      const auto read = s.get(through, key);
      EXPECT_TRUE(s.done(read) && s.at(read).value != 0) << s.workload.told(read);
    }
  }
}

TEST_F(MembershipScenario, AJoinerThatIsStartedAgainWhileItFillsIsWaitedForSoThatADiskMayBeLostMeanwhile) {
  s.ring.startAll(4);
  for (const std::string& key : Scenario::keys()) ASSERT_TRUE(s.done(s.put(0, key)));
  s.drop(Type::FillPage, 4, kAny);
  s.join(0);
  s.await([&] { return s.node(4).up() && s.changing(0); }, "the join is under way");
  s.kill(4);
  s.run(6s);
  EXPECT_TRUE(s.changing(0)) << "where node 4 is a home, no other one may be lost";
  s.start(4);
  s.kill(3);
  s.node(3).medium().empty();
  s.forgetRules();
  s.node(3).start({s.node(0).name()});
  s.await([&] { return s.node(3).up(); }, "node 3 is back, as a new one");
  s.awaitQuiet();
  for (const std::string& key : Scenario::keys()) EXPECT_TRUE(s.done(s.get(4, key))) << key;
}

TEST_F(MembershipScenario, AJoinerThatDiesAgainAndAgainBeforeItHasFilledAnythingIsWaitedForOnce) {
  s.ring.startAll(3);
  s.drop(Type::FillPage, 3, kAny);
  s.join(0);
  s.await([&] { return s.node(3).up() && s.changing(0); }, "the join is under way");
  for (unsigned restarts = 0; s.changing(0) && restarts < 10; ++restarts) {
    s.kill(3);
    s.run(6s);
    s.start(3);
    s.run(2s);
  }
  EXPECT_FALSE(s.changing(0));
  s.forgetRules();
  s.awaitQuiet();
}

TEST_F(MembershipScenario, ACopiedDirectoryDoesNotPushOutTheNodeThatItWasCopiedFrom) {
  s.ring.startAll(3);
  s.put(0, "k0");
  s.run(5s);
  const auto copy = s.node(2).medium().snapshot();
  for (int i = 0; i < 20; ++i) s.put(0, "k0");
  s.run(5s);
  SimNode& clone = s.ring.add();
  clone.medium().rollback(*copy);
  clone.start({});
  s.await([&] { return clone.failed() && clone.down(); }, "the copy refuses to go on");
  clone.start({});
  s.await([&] { return clone.failed() && clone.down(); }, "the copy is not taken in");
  EXPECT_NE(clone.failed()->text.find("still answers"), std::string::npos) << clone.failed()->text;
  s.awaitQuiet();
  EXPECT_TRUE(
      s.node(0).node().membership().standing()->view->newest().list().hasPresent(s.node(2).durableIdentity()->node));
}

TEST_F(MembershipScenario, ACopiedDirectoryWhoseNodeIsGoneBringsNothingBackThatWasDeleted) {
  s.ring.settings.timing.settling = 1s;
  s.ring.settings.timing.settleAge = 500ms;
  s.ring.startAll(3);
  s.put(0, "k0");
  s.run(5s);
  const auto copy = s.node(2).medium().snapshot();
  s.del(0, "k0");
  s.await([&] { return s.whyNotConverged().empty(); }, "the tombstone is gone from all nodes");
  s.kill(2);
  SimNode& clone = s.ring.add();
  clone.medium().rollback(*copy);
  clone.start({});
  s.await([&] { return clone.down(); }, "it finds out that it is a copy");
  clone.start({});
  s.await([&] { return clone.up() && clone.node().status().confirmed; }, "it serves as a new node");
  for (const unsigned through : {0U, 1U, 3U}) EXPECT_EQ(s.at(s.get(through, "k0")).value, 0U);
  s.act(3, wire::ActionKind::Balance);
  for (const unsigned through : {0U, 1U, 3U}) EXPECT_EQ(s.at(s.get(through, "k0")).value, 0U);
}

TEST_F(MembershipScenario, AllNodesKilledInTheMiddleOfWritesComeBackWithoutSeedsAndHaveEveryAcknowledgedValue) {
  s.ring.startAll(3);
  s.workload.start();
  for (unsigned round = 0; round < 3; ++round) {
    s.run(2s);
    for (unsigned i = 0; i < 3; ++i) s.node(i).kill();
    s.await([&] { return s.node(0).down() && s.node(1).down() && s.node(2).down(); }, "all nodes are down");
    for (unsigned i = 0; i < 3; ++i) s.node(i).start({});
    s.await([&] { return s.node(0).up() && s.node(1).up() && s.node(2).up(); }, "all nodes serve again");
  }
  s.run(1s);
  s.workload.stop();
  s.await([&] { return s.workload.idle(); }, "the clients' end");
  s.awaitQuiet();
  s.workload.readAll();
  EXPECT_GE(s.workload.finished(), 300U);
}

TEST_F(MembershipScenario, ARingOfOneThatGrowsToTwoNeverStopsAnswering) {
  s.ring.startAll(1);
  for (const std::string& key : Scenario::keys()) ASSERT_TRUE(s.done(s.put(0, key)));
  s.join(0);
  const Time giveUp = s.ring.time.now() + 1min;
  while (!(s.node(1).up() && s.ring.quiet()) && s.ring.time.now() < giveUp) {
    for (const auto operation : {s.get(0, "k1"), s.put(0, "k2"), s.get(0, "k3")}) {
      EXPECT_TRUE(s.done(operation)) << describe(s.at(operation)) << " " << s.workload.told(operation);
      EXPECT_LT(s.at(operation).end - s.at(operation).begin, 1s) << describe(s.at(operation));
    }
  }
  EXPECT_TRUE(s.ring.quiet());
  EXPECT_EQ(s.node(0).node().status().members.size(), 2U);
}

TEST_F(MembershipScenario, AJoinerThatDiesHalfWayLeavesARingOfTwoUnwritableWhichNamesItUntilItReturns) {
  s.ring.startAll(1);
  const auto before = s.put(0, "k0");
  s.drop(Type::FillPage, 1, 0);
  s.join(0);
  s.await([&] { return s.node(1).up() && s.changing(0); }, "a change under way");
  s.kill(1);
  s.run(5s);
  const auto refused = s.put(0, "k0");
  EXPECT_EQ(s.at(refused).outcome, Outcome::NoEffect);
  EXPECT_NE(s.workload.told(refused).find("node1:50140"), std::string::npos) << s.workload.told(refused);
  EXPECT_NE(s.workload.told(refused).find("change of the ring"), std::string::npos) << s.workload.told(refused);
  s.forgetRules();
  s.start(1);
  s.awaitQuiet();
  EXPECT_EQ(s.at(s.get(1, "k0")).value, s.at(before).value);
  EXPECT_TRUE(s.done(s.put(0, "k0")));
}

TEST_F(MembershipScenario, ANodeThatLearnsOfAChangeOnlyByBeingRefusedBeginsAgainInTheNewVersion) {
  s.ring.startAll(3);
  s.deafen(0);
  s.join(1);
  s.awaitWithout(
      0, [&] { return s.node(3).up() && !s.changing(1) && !s.changing(3); }, "a complete version");
  s.run(5s);
  ASSERT_FALSE(s.knows(0, s.newest(3)));
  const auto put = s.put(0, s.keyOf(3, {1, 2, 3}));
  EXPECT_TRUE(s.done(put)) << s.workload.told(put);
  EXPECT_TRUE(s.knows(0, s.newest(3)));
  EXPECT_GE(s.errors(Type::Offer, Kind::OlderRing), 1U);
}

TEST_F(MembershipScenario, ANodeThatHasNotHeardThatAVersionIsCompleteIsToldSoByAFormerHomeNode) {
  const std::string moved = keyOfWhichNode0KnowsThreeFormerHomesAndOneIsDead();
  const auto get = s.get(0, moved);
  EXPECT_TRUE(s.done(get)) << s.workload.told(get);
  EXPECT_FALSE(s.changing(0));
}

TEST_F(MembershipScenario, AVoteThatIsUnderWayAsItsNodeHearsThatItIsNoHomeAnyMoreDoesNotCount) {
  s.ring.diskOptions.cachedPercent = 0;
  const std::string moved = keyThatMovesToNode3();
  s.kill(1);
  s.start(1);  // with nothing in its cache
  s.forgetRules();
  s.deafen(0);
  s.drop(Type::Adopt, kAny, 1);  // it is asked whether the version may be complete, but not told that it is
  s.drop(Type::GetView, 1, kAny);
  for (const unsigned deaf : {0U, 1U}) s.drop(Type::Filled, deaf, kAny);
  s.letGo();
  s.await([&] { return !s.changing(2) && !s.changing(3); }, "a complete version");
  s.kill(2);
  s.run(1s);
  s.node(1).disk().stallUntil(s.ring.time.now() + 1500ms);
  const auto get = s.workload.get(s.node(0), moved);
  s.run(20ms);
  s.node(1).disk().stallUntil({});
  s.forgetRules();
  s.deafen(0);
  s.await([&] { return !s.changing(1); }, "node 1 has heard of it");
  EXPECT_TRUE(s.changing(0));
  s.finish(get);
  EXPECT_TRUE(s.done(get)) << s.workload.told(get);
  EXPECT_EQ(s.errors(Type::Vote, Kind::OlderRing), 1U);
}

TEST_F(MembershipScenario, AnUploadThroughANodeThatHasNotHeardThatAVersionIsCompleteNeedsNoFormerHomeNode) {
  const std::string moved = keyOfWhichNode0KnowsThreeFormerHomesAndOneIsDead();
  const auto put = s.put(0, moved, true);
  EXPECT_TRUE(s.done(put)) << s.workload.told(put);
}

TEST_F(MembershipScenario, MembersFindOneAnotherThoughNobodyIsThereToTellWhereTheyAre) {
  s.ring.startAll(2);
  s.drop(Type::Gossip, kAny, kAny);
  SimNode& joiner = s.ring.add();
  joiner.start({s.node(0).name(), s.node(1).name()});
  const auto knowsAll = [&](unsigned node) {
    const auto members = s.node(node).node().status().members;
    return members.size() == 3 && std::ranges::none_of(members, [](const auto& member) {
             return member.hostPort.find(':') == std::string::npos;
           });
  };
  s.await([&] { return joiner.up() && knowsAll(2); }, "node 2 knows where both others are", 10s);
  s.await([&] { return knowsAll(1); }, "node 1 knows where node 2 is", 10s);
  s.forgetRules();
  s.awaitQuiet();
}

// It has written down its ring and nothing else, and those that have removed it do not call it any more.
TEST_F(MembershipScenario, AJoinerThatIsKilledAtOnceKnowsWhomToAskHowItsRingWentOn) {
  s.ring.startAll(3);
  s.drop(Type::Gossip, kAny, kAny);
  s.drop(Type::FillPage, kAny, kAny);
  SimNode& joiner = s.join(0);
  s.await([&] { return joiner.view() != nullptr; }, "the joiner has its ring on its disk");
  const NodeId removed = joiner.durableIdentity()->node;
  s.kill(3);
  s.forgetRules();
  s.run(3s);
  ASSERT_TRUE(remove(s, 1, {3}).ok());
  s.await([&] { return !s.changing(0) && !s.changing(1) && !s.changing(2); }, "a complete version without it");
  joiner.start({});
  s.await([&] { return joiner.up() && joiner.node().fatal() != nullptr; }, "it hears that it was removed");
  s.kill(3);
  s.start(3);
  s.awaitQuiet();
  EXPECT_NE(joiner.durableIdentity()->node, removed);
  EXPECT_EQ(s.node(0).node().status().members.size(), 4U);
}

TEST_F(MembershipScenario, WhatANodeProposesAfterItWasKilledIsHigherThanWhatItProposedBefore) {
  s.ring.startAll(5);
  const NodeId killed = s.node(2).durableIdentity()->node;
  const auto weightIn = [&](const ring::MemberList& list) { return list.find(killed)->weightHundredths; };
  s.kill(2);
  for (const unsigned other : {0U, 3U, 4U}) s.drop(Type::Propose, 2, other);
  s.ring.settings.weightHundredths = 150;
  s.start(2);
  s.await([&] { return weightIn(s.node(1).node().membership().accepted()) == 150; }, "node 1 alone has accepted it");
  s.kill(2);
  s.forgetRules();
  s.kill(4);  // so that node 1 has to accept it
  EXPECT_TRUE(setReplicas(s, 0, 4).ok());
  const ring::VersionName with = s.newest(0);
  ASSERT_EQ(weightIn(s.node(0).node().membership().view()->newest().list()), 150U) << "agreed with the other change";
  s.deafen(2);
  s.ring.settings.weightHundredths = 200;
  s.start(2);
  s.ring.settings.weightHundredths.reset();
  s.await([&] { return weightIn(s.node(0).node().membership().view()->newest().list()) == 200; }, "its second change");
  EXPECT_GT(s.newest(0).height, with.height);
  s.forgetRules();
  s.start(4);
  s.awaitQuiet();
}

TEST_F(MembershipScenario, ANodeThatKnowsWhereNobodyIsHearsOfItsRingFromWhomeverItIsStartedWith) {
  startTheOnlyOneOfItsVersionThatIsLeft(false);
}

TEST_F(MembershipScenario, ANodeWhoseMembersHaveAllLeftHearsOfItsRingFromWhomeverItIsStartedWith) {
  startTheOnlyOneOfItsVersionThatIsLeft(true);
}

// The ring agrees on its first identity only after it has come back as another one.
TEST_F(MembershipScenario, ANodeTakesThePlaceOfWhatItWasBeforeItLostItsDisk) {
  s.ring.startAll(4);
  s.drop(Type::Propose, 0, kAny);
  SimNode& joiner = s.ring.add();
  joiner.start({s.node(0).name()});
  const auto acceptedBy0 = [&](NodeId node) { return s.node(0).node().membership().accepted().find(node) != nullptr; };
  s.await([&] { return joiner.durableIdentity() && acceptedBy0(joiner.durableIdentity()->node); }, "asked node 0");
  const NodeId first = joiner.durableIdentity()->node;
  s.kill(4);
  s.node(4).loseDisk();
  s.kill(0);
  joiner.start({s.node(1).name()});
  s.await([&] { return joiner.up() && !s.changing(1); }, "taken in by others");
  s.forgetRules();
  s.start(0);
  EXPECT_TRUE(setReplicas(s, 0, 4).ok());
  ASSERT_NE(record(first), nullptr) << "agreed with the other change";
  s.await([&] { return record(first)->rank == ring::Rank::Removed; }, "its own successor takes it out");
  s.awaitQuiet();
  EXPECT_EQ(s.node(0).node().status().members.size(), 5U);
}

// Once in the place of who was at its address before, by a member that does not know yet that this one has been
// removed, and once beside it.
TEST_F(MembershipScenario, AJoinerThatIsTakenInInTwoWaysHasTwoRecordsOfDifferentNumbers) {
  s.ring.startAll(5);
  const NodeId old = s.node(2).durableIdentity()->node;
  s.kill(2);
  s.node(2).loseDisk();
  for (const unsigned other : {1U, 3U, 4U}) {
    s.ring.network.cut(s.node(0).name(), s.node(other).name());
    s.ring.network.cut(s.node(other).name(), s.node(0).name());
  }
  ASSERT_TRUE(remove(s, 1, {2}, true).ok());
  s.node(2).start({s.node(0).name(), s.node(1).name()});
  s.await([&] { return s.node(2).up(); }, "node 1 has taken node 2 in");
  const NodeId joiner = s.node(2).durableIdentity()->node;
  const ring::MemberList beside = s.node(1).node().membership().view()->newest().list();
  const ring::MemberList inPlace = s.node(0).node().membership().accepted();
  ASSERT_NE(inPlace.find(joiner), nullptr);
  EXPECT_EQ(inPlace.find(joiner)->tokenSeed, inPlace.find(old)->tokenSeed);
  EXPECT_NE(beside.find(joiner)->tokenSeed, beside.find(old)->tokenSeed);
  const ring::MemberList both = ring::mergeLists(beside, inPlace);
  EXPECT_GT(ring::nameOf(both).height, ring::nameOf(beside).height) << "it contains that one";
  s.ring.network.heal();
  s.awaitQuiet();
}

}  // namespace
}  // namespace mydht::simulation
