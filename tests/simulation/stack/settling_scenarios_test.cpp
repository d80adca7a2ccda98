// Proves that a delete stays deleted once its tombstones are dropped (R12), that tombstones are dropped without
// anybody's help, and that each part of the rule is needed. How: one directed order of events each, on the whole stack.
#include <fmt/format.h>

#include "tests/simulation/stack/checkers/resurrections.h"
#include "tests/simulation/stack/deliberate_bugs.h"

namespace mydht::simulation {
namespace {

using namespace std::chrono_literals;
using Bugs = cluster::DeliberateBugs;
using Type = wire::MessageType;
constexpr unsigned kAny = Scenario::kAny;

void startSettling(Scenario& s) {
  s.ring.settings.timing.settling = 300ms;
  s.ring.settings.timing.settleAge = 100ms;
  s.ring.startAll(3);
}

/// Whether a node's disk has a row of the key, a tombstone's too.
bool hasRow(Scenario& s, unsigned node, const std::string& key) {
  return s.node(node).medium().row(store::entryRowName(key)) != nullptr;
}

void awaitReaped(Scenario& s, const std::string& key, const std::set<unsigned>& nodes) {
  const auto reaped = [&] { return std::ranges::none_of(nodes, [&](unsigned node) { return hasRow(s, node, key); }); };
  s.await(reaped, "tombstones dropped");
}

/// Sets a node back to a backup, and waits until it serves as a new one.
void restore(Scenario& s, unsigned number, const SimMedium& backup) {
  s.kill(number);
  s.node(number).medium().rollback(backup);
  s.node(number).start({});
  s.await([&] { return s.node(number).down(); }, "a node that finds out that it was set back");
  s.node(number).start({});
  s.await([&] { return s.node(number).up() && s.node(number).node().membership().confirmed(); },
          "it serves as a new one");
  s.awaitQuiet();
}

void mustBeDeleted(Scenario& s, std::size_t get) {
  s.mustBe(s.done(get) && s.at(get).value == 0, "the key is deleted");
}

class Settling : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_TRUE(s.broken().empty()) << testing::PrintToString(s.broken());
    EXPECT_TRUE(s.stuck().empty()) << testing::PrintToString(s.stuck());
  }
  Scenario s;
};

TEST_F(Settling, TombstonesAreDroppedEverywhereAndTheKeysStayDeletedAcrossRestarts) {
  startSettling(s);
  for (const std::string& key : {"k0", "k1"}) s.put(0, key);
  s.put(0, "k2", true);
  for (const std::string& key : {"k0", "k2"}) s.del(1, key);
  for (const std::string& key : {"k0", "k2"}) awaitReaped(s, key, {0, 1, 2});
  for (unsigned i = 0; i < 3; ++i) s.kill(i);
  for (unsigned i = 0; i < 3; ++i) s.node(i).start({});
  s.await([&] { return s.node(0).up() && s.node(1).up() && s.node(2).up(); }, "all nodes serve");
  s.awaitQuiet();
  mustBeDeleted(s, s.get(2, "k0"));
  mustBeDeleted(s, s.get(2, "k2"));
  s.mustBe(s.at(s.get(2, "k1")).value != 0, "what was not deleted is there");
  s.put(1, "k0");
  s.mustBe(s.at(s.get(2, "k0")).value != 0, "a deleted key can be written again");
}

/// Why tombstones are kept for a node, as another one's status says.
std::string waitsFor(Scenario& s, unsigned asked, unsigned number) {
  const NodeId node = s.node(number).durableIdentity()->node;
  for (const auto& member : s.node(asked).node().status().members) {
    if (member.node == node) return member.tombstonesWait;
  }
  return "not a member";
}

TEST_F(Settling, ATombstoneWaitsForAHomeNodeThatHoldsSomethingElse) {
  startSettling(s);
  s.put(0, "k0");
  s.drop(Type::Offer, kAny, 2);
  s.del(0, "k0");
  s.forgetRules();
  const std::string why = fmt::format("1 partition ({}): it holds something else", partitionOf("k0"));
  s.await([&] { return waitsFor(s, 0, 2) == why; }, why);
  EXPECT_EQ(waitsFor(s, 0, 1), "");
  s.act(2, wire::ActionKind::Balance);
  awaitReaped(s, "k0", {0, 1, 2});
  s.await([&] { return waitsFor(s, 0, 2).empty(); }, "nobody is waited for any more");
}

TEST_F(Settling, ATombstoneWaitsForAHomeNodeThatIsDownAndGoesOnceItIsBack) {
  startSettling(s);
  s.put(0, "k0");
  s.run(1s);
  s.kill(2);
  s.del(0, "k0");
  s.run(20s);
  s.mustBe(hasRow(s, 0, "k0") && hasRow(s, 1, "k0"), "the tombstone is kept while a home node is down");
  EXPECT_TRUE(waitsFor(s, 0, 2).starts_with(fmt::format("1 partition ({}): ", partitionOf("k0")))) << waitsFor(s, 0, 2);
  EXPECT_EQ(waitsFor(s, 0, 1), "");
  s.start(2);
  s.act(2, wire::ActionKind::Balance);
  awaitReaped(s, "k0", {0, 1, 2});
  s.await([&] { return waitsFor(s, 0, 2).empty(); }, "nobody is waited for any more");
  mustBeDeleted(s, s.get(2, "k0"));
}

