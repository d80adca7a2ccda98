// Proves hinted handoff: what a node that is down misses is noted durably by one that has it, one note a key, bounded,
// brought when it answers again, and never counted towards a quorum. How: directed orders of events on the whole stack,
// in which no hash trees are compared unless a script asks for it.
#include <gmock/gmock.h>

#include "tests/simulation/stack/deliberate_bugs.h"
#include "tests/simulation/stack/departures.h"

namespace mydht::simulation {
namespace {

using namespace std::chrono_literals;
using Bugs = cluster::DeliberateBugs;
using Type = wire::MessageType;
using wire::ActionKind;
constexpr unsigned kAny = Scenario::kAny;

void startNoting(Scenario& s, std::uint64_t most = 1000) {
  s.ring.settings.hints.most = most;
  s.ring.startAll(3);
  s.run(5s);
}

/// Notes for a node, at all nodes that are up together, as their status says.
std::uint64_t notesFor(Scenario& s, unsigned number) {
  const NodeId missing = s.node(number).durableIdentity()->node;
  std::uint64_t notes = 0;
  for (unsigned i = 0; i < s.ring.size(); ++i) {
    if (!s.node(i).up()) continue;
    for (const auto& member : s.node(i).node().status().members) {
      if (member.node == missing) notes += member.hints;
    }
  }
  return notes;
}

bool converged(Scenario& s) {
  return s.whyNotConverged().empty();
}

class HandoffScenario : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_TRUE(s.broken().empty()) << testing::PrintToString(s.broken());
    EXPECT_TRUE(s.stuck().empty()) << testing::PrintToString(s.stuck());
  }
  Scenario s;
};

TEST_F(HandoffScenario, ALargeValueWhoseMessageIsLostIsBroughtAgainAndHoldsNothingElseUp) {
  startNoting(s);
  s.kill(2);
  s.put(0, "k1", true);
  s.await([&] { return notesFor(s, 2) == 1; }, "a note");
  s.drop(Type::Repair, kAny, 2);
  s.start(2);
  s.await([&] { return s.requests(2, Type::Repair) > 0; }, "it is told, and does not hear it");
  s.forgetRules();
  s.await([&] { return converged(s) && notesFor(s, 2) == 0; }, "brought all the same", 45s);
}

TEST_F(HandoffScenario, WhatADownNodeMissesIsBroughtOnceItAnswersAgain) {
  startNoting(s);
  s.put(0, "k2");
  s.kill(2);
  s.put(0, "k0");
  s.put(1, "k1", true);
  for (int i = 0; i < 5; ++i) s.put(0, "k2");
  s.await([&] { return notesFor(s, 2) == 3; }, "one note a key");
  s.start(2);
  s.await([&] { return converged(s) && notesFor(s, 2) == 0; }, "all brought, and no note left", 5s);
}

TEST_F(HandoffScenario, NotesOutliveTheirKeepers) {
  startNoting(s);
  s.kill(2);
  s.put(0, "k0");
  s.await([&] { return notesFor(s, 2) == 1; }, "a note");
  s.kill(0);
  s.kill(1);
  for (const unsigned number : {0U, 1U, 2U}) s.node(number).start({});
  s.await([&] { return s.node(0).up() && s.node(1).up() && s.node(2).up(); }, "all nodes serve");
  s.await([&] { return converged(s) && notesFor(s, 2) == 0; }, "what was noted is brought", 10s);
}

TEST_F(HandoffScenario, AnswersThatGotLostAreNoted) {
  startNoting(s);
  s.drop(Type::Offer, 0, 2);
  s.mustBe(s.done(s.put(0, "k0")), "nodes 0 and 1 have it");
  s.forgetRules();
  s.await([&] { return converged(s) && notesFor(s, 2) == 0; }, "what node 2 missed is brought", 15s);
}

TEST_F(HandoffScenario, WhatComesBeyondTheBoundIsLeftToTheHashTrees) {
  startNoting(s, 3);
  s.kill(2);
  for (const std::string& key : Scenario::keys()) s.put(0, key);
  s.run(5s);
  s.mustBe(notesFor(s, 2) == 3, "three notes");
  s.mustBe(s.node(0).node().counts().hintsOverflowed == Scenario::keys().size() - 3, "the others are counted");
  s.start(2);
  s.await([&] { return notesFor(s, 2) == 0; }, "three are brought");
  s.mustBe(!converged(s), "the others are not");
  s.act(2, ActionKind::Balance);
  s.mustBe(converged(s), "a balance brings them");
}

