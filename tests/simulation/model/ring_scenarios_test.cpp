// Proves that each rule about the ring (R3 to R7) is needed and is enough, by one directed order of events for each:
// with the rule left out a checker notices, with it nothing is wrong. Version 0 has the homes 1, 2, 3 throughout.

#include "tests/simulation/model/expectations.h"
#include "tests/simulation/model/faults.h"

namespace {

using namespace mydht;
using namespace mydht::model;

using enum OperationKind;

TEST(RingRules, AQuorumOfTheUnionOfVersionsIsNotEnough) {
  expectNoticedOnlyWith(Bug::QuorumOfUnion, "C2", 5, {1, 2, 3}, [](Script& s) {
    s.learn(3, 0, s.agree({3, 4, 5}));
    s.run(Put, 3, {3, 4, 5});
  });
}

TEST(RingRules, TheMiddleOneOfThreeVersionsCountsToo) {
  expectNoticedOnlyWith(Bug::OldAndNewOnlyOfThree, "C2", 5, {1, 2, 3}, [](Script& s) {
    s.agree({3, 4, 5});
    s.learn(1, 0, s.agree({1, 2, 3}));
    s.run(Put, 1, {1, 2});
  });
}

TEST(RingRules, ACoordinatorWithAnOlderViewIsRefused) {
  expectNoticedOnlyWith(Bug::NoRefusal, "C2", 6, {1, 2, 3}, [](Script& s) {
    s.agree({4, 5, 6});
    for (const NodeId node : {4u, 5u}) {
      s.learn(node, 0, 1);
      s.fill(node, {1, 2});
    }
    s.complete(4, {5}, {1, 2, 5});
    s.run(Put, 3, {1, 2});
    s.run(Get, 4, {4, 5});
  });
}

TEST(RingRules, AnAdoptionIsOnDiskBeforeItIsAnswered) {
  expectNoticedOnlyWith(Bug::AdoptionNotSynced, "C2", 5, {1, 2, 3}, [](Script& s) {
    s.agree({3, 4, 5});
    for (const NodeId node : {4u, 5u}) {
      s.learn(node, 0, 1);
      s.fill(node, {2, 3});
    }
    s.complete(4, {5}, {3, 5});
    crash(s.world(), 2);
    restart(s.world(), 2);
    s.run(Put, 1, {1, 2});
    s.run(Get, 4, {4, 5});
  });
}

TEST(RingRules, OneSourceIsNotEnoughToFillFrom) {
  expectNoticedOnlyWith(Bug::FillFromOne, "C1", 5, {1, 2, 3}, [](Script& s) {
    s.run(Put, 1, {1, 2});
    s.agree({3, 4, 5});
    for (const NodeId node : {4u, 5u}) {
      s.learn(node, 0, 1);
      s.fill(node, {3});
    }
    s.complete(4, {5}, {3, 5});
    s.run(Get, 4, {4, 5});
  });
}

TEST(RingRules, ASourceAdoptsTheNewVersionBeforeItIsRead) {
  expectNoticedOnlyWith(Bug::FillBeforeAdoption, "C2", 6, {1, 2, 3}, [](Script& s) {
    s.agree({4, 5, 6});
    for (const NodeId node : {4u, 5u}) {
      s.learn(node, 0, 1);
      s.fill(node, {1, 2});
    }
    s.complete(4, {5}, {3, 5, 6});
    s.run(Put, 1, {1, 2});
    s.run(Get, 4, {4, 5});
  });
}

// A counter-example to R5 in its first wording ("from a read quorum of the newest complete version's home nodes"):
// whoever fills may not know yet that the middle version is complete, while a coordinator that knows it asks nobody
// else.
TEST(RingRules, AFillReadsAQuorumOfTheMiddleVersionToo) {
  expectNoticedOnlyWith(Bug::FillFromCompleteOnly, "C1", 9, {1, 2, 3}, [](Script& s) {
    s.agree({3, 4, 5});
    for (const NodeId node : {4u, 5u}) {
      s.learn(node, 0, 1);
      s.fill(node, {2, 3});
    }
    s.complete(4, {5}, {1, 3, 5, 9});
    s.agree({6, 7, 8});
    for (const NodeId node : {6u, 7u}) {
      s.learn(node, 0, 2);
      s.fill(node, {1, 2});
    }
    s.run(Put, 4, {4, 5});
    s.complete(6, {7}, {1, 2, 7, 8});
    s.run(Get, 6, {6, 7});
  });
}

// The same for R6's "those that stayed count": home in the first and the last of three versions is not "stayed".
TEST(RingRules, AHomeThatWasNoneInTheMiddleVersionHasNotStayed) {
  expectNoticedOnlyWith(Bug::StayedIsAlwaysFilled, "C1", 9, {1, 2, 3}, [](Script& s) {
    s.agree({3, 4, 5});
    for (const NodeId node : {4u, 5u}) {
      s.learn(node, 0, 1);
      s.fill(node, {2, 3});
    }
    s.complete(4, {5}, {1, 3, 5, 9});
    s.agree({1, 2, 6});
    s.learn(1, 0, 2);
    s.learn(2, 0, 2);
    s.run(Put, 4, {4, 5});
    s.complete(1, {2}, {2, 6, 7, 8});
    s.run(Get, 1, {1, 2});
  });
}

TEST(RingRules, APartitionThatChangedAndChangedBackHasChanged) {
  expectNoticedOnlyWith(Bug::ChangedAgainstCompleteOnly, "R6", 9, {1, 2, 3}, [](Script& s) {
    s.agree({4, 5, 6});
    for (const NodeId node : {4u, 5u}) {
      s.learn(node, 0, 1);
      s.fill(node, {2, 3});
    }
    s.complete(4, {5}, {6, 3, 5, 9});
    s.agree({1, 2, 3});
    s.learn(1, 0, 2);
    s.run(Put, 4, {4, 5});
    s.complete(1, {}, {2, 3, 7, 8});
    s.run(Get, 1, {1, 2, 3});
  });
}

TEST(RingRules, AVersionIsNotCompleteWithOneFilledHome) {
  expectNoticedOnlyWith(Bug::CompleteBeforeFilled, "R6", 6, {1, 2, 3}, [](Script& s) {
    s.agree({4, 5, 6});
    s.learn(4, 0, 1);
    s.fill(4, {1, 2});
    s.complete(4, {}, {1, 2, 3});
  });
}

TEST(RingRules, AHomeThatIsNotFilledDoesNotVote) {
  expectNoticedOnlyWith(Bug::VoteWhileUnfilled, "C5", 5, {1, 2, 3}, [](Script& s) {
    s.run(Put, 1, {1, 2});
    s.learn(4, 0, s.agree({3, 4, 5}));
    s.run(Get, 4, {3, 4, 5, 1});
  });
}

TEST(RingRules, AnUnfilledHomeFillsTheKeyBeforeItVotes) {
  Script s(Bug::None, 2, {1});
  const std::uint16_t put = s.run(Put, 1, {1});
  s.learn(2, 0, s.agree({1, 2}));
  const std::uint16_t get = s.begin(Get, 2);
  s.deliverAll();
  EXPECT_EQ(s.world().operations[get].outcome, Outcome::Success);
  EXPECT_EQ(s.read(get), put);
  EXPECT_EQ(s.world().coverage.fillsForOneVote, 1u);
  EXPECT_EQ(s.verdict(), "");
}

TEST(RingRules, AnEmptiedDiskIsANewNode) {
  expectNoticedOnlyWith(Bug::EmptiedKeepsIdentity, "C1", 3, {1, 2, 3}, [](Script& s) {
    s.run(Put, 1, {1, 2});
    emptyDisk(s.world(), 1);
    s.run(Get, 3, {1, 3});
  });
}

TEST(RingRules, ARestoredBackupIsANewNode) {
  expectNoticedOnlyWith(Bug::RolledBackKeepsIdentity, "C1", 3, {1, 2, 3}, [](Script& s) {
    s.world().node(1).backup = s.world().node(1).kept;
    s.run(Put, 1, {1, 2});
    rollBack(s.world(), 1);
    s.run(Get, 3, {1, 3});
  });
}

}  // namespace
