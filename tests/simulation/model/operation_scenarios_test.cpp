// Proves that each rule about reading, writing and deleting (R9 to R12) is needed and is enough, by one directed order
// of events for each: with the rule left out a checker notices, with it nothing is wrong. Homes are 1, 2, 3 at first.

#include "tests/simulation/model/checkers.h"
#include "tests/simulation/model/expectations.h"
#include "tests/simulation/model/faults.h"
#include "tests/simulation/model/settling.h"

namespace {

using namespace mydht;
using namespace mydht::model;

using enum OperationKind;

void reapAll(Script& s) {
  for (NodeId node = 1; node <= 3; ++node) reap(s.world(), node);
}

TEST(WriteRules, APutThatMeetsANewerVersionGoesAboveIt) {
  expectNoticedOnlyWith(Bug::NoSecondRound, "C1", 4, {1, 2, 3}, [](Script& s) {
    s.world().node(1).skewMicros = 100'000;
    s.run(Put, 1, {1, 2, 3});
    s.run(Put, 4, {2, 3});
    s.run(Get, 4, {2, 3});
  });
}

TEST(WriteRules, AGetWritesBackWhatAMinorityHas) {
  expectNoticedOnlyWith(Bug::NoWriteBack, "C1", 3, {1, 2, 3}, [](Script& s) {
    s.run(Put, 1, {1});
    s.run(Get, 2, {1, 2});
    s.run(Get, 3, {2, 3});
  });
}

TEST(WriteRules, EqualTimesDoNotGoByArrival) {
  expectNoticedOnlyWith(Bug::TieByArrival, "C2", 3, {1, 2, 3}, [](Script& s) {
    const std::uint16_t first = s.begin(Put, 1);
    s.world().nowMicros -= 10;
    const std::uint16_t second = s.begin(Put, 2);
    s.exchange(MessageKind::Write, 1, 1, first);
    s.exchange(MessageKind::Write, 1, 2, first);
    s.exchange(MessageKind::Write, 2, 3, second);
    s.exchange(MessageKind::Write, 2, 2, second);
    s.loseAll();
    s.run(Get, 1, {1, 2});
    s.run(Get, 1, {2, 3});
    s.run(Get, 1, {1, 2});
  });
}

TEST(WriteRules, AWriteIsAnsweredAfterItsSync) {
  expectNoticedOnlyWith(Bug::AnswerBeforeSync, "C2", 3, {1, 2, 3}, [](Script& s) { s.run(Put, 1, {1, 2}); });
}

TEST(WriteRules, AWriteThatWasNotAcknowledgedStaysUnknown) {
  Script s(Bug::None, 3, {1, 2, 3});
  const std::uint16_t put = s.run(Put, 1, {1});
  s.giveUp(put);
  EXPECT_EQ(s.world().operations[put].outcome, Outcome::Unknown);
  EXPECT_EQ(s.read(s.run(Get, 2, {2, 3})), 0u);
  EXPECT_EQ(s.read(s.run(Get, 2, {1, 3})), put);
  EXPECT_EQ(s.read(s.run(Get, 2, {2, 3})), put);
  EXPECT_EQ(s.verdict(), "");
}

TEST(WriteRules, AWriteFromTheFutureIsRefused) {
  Script s(Bug::None, 3, {1, 2, 3});
  s.world().node(1).skewMicros = 11'000'000;
  const std::uint16_t put = s.run(Put, 1, {2, 3});
  EXPECT_EQ(s.world().operations[put].outcome, Outcome::Unknown);
  EXPECT_EQ(s.world().coverage.refusedByFuture, 2u);
  EXPECT_EQ(s.read(s.run(Get, 2, {2, 3})), 0u);
  EXPECT_EQ(s.verdict(), "");
}

// A counter-example to "gets never go back" under R9 as it is worded. The value of a put of two rounds has two
// versions. The first one may be read (a get wrote it back), overwritten by a put that is concurrent with it, and then
// be raised above that by the second round: clients read a, b, a while the put of a is still on its way. No put that
// was answered is lost, and no acknowledged order is broken; but the history is not that of one register with one write
// of a.
TEST(WriteRules, ReadsMayMeetATwoRoundPutTwice) {
  Script s(Bug::None, 3, {1, 2, 3});
  const std::uint16_t a = s.begin(Put, 1);
  s.exchange(MessageKind::Write, 1, 1, a);
  const std::uint16_t firstRead = s.run(Get, 2, {1, 2});
  const std::uint16_t b = s.run(Put, 2, {2, 3});
  const std::uint16_t secondRead = s.run(Get, 2, {2, 3});
  s.exchange(MessageKind::Write, 1, 2, a);  // meets b, and begins the second round
  s.exchange(MessageKind::Write, 1, 1, a);
  s.exchange(MessageKind::Write, 1, 1, a);
  s.exchange(MessageKind::Write, 1, 2, a);
  s.exchange(MessageKind::Write, 1, 3, a);
  s.exchange(MessageKind::Write, 1, 3, a);
  const std::uint16_t thirdRead = s.run(Get, 3, {1, 3});
  EXPECT_EQ(s.read(firstRead), a);
  EXPECT_EQ(s.read(secondRead), b);
  EXPECT_EQ(s.read(thirdRead), a);
  EXPECT_EQ(s.world().operations[a].outcome, Outcome::Success);
  EXPECT_FALSE(linearizable(callsOn(s.world(), 0, false))) << "as one write of a";
  EXPECT_TRUE(linearizable(callsOn(s.world(), 0, true))) << "as a write for each round";
  EXPECT_EQ(s.verdict(), "");
}

TEST(DeleteRules, AClientsWriteBelowClosedIsNotTakenAfterTheReaping) {
  expectNoticedOnlyWith(Bug::NoClosedMark, "C1", 3, {1, 2, 3}, [](Script& s) {
    const std::uint16_t put = s.begin(Put, 1);
    s.exchange(MessageKind::Write, 1, 1, put);
    s.exchange(MessageKind::Write, 1, 2, put);
    s.run(Del, 1, {1, 2, 3});
    s.settle(1);
    reapAll(s);
    s.deliver(MessageKind::Write, 1, 3, put);
    s.run(Get, 2, {2, 3});
  });
}

TEST(DeleteRules, ALateCopyBelowSettledIsNotTaken) {
  expectNoticedOnlyWith(Bug::NoSettledMark, "C1", 3, {1, 2, 3}, [](Script& s) {
    s.run(Put, 1, {1, 2});
    repair(s.world(), 2, 3, 0);
    s.run(Del, 1, {1, 2, 3});
    s.settle(1);
    reapAll(s);
    s.deliver(MessageKind::Copy, 2, 3);
    s.run(Get, 2, {2, 3});
  });
}

TEST(DeleteRules, NoneSettledLaterBeatsAnOldVersionVotedBeforeTheReaping) {
  expectNoticedOnlyWith(Bug::ReapDuringGet, "C1", 3, {1, 2, 3}, [](Script& s) {
    s.run(Put, 1, {1, 2, 3});
    s.run(Del, 1, {1, 2});
    const std::uint16_t get = s.begin(Get, 1);
    s.exchange(MessageKind::Read, 1, 3, get);
    repair(s.world(), 1, 3, 0);
    s.deliver(MessageKind::Copy, 1, 3);
    s.settle(1);
    reapAll(s);
    s.exchange(MessageKind::Read, 1, 2, get);
    for (const NodeId home : {1u, 2u, 3u}) s.exchange(MessageKind::Copy, 1, home, get);
  });
}

TEST(DeleteRules, AQuorumOfHomesIsNotEnoughToSettle) {
  expectNoticedOnlyWith(Bug::SettleWithoutAll, "C1", 3, {1, 2, 3}, [](Script& s) {
    s.run(Put, 1, {1, 2, 3});
    s.run(Del, 1, {1, 2});
    s.settle(1);
    reapAll(s);
    s.run(Get, 2, {2, 3});
  });
}

TEST(DeleteRules, HomesAreComparedBeforeTheySettle) {
  expectNoticedOnlyWith(Bug::SettleWithoutComparing, "C1", 3, {1, 2, 3}, [](Script& s) {
    s.run(Put, 1, {1, 2, 3});
    s.run(Del, 1, {1, 2});
    s.settle(1);
    reapAll(s);
    s.run(Get, 2, {2, 3});
  });
}

TEST(DeleteRules, TheMarksTravelWithAFill) {
  expectNoticedOnlyWith(Bug::MarksStayBehind, "C1", 5, {1, 2, 3}, [](Script& s) {
    s.run(Put, 1, {1, 2});
    repair(s.world(), 2, 4, 0);
    s.run(Del, 1, {1, 2, 3});
    s.settle(1);
    reapAll(s);
    s.agree({3, 4, 5});
    for (const NodeId node : {4u, 5u}) {
      s.learn(node, 0, 1);
      s.fill(node, {2, 3});
    }
    s.complete(4, {5}, {3, 5});
    // A hint's replay, sent before the change and resent with the view of today.
    s.world().flying.front().view = {1, 1};
    s.deliver(MessageKind::Copy, 2, 4);
    s.run(Get, 4, {4, 5});
  });
}

// Found by 2.7 million random runs: a stale coordinator's get meets a tombstone at a former home, which nobody else
// has, while the homes settle without it. Refused, its write-back proves nothing; answered, "deleted" would be followed
// by the value.
TEST(DeleteRules, AWriteBackRefusedAsSettledStartsTheGetAnew) {
  expectNoticedOnlyWith(Bug::SettledCountsAsWrittenBack, "C1", 4, {1, 2, 3}, [](Script& s) {
    s.run(Put, 1, {1, 2, 3});
    s.agree({1, 2});
    s.learn(4, 0, 1);
    for (const NodeId node : {1u, 2u}) s.learn(node, 0, 1);
    s.giveUp(s.run(Del, 4, {3}));
    const std::uint16_t get = s.begin(Get, 4);
    s.exchange(MessageKind::Read, 4, 3, get);
    s.deliver(MessageKind::Read, 4, 1, get);
    s.deliver(MessageKind::Read, 4, 2, get);
    s.complete(1, {2}, {2, 3});
    s.settle(1);
    s.deliver(MessageKind::ReadAnswer, 1, 4, get);
    s.deliver(MessageKind::ReadAnswer, 2, 4, get);
    s.exchange(MessageKind::Copy, 4, 1, get);
    s.exchange(MessageKind::Copy, 4, 2, get);
    s.loseAll();
    s.run(Get, 1, {1, 2});
  });
}

TEST(DeleteRules, APurgeDropsOnlyWhatAQuorumOfHomesHas) {
  expectNoticedOnlyWith(Bug::PurgeUnchecked, "C3", 6, {1, 2, 3}, [](Script& s) {
    s.giveUp(s.run(Put, 1, {3}));
    s.agree({4, 5, 6});
    for (const NodeId node : {4u, 5u}) {
      s.learn(node, 0, 1);
      s.fill(node, {1, 2});
    }
    s.complete(4, {5}, {1, 2, 5});
    s.learn(3, 1, 1);
    const std::uint16_t purge = s.begin(HandOver, 3);
    s.exchange(MessageKind::Copy, 3, 4, purge);
  });
}

TEST(DeleteRules, APurgeHandsOverFirst) {
  Script s(Bug::None, 6, {1, 2, 3});
  const std::uint16_t put = s.run(Put, 1, {3});
  s.giveUp(put);
  s.agree({4, 5, 6});
  for (const NodeId node : {4u, 5u}) {
    s.learn(node, 0, 1);
    s.fill(node, {1, 2});
  }
  s.complete(4, {5}, {1, 2, 5});
  s.learn(3, 1, 1);
  s.begin(HandOver, 3);
  s.deliverAll();
  EXPECT_EQ(s.world().coverage.purged, 1u);
  EXPECT_EQ(s.world().node(3).kept.entry[0], 0);
  EXPECT_EQ(s.read(s.run(Get, 4, {4, 5})), put);
  EXPECT_EQ(s.verdict(), "");
}

TEST(DeleteRules, SettledTombstonesAreDroppedAndStayDeleted) {
  Script s(Bug::None, 3, {1, 2, 3});
  s.run(Put, 1, {1, 2, 3});
  s.run(Del, 1, {1, 2, 3});
  s.settle(2);
  reapAll(s);
  EXPECT_EQ(s.world().coverage.reaped, 3u);
  EXPECT_EQ(s.read(s.run(Get, 1, {1, 3})), 0u);
  const std::uint16_t again = s.run(Put, 3, {1, 2});
  EXPECT_EQ(s.read(s.run(Get, 1, {1, 3})), again);
  EXPECT_EQ(s.verdict(), "");
}

}  // namespace