TEST_F(HandoffScenario, NotesThatAreTooOldAreLeftToTheHashTrees) {
  s.ring.settings.hints.ageMicros = 1'000'000;
  startNoting(s);
  s.kill(2);
  s.put(0, "k0");
  s.run(20s);
  s.mustBe(notesFor(s, 2) == 1, "a note, whatever its age: nobody has looked at it yet");
  s.start(2);
  s.await([&] { return notesFor(s, 2) == 0; }, "the note is dropped");
  s.mustBe(!converged(s), "what it was about is not brought");
  s.act(2, ActionKind::Balance);
  s.mustBe(converged(s), "a balance brings it");
}

TEST_F(HandoffScenario, NotesThatAreTooOldMakeRoomForOthersWhileTheirNodeIsStillDown) {
  s.ring.settings.hints.ageMicros = 1'000'000;
  startNoting(s, 3);
  s.kill(2);
  for (const std::string& key : Scenario::keys()) s.put(0, key);
  s.run(1s);
  s.mustBe(notesFor(s, 2) == 3, "no room for more");
  s.await([&] { return notesFor(s, 2) == 0; }, "the notes are dropped, though the node is down");
  s.put(0, "k0");
  s.await([&] { return notesFor(s, 2) == 1; }, "a new note", 5s);
}

TEST_F(HandoffScenario, WhatIsBroughtComesNoFasterThanADiskIsFilled) {
  constexpr unsigned kValues = 10;
  s.ring.settings.fillBytesPerSecond = Workload::kLargeBytes;
  startNoting(s);
  s.kill(2);
  for (unsigned i = 0; i < kValues; ++i) s.put(0, "k" + std::to_string(i), true);
  s.await([&] { return notesFor(s, 2) == kValues; }, "notes");
  s.start(2);
  const Time begun = s.ring.time.now();
  s.await([&] { return notesFor(s, 2) == 0; }, "all is brought");
  const Duration took = s.ring.time.now() - begun;
  EXPECT_GE(took, (kValues - 1) * 1s);
  EXPECT_LE(took, (kValues + 5) * 1s);
  EXPECT_TRUE(converged(s));
}

TEST_F(HandoffScenario, NothingIsKeptForANodeThatIsRemoved) {
  s.ring.settings.hints.most = 1000;
  s.ring.startAll(4);
  s.run(5s);
  s.kill(3);
  for (const std::string& key : Scenario::keys()) s.put(0, key);
  s.await([&] { return notesFor(s, 3) > 0; }, "notes");
  const NodeId removed = s.node(3).durableIdentity()->node;
  s.mustBe(remove(s, 0, {3}).ok(), "it is removed");
  const auto none = [&] {
    for (const unsigned number : {0U, 1U, 2U}) {
      for (const auto& [name, content] : s.node(number).medium().rows()) {
        if (name.starts_with(store::hintRowName(removed, ""))) return false;
      }
    }
    return true;
  };
  s.await(none, "no note for it is left");
}

TEST_F(HandoffScenario, ALateHintBringsNothingBack) {
  s.ring.settings.timing.settling = 300ms;
  s.ring.settings.timing.settleAge = 100ms;
  startNoting(s);
  s.drop(Type::Offer, 0, 2);
  s.mustBe(s.done(s.put(0, "k0")), "nodes 0 and 1 have it");
  s.forgetRules();
  s.hold(Type::Offer, kAny, 2);
  s.run(15s);
  s.forgetRules();
  s.mustBe(s.done(s.del(1, "k0")), "it is deleted");
  const auto reaped = [&] {
    for (const unsigned number : {0U, 1U, 2U}) {
      if (s.node(number).medium().row(store::entryRowName("k0")) != nullptr) return false;
    }
    return true;
  };
  s.await(reaped, "the tombstones are dropped");
  s.letGo();
  s.run(1s);
  s.mustBe(reaped(), "the hint that arrives now is refused");
  const auto read = s.get(2, "k0");
  s.mustBe(s.done(read) && s.at(read).value == 0, "the key stays deleted");
}

TEST(DeliberateBugs, HintsThatAreDroppedAreMissed) {
  withAndWithout(&Bugs::dropHints, "C4", [](Scenario& s) {
    startNoting(s);
    s.kill(2);
    s.put(0, "k0");
    s.run(1s);
    s.start(2);
    s.run(10s);
    s.mustConverge();  // without a balance
  });
}

TEST(DeliberateBugs, AHintThatCountsAcknowledgesWhatOneDiskHolds) {
  withAndWithout(&Bugs::countHints, "C2", [](Scenario& s) {
    startNoting(s);
    s.drop(Type::Offer, 0, kAny);
    s.put(0, "k0");
  });
}

TEST(DeliberateBugs, HintsWithoutABoundFillTheDisksOfThoseThatAreUp) {
  withAndWithout(&Bugs::keepAllHints, "C8", [](Scenario& s) {
    startNoting(s, 3);
    s.kill(2);
    for (const std::string& key : Scenario::keys()) s.put(0, key);
    s.run(5s);
  });
}

}  // namespace
}  // namespace mydht::simulation
