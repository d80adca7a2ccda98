// Proves that each rule of the ring (R2 to R7) is needed and that the checkers would notice its absence: one directed
// order of events for each deliberate bug, after which the bug is always found, while without it all promises hold.
#include <utility>

#include "tests/simulation/stack/deliberate_bugs.h"

namespace mydht::simulation {
namespace {

using namespace std::chrono_literals;
using Bugs = cluster::DeliberateBugs;
using Type = wire::MessageType;
constexpr unsigned kAny = Scenario::kAny;

/// Whoever is started from then on has it.
void startThreeWithoutTheBug(Scenario& s) {
  const Bugs bugs = std::exchange(s.ring.settings.bugs, Bugs());
  s.ring.startAll(3);
  s.ring.settings.bugs = bugs;
}

/// Lets node 3 join through node 1 while node 0 hears of nothing; waits until node 3 serves.
void joinUnheardByNode0(Scenario& s) {
  s.ring.startAll(3);
  s.deafen(0);
  s.join(1);
  s.await([&] { return s.node(3).up(); }, "node 3 serves");
}

TEST(DeliberateBugs, ATableThatOneNodeComputesInItsOwnWayIsSeenAndReported) {
  withAndWithout(&Bugs::ownTable, "C7", [](Scenario& s) {
    startThreeWithoutTheBug(s);
    s.join(0);
    s.await([&] { return s.node(3).up(); }, "node 3 serves");
    s.run(5s);
    EXPECT_EQ(s.ring.trace.events("ring.other-table") > 0, s.withBug) << "the nodes say so themselves";
  });
}

TEST(DeliberateBugs, AVersionAgreedWithoutAMajoritySplitsTheRingForGood) {
  // No version of the minority is adopted by anybody else here: nothing is lost or different, it only may not be.
  withAndWithout(&Bugs::agreeByMinority, kTheScript, [](Scenario& s) {
    s.ring.startAll(3);
    for (const unsigned other : {1U, 2U}) {
      s.ring.network.cut(s.node(0).name(), s.node(other).name());
      s.ring.network.cut(s.node(other).name(), s.node(0).name());
    }
    const ring::VersionName before = s.newest(0);
    s.join(0);
    s.run(10s);
    s.mustBe(s.newest(0) == before, "one of three makes no version of the ring");
    s.join(1);
    s.await([&] { return s.node(4).up(); }, "two of three do");
    s.ring.network.heal();
    s.mustBe(s.ring.await([&] { return s.ring.quiet(); }), "all find together");
  });
}

TEST(DeliberateBugs, AQuorumOfAllActiveVersionsTogetherAcknowledgesWhatTheOldHomesLack) {
  withAndWithout(&Bugs::unionQuorum, "C2", [](Scenario& s) {
    s.ring.startAll(2);
    s.drop(Type::Filled, kAny, kAny);  // the change of the ring stays under way
    s.join(0);
    s.await([&] { return s.node(2).up() && s.changing(1) && s.changing(2); }, "a change under way");
    s.drop(Type::Offer, 1, 0);
    s.put(1, "k0");
  });
}

TEST(DeliberateBugs, AWriteThatCountsInTheNewestVersionOnlyIsMissedByWhoHasNotHeardOfIt) {
  withAndWithout(&Bugs::newestOnly, "C2", [](Scenario& s) {
    s.ring.startAll(3);
    s.deafen(0);
    s.deafen(2);  // votes for the change and does not hear that it came about
    s.join(1);
    s.await([&] { return s.node(3).up(); }, "node 3 serves");
    s.mustBe(s.newest(2) == s.newest(0) && s.newest(1) == s.newest(3), "only nodes 1 and 3 know of the change");
    const std::string key = s.keyOf(1, {1, 2, 3});
    s.drop(Type::Offer, kAny, 2);
    s.drop(Type::Offer, kAny, 0);
    s.put(1, key);
    s.drop(Type::Vote, 0, 1);
    s.get(0, key);
  });
}

TEST(DeliberateBugs, AHomeNodeThatServesOlderViewsLosesAnAcknowledgedWrite) {
  withAndWithout(&Bugs::noRefusal, "C2", [](Scenario& s) {
    joinUnheardByNode0(s);
    s.awaitWithout(
        0, [&] { return !s.changing(1) && !s.changing(3); }, "a complete version");
    const std::string key = s.keyOf(1, {1, 2, 3});
    s.drop(Type::Offer, 0, 2);
    const auto put = s.put(0, key);
    s.mustBe(s.withBug || s.done(put), "a refused coordinator begins again and succeeds");
    s.drop(Type::Vote, 3, 1);
    s.get(3, key);
  });
}

TEST(DeliberateBugs, AnAdoptionThatIsAnsweredUnsyncedIsForgottenWithTheWritesThatItWasToRefuse) {
  withAndWithout(&Bugs::adoptUnsynced, "C2", [](Scenario& s) {
    startThreeWithoutTheBug(s);
    s.kill(2);
    s.start(2);
    s.deafen(0);
    s.join(1);
    const auto complete = [&] { return s.node(3).up() && !s.changing(1) && !s.changing(3) && s.knows(2, s.newest(3)); };
    s.awaitWithout(0, complete, "a complete version");
    const std::string key = s.keyOf(1, {1, 2, 3});
    s.kill(2);
    s.deafen(2);
    s.start(2);
    s.drop(Type::Offer, 0, 1);
    s.put(0, key);
    s.drop(Type::Vote, 3, 2);
    s.get(3, key);
  });
}

/// Every key is acknowledged by nodes 0 and 1, node 2 misses it; then node 3 joins.
void joinAfterNode2MissedWrites(Scenario& s) {
  s.ring.startAll(3);
  s.drop(Type::Offer, kAny, 2);
  for (const std::string& key : Scenario::keys()) s.put(0, key);
  s.forgetRules();
}

TEST(DeliberateBugs, ANodeThatFillsFromOneSourceMayHaveAskedTheOneThatMissedTheWrite) {
  withAndWithout(&Bugs::fillFromOne, "C1", [](Scenario& s) {
    joinAfterNode2MissedWrites(s);
    s.drop(Type::FillPage, 3, 0);
    s.drop(Type::FillPage, 3, 1);
    s.join(0);
    s.await([&] { return s.node(3).up() && s.knows(2, s.newest(3)); }, "node 3 is a member");
    s.run(20s);
    const std::string key = s.keyOf(2, {0, 2, 3});
    s.drop(Type::Vote, 3, 0);
    s.get(3, key);
    s.forgetRules();
    s.awaitQuiet();
    s.mustBe(s.done(s.get(3, key)), "the value can be read once the network is well");
  });
}

TEST(DeliberateBugs, ASourceThatHasNotAdoptedTheVersionGoesOnTakingWritesThatTheNewHomeNeverSees) {
  withAndWithout(&Bugs::fillBeforeAdoption, "C1", [](Scenario& s) {
    s.ring.startAll(3);
    s.drop(Type::Filled, kAny, kAny);  // not complete before node 3 is filled
    for (const unsigned deaf : {0U, 2U}) {
      s.drop(Type::Adopt, kAny, deaf);
      s.drop(Type::Gossip, 3, deaf);
      s.drop(Type::Gossip, deaf, 3);
      for (const unsigned former : {0U, 1U, 2U}) s.drop(Type::GetView, deaf, former);
    }
    s.drop(Type::FillPage, 3, 1);
    s.join(1);
    s.await([&] { return s.node(3).up() && s.node(3).node().status().toFill == 0; }, "node 3 is filled");
    const std::string key = s.keyOf(3, {0, 1, 3});
    s.drop(Type::Offer, 0, 1);
    s.mustBe(s.done(s.put(0, key)), "the write is acknowledged");
    s.forgetRules();
    s.await([&] { return !s.changing(1) && !s.changing(3); }, "a complete version");
    s.drop(Type::Vote, 3, 0);
    s.get(3, key);
  });
}

TEST(DeliberateBugs, ANewHomeNodeThatVotesBeforeItIsFilledMakesAnAcknowledgedWriteLookMissing) {
  withAndWithout(&Bugs::voteUnfilled, "C5", [](Scenario& s) {
    joinAfterNode2MissedWrites(s);
    s.joinUnfilled(0);
    const std::string key = s.keyOf(2, {0, 2, 3});
    s.drop(Type::Vote, 2, 0);
    const auto read = s.get(2, key);
    s.mustBe(s.done(read) && s.at(read).value != 0, "the acknowledged value is read");
  });
}

TEST(DeliberateBugs, AVersionThatIsCompleteUnfilledLeavesValuesThatNobodyCanReadAtAQuorum) {
  // Nothing is lost or wrong: what was acknowledged cannot be read, which no checker can tell from a fault.
  withAndWithout(&Bugs::completeAtOnce, kTheScript, [](Scenario& s) {
    s.ring.startAll(1);
    s.mustBe(s.done(s.put(0, "k0")), "the write is acknowledged");
    s.hold(Type::FillPage, kAny, kAny);  // the filling takes its time
    s.join(0);
    s.await([&] { return s.node(1).up(); }, "node 1 serves");
    s.run(1s);
    s.forgetRules();
    s.letGo();
    s.run(20s);
    for (const unsigned through : {0U, 1U}) {
      const auto read = s.get(through, "k0");
      s.mustBe(s.done(read) && s.at(read).value == 1, "the acknowledged value is read");
    }
  });
}

TEST(DeliberateBugs, ARestoredBackupThatGoesOnVotesWithoutTheWritesThatItHadAcknowledged) {
  withAndWithout(&Bugs::ignoreRollback, "C1", [](Scenario& s) {
    s.ring.startAll(3);
    s.put(0, "k0");
    s.run(5s);
    const auto backup = s.node(2).medium().snapshot();
    s.drop(Type::Offer, 0, 1);
    s.mustBe(s.done(s.put(0, "k0")), "the write is acknowledged");
    s.run(5s);
    s.kill(2);
    s.node(2).medium().rollback(*backup);
    s.node(2).start({});
    s.await([&] { return s.node(2).up() || s.node(2).failed(); }, "node 2 has started or refuses to");
    s.await([&] { return s.node(2).up() || s.node(2).down(); }, "node 2 has ended if it refuses");
    if (s.node(2).down()) s.node(2).start({});
    s.await([&] { return s.node(2).up() && s.node(2).node().membership().confirmed(); }, "node 2 serves");
    s.awaitQuiet();
    s.drop(Type::Vote, 2, 0);
    s.get(2, "k0");
  });
}

}  // namespace
}  // namespace mydht::simulation
