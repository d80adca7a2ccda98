// Proves that each rule of writes and reads (R9 to R11, staging, one door) and honest syncs are needed, and that the
// checkers would notice their absence: one directed order of events for each deliberate bug.
#include "tests/simulation/stack/deliberate_bugs.h"

namespace mydht::simulation {
namespace {

using namespace std::chrono_literals;
using Bugs = cluster::DeliberateBugs;
using Type = wire::MessageType;
constexpr unsigned kAny = Scenario::kAny;

/// The power of all nodes goes at once, and comes back.
void restartAll(Scenario& s) {
  for (unsigned i = 0; i < 3; ++i) s.node(i).kill();
  for (unsigned i = 0; i < 3; ++i) s.kill(i);
  for (unsigned i = 0; i < 3; ++i) s.node(i).start({});
  s.await([&] { return s.node(0).up() && s.node(1).up() && s.node(2).up(); }, "all nodes serve");
  s.awaitQuiet();
}

TEST(DeliberateBugs, APutThatTakesNewerForSuccessIsLostBehindTheClockOfAnotherNode) {
  withAndWithout(&Bugs::noSecondRound, "C1", [](Scenario& s) {
    s.ring.startAll(3);
    s.node(1).clock().jump(900'000);  // less than what the nodes correct
    s.put(1, "k0");
    const auto later = s.put(0, "k0");
    s.mustBe(s.done(later), "the later write is acknowledged");
    s.get(2, "k0");
  });
}

TEST(DeliberateBugs, APutThatMetSomethingNewerTakesNoThirdRound) {
  withAndWithout(&Bugs::oneRoundMore, "C6", [](Scenario& s) {
    s.ring.startAll(3);
    s.node(1).clock().jump(900'000);  // less than what the nodes correct
    s.put(1, "k0");
    s.mustBe(s.done(s.put(0, "k0")), "the second round is enough");
  });
}

TEST(DeliberateBugs, AValueThatIsSeenBeforeItsSyncIsGoneAfterAPowerCut) {
  withAndWithout(&Bugs::showUnsynced, "C1", [](Scenario& s) {
    s.ring.startAll(3);
    s.mustBe(s.done(s.put(0, "k0")), "the first write is acknowledged");
    s.ring.diskOptions.sync = {1s, 2s};
    restartAll(s);
    s.workload.put(s.node(0), "k0");
    s.run(500ms);  // it has arrived everywhere, and is synced nowhere
    s.get(1, "k0");
    s.ring.diskOptions.sync = SimDiskOptions().sync;
    restartAll(s);
    s.mustBe(s.done(s.get(1, "k0")), "the key is read");
  });
}

TEST(DeliberateBugs, AGetThatReturnsWhatAMinorityHoldsIsFollowedByOneThatGoesBack) {
  withAndWithout(&Bugs::noWriteBack, "C1", [](Scenario& s) {
    s.ring.startAll(3);
    s.put(0, "k0");
    s.drop(Type::Offer, 0, kAny);
    s.put(0, "k0");  // reaches its own disk only
    s.forgetRules();
    s.run(10s);
    const auto first = s.get(0, "k0");
    s.mustBe(s.done(first) && s.at(first).value == 2, "node 0 reads what it holds");
    s.drop(Type::Vote, 1, 0);
    s.get(1, "k0");
  });
}

TEST(DeliberateBugs, ABodyPublishedBelowAQuorumHidesTheFormerValue) {
  // Nothing wrong is told: the former value cannot be read, which no checker can tell from a fault.
  withAndWithout(&Bugs::publishBelowQuorum, kTheScript, [](Scenario& s) {
    s.ring.startAll(3);
    s.put(0, "k0");
    for (const unsigned full : {1U, 2U}) s.node(full).disk().setFull(true);
    const auto large = s.put(0, "k0", true);
    s.mustBe(s.at(large).outcome == Outcome::NoEffect, "what no quorum has staged is told to have no effect");
    const auto read = s.get(0, "k0");
    s.mustBe(s.done(read) && s.at(read).value == 1, "the former value is read");
  });
}

TEST(DeliberateBugs, AStoreInWhichTheLastArrivalWinsForgetsTheLaterWrite) {
  withAndWithout(&Bugs::lastArrivalWins, "C1", [](Scenario& s) {
    s.ring.settings.cacheBytes = 0;  // the cache knows better than the disk
    s.ring.startAll(3);
    s.hold(Type::Offer, 0, 2);
    s.mustBe(s.done(s.put(0, "k0")), "the first write is acknowledged by nodes 0 and 1");
    s.forgetRules();
    s.drop(Type::Offer, 0, 1);
    s.mustBe(s.done(s.put(0, "k0")), "the second write is acknowledged by nodes 0 and 2");
    s.letGo();
    s.run(1s);
    s.drop(Type::Vote, 2, 0);
    s.get(2, "k0");
  });
}

constexpr std::size_t kTwoChunks = 2 * limits::kChunkBytes;

/// Key whose home nodes are the nodes 1 to 3 of four; values of two chunks, of which the second one cannot be read at
/// the nodes 1 and 2, which hold the newest one, while node 3 holds the one before.
std::string keyThatBreaksOff(Scenario& s) {
  s.workload.setLargeBytes(kTwoChunks);
  s.ring.startAll(4);
  std::string key = s.keyOf(0, {1, 2, 3});
  s.mustBe(s.done(s.put(0, key, true)), "the first value is there");
  s.run(1s);
  for (const Type type : {Type::Stage, Type::Publish}) s.drop(type, 0, 3);
  s.mustBe(s.done(s.put(0, key, true)), "the second value is at nodes 1 and 2");
  s.forgetRules();
  s.run(1s);
  for (const unsigned holder : {1U, 2U}) {
    SimMedium& medium = s.node(holder).medium();
    const std::set<BlobId> blobs = medium.published();
    for (const BlobId blob : blobs) medium.corruptBlob(blob, limits::kChunkBytes + 1);
  }
  s.drop(Type::Vote, 0, 3);
  return key;
}

TEST(DeliberateBugs, ABodyThatGoesOnFromANodeWithAnotherVersionIsMixedOfTwo) {
  withAndWithout(&Bugs::sendAnyVersion, "a value came that is not whole", [](Scenario& s) {
    const auto read = s.get(0, keyThatBreaksOff(s));
    s.mustBe(s.done(read) == s.withBug, "what breaks off is no value");
    s.mustBe(s.workload.broken().empty() != s.withBug, "the checker of whole values sees it");
  });
}

TEST(DeliberateBugs, ABodyThatEndsWhereItBreaksOffIsCutShort) {
  withAndWithout(&Bugs::endWhereItBreaks, "a value came that is not whole", [](Scenario& s) {
    const auto read = s.get(0, keyThatBreaksOff(s));
    s.mustBe(s.done(read) == s.withBug, "what breaks off is no value");
    s.mustBe(s.workload.broken().empty() != s.withBug, "the checker of whole values sees it");
  });
}

TEST(DeliberateBugs, AWriteAtAllThatCountsAQuorumIsAcknowledgedWithoutAHomeNode) {
  withAndWithout(&Bugs::countQuorumForAll, "C2", [](Scenario& s) {
    s.ring.startAll(3);
    s.kill(2);
    s.put(0, "k0", false, Scenario::Consistency::All);
  });
}

TEST(DeliberateBugs, DisksThatLieAboutTheirSyncsLoseAcknowledgedWrites) {
  withAndWithout(nullptr, "C1", [](Scenario& s) {
    s.ring.startAll(3);
    s.ring.diskOptions.lies = s.withBug;
    restartAll(s);
    s.mustBe(s.done(s.put(0, "k0")), "the write is acknowledged");
    restartAll(s);
    s.get(1, "k0");
  });
}

}  // namespace
}  // namespace mydht::simulation