/// So far clocks may differ before anybody corrects them, which is more than tombstones are old here.
TEST_F(Settling, ANodeWhoseClockIsAheadClosesNothingUpToWhatIsStillToComeForOthers) {
  startSettling(s);
  s.run(3s);
  s.node(0).clock().jump(900'000);
  s.run(3s);  // all have heard of it
  for (const unsigned other : {1U, 2U}) s.drop(Type::Close, other, kAny);
  s.put(1, "k0");
  s.del(1, "k0");
  awaitReaped(s, "k0", {0, 1, 2});
  EXPECT_EQ(s.errors(Type::Close, Kind::BadRequest), 0U);
}

TEST_F(Settling, ANodeThatMissedTheSettlingHearsOfItInABalance) {
  startSettling(s);
  s.put(0, "k0");
  s.drop(Type::Settle, kAny, 2);
  s.drop(Type::Close, 2, kAny);
  s.del(0, "k0");
  awaitReaped(s, "k0", {0, 1});
  s.mustBe(hasRow(s, 2, "k0"), "node 2 has not heard that its tombstone is settled");
  s.act(2, wire::ActionKind::Balance);
  awaitReaped(s, "k0", {2});
}

TEST(DeliberateBugs, ATombstoneThatIsDroppedForItsAgeAloneLetsANodeThatWasAwayBringTheValueBack) {
  withAndWithout(&Bugs::reapByAge, "C3", [](Scenario& s) {
    startSettling(s);
    s.put(0, "k0");
    s.run(1s);
    s.kill(2);
    s.del(0, "k0");
    s.run(20s);
    s.start(2);
    s.act(2, wire::ActionKind::Balance);
    mustBeDeleted(s, s.get(1, "k0"));
    s.mustBe(whyResurrected(s.workload.history()).has_value() == s.withBug, "its own checker sees it");
  });
}

TEST(DeliberateBugs, AClientsWriteThatComesAfterTheReapingIsNotTaken) {
  withAndWithout(&Bugs::ignoreMarks, "C1", [](Scenario& s) {
    startSettling(s);
    s.hold(Type::Offer, 0, 2);
    s.mustBe(s.done(s.put(0, "k0")), "the write is acknowledged by nodes 0 and 1");
    s.forgetRules();
    s.del(1, "k0");
    awaitReaped(s, "k0", {0, 1, 2});
    s.letGo();
    s.run(1s);
    s.drop(Type::Vote, 2, 0);
    s.get(2, "k0");
  });
}

TEST(DeliberateBugs, ALateCopyBelowSettledBringsNothingBack) {
  withAndWithout(&Bugs::ignoreMarks, "C1", [](Scenario& s) {
    startSettling(s);
    s.drop(Type::Offer, 0, 2);
    s.mustBe(s.done(s.put(0, "k0")), "the write is acknowledged by nodes 0 and 1");
    s.forgetRules();
    s.run(10s);
    s.hold(Type::Offer, 0, 2);
    s.drop(Type::Vote, 0, 1);
    s.get(0, "k0");  // writes it back to node 2
    s.forgetRules();
    s.del(1, "k0");
    awaitReaped(s, "k0", {0, 1, 2});
    s.letGo();
    s.run(1s);
    s.drop(Type::Vote, 2, 0);
    s.get(2, "k0");
  });
}

TEST(DeliberateBugs, HomeNodesAreComparedBeforeTheySettle) {
  withAndWithout(&Bugs::settleWithoutComparing, "C1", [](Scenario& s) {
    startSettling(s);
    s.put(0, "k0");
    s.run(1s);
    s.drop(Type::Offer, 0, 2);
    s.mustBe(s.done(s.del(0, "k0")), "nodes 0 and 1 acknowledge the delete");
    if (s.withBug) awaitReaped(s, "k0", {0, 1});
    s.run(5s);
    s.drop(Type::Vote, 2, 0);
    s.get(2, "k0");
  });
}

TEST(DeliberateBugs, AQuorumOfHomeNodesIsNotEnoughToSettle) {
  withAndWithout(&Bugs::settleWithoutAll, "C1", [](Scenario& s) {
    startSettling(s);
    s.put(0, "k0");
    s.run(1s);
    s.drop(Type::Offer, 0, 2);
    s.drop(Type::Close, kAny, 2);
    s.mustBe(s.done(s.del(0, "k0")), "nodes 0 and 1 acknowledge the delete");
    if (s.withBug) awaitReaped(s, "k0", {0, 1});
    s.run(20s);
    s.drop(Type::Vote, 2, 0);
    s.get(2, "k0");
  });
}

TEST(DeliberateBugs, RestoredBackupsBringNothingBackSinceTheMarksTravelWithAFill) {
  withAndWithout(&Bugs::marksStayBehind, "C1", [](Scenario& s) {
    startSettling(s);
    s.put(0, "k0");
    s.run(5s);
    const auto one = s.node(1).medium().snapshot();
    const auto two = s.node(2).medium().snapshot();
    s.del(0, "k0");
    awaitReaped(s, "k0", {0, 1, 2});
    restore(s, 2, *two);
    restore(s, 1, *one);
    s.drop(Type::Vote, 2, 0);
    s.get(2, "k0");
  });
}

}  // namespace
}  // namespace mydht::simulation
