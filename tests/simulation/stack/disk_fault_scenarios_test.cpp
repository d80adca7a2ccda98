// Proves what a ring of three does with a bad disk: whatever write, sync or read of one node fails, and wherever its
// power goes, what was acknowledged stays and every get is right; a node whose disk has failed stores nothing, says so
// and serves reads; a full one refuses puts alone and recovers; what is damaged is never served, and is repaired from
// another home node. How: the same few operations once for each disk operation of a node, which is made to fail, and
// directed orders of events; the checkers of the simulation look at all of it.
#include <gtest/gtest.h>

#include "server/store/rows.h"
#include "tests/simulation/stack/scenario.h"

namespace mydht::simulation {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kVictim = 1;

/// Puts, small and large, overwrites and deletes through two nodes.
void work(Scenario& s) {
  s.put(0, "k0");
  s.put(2, "k1", true);
  s.put(0, "k0");
  s.get(2, "k1");
  s.del(2, "k0");
  s.put(0, "k2");
  s.get(2, "k0");
  s.put(0, "k1", true);
  s.del(0, "k2");
  s.put(2, "k2");
}

/// A ring of three; where reads are to fail, one that has nothing in memory.
void begin(Scenario& s, Fault fault) {
  if (fault == Fault::Read) {
    s.ring.settings.cacheBytes = 0;
    s.ring.diskOptions.cachedPercent = 0;
  }
  s.ring.startAll(3);
}

/// How many operations of this kind the work has on the victim's disk.
std::uint64_t operationsOf(Fault fault) {
  Scenario s;
  begin(s, fault);
  const std::uint64_t before = s.node(kVictim).disk().operations(fault);
  work(s);
  s.run(1s);
  EXPECT_TRUE(s.broken().empty()) << testing::PrintToString(s.broken());
  return s.node(kVictim).disk().operations(fault) - before;
}

/// Every key through every node, then what the checkers say.
void expectSound(Scenario& s, const std::string& what) {
  for (const char* const key : {"k0", "k1", "k2"}) {
    for (unsigned through = 0; through < 3; ++through) {
      const std::size_t read = s.get(through, key);
      EXPECT_TRUE(s.done(read)) << what << ": " << describe(s.at(read)) << " " << s.workload.told(read);
    }
  }
  EXPECT_TRUE(s.broken().empty()) << what << ": " << testing::PrintToString(s.broken());
  EXPECT_TRUE(s.stuck().empty()) << what << ": " << testing::PrintToString(s.stuck());
}

void failsInTurn(Fault fault, Kind kind, const std::string& what) {
  const std::uint64_t count = operationsOf(fault);
  ASSERT_GT(count, 0U) << what;
  for (std::uint64_t which = 1; which <= count; ++which) {
    Scenario s;
    begin(s, fault);
    s.node(kVictim).disk().failAt(fault, which, kind);
    work(s);
    const std::string name = what + " " + std::to_string(which);
    s.run(2s);
    if (const auto failure = s.node(kVictim).disk().failure()) {
      const cluster::NodeStatus status = s.node(kVictim).node().status();
      EXPECT_EQ(status.disk, wire::DiskState::Failed) << name;
      EXPECT_FALSE(status.trouble.empty()) << name;
    }
    expectSound(s, name);
    s.kill(kVictim);
    s.start(kVictim);
    EXPECT_TRUE(s.node(kVictim).node().status().trouble.empty()) << name;
    expectSound(s, name + ", started again");
  }
}

TEST(DiskFaults, NothingAcknowledgedIsLostWhicheverCommitFails) {
  failsInTurn(Fault::Write, Kind::Io, "commit");
}

TEST(DiskFaults, NothingAcknowledgedIsLostWhicheverSyncFails) {
  failsInTurn(Fault::Sync, Kind::Io, "sync");
}

TEST(DiskFaults, NothingAcknowledgedIsLostWhicheverCommitFindsNoRoom) {
  failsInTurn(Fault::Write, Kind::NoSpace, "full commit");
}

TEST(DiskFaults, NothingAcknowledgedIsLostWhicheverReadFails) {
  failsInTurn(Fault::Read, Kind::Io, "read");
}

TEST(DiskFaults, NothingAcknowledgedIsLostWhicheverWriteOrSyncOfALargeValueFails) {
  for (const Kind kind : {Kind::Io, Kind::NoSpace}) {
    failsInTurn(Fault::BlobWrite, kind, "value's write");
    failsInTurn(Fault::Seal, kind, "value's sync");
  }
}

TEST(DiskFaults, NothingAcknowledgedIsLostWheneverThePowerGoesBetweenAWriteAndItsSync) {
  const std::uint64_t count = operationsOf(Fault::Write);
  for (const std::size_t kept : {0U, 1U}) {
    for (std::uint64_t which = 1; which <= count; ++which) {
      Scenario s;
      s.ring.startAll(3);
      SimDisk& disk = s.node(kVictim).disk();
      const std::uint64_t at = disk.operations(Fault::Write) + which;
      bool gone = false;
      const std::function<void()> watch = [&] {
        if (gone) return;
        if (disk.operations(Fault::Write) >= at) {
          gone = true;
          s.node(kVictim).kill(kept);
        } else {
          s.ring.time.callAt(s.ring.time.now() + 100us, watch);
        }
      };
      s.ring.time.callAt(s.ring.time.now(), watch);
      work(s);
      s.await([&] { return gone && s.node(kVictim).down(); }, "the power cut");
      s.start(kVictim);
      expectSound(s, "power cut at write " + std::to_string(which));
    }
  }
}

class BadDisk : public testing::Test {
 protected:
  void SetUp() override { s.ring.startAll(3); }
  void TearDown() override {
    EXPECT_TRUE(s.broken().empty()) << testing::PrintToString(s.broken());
    EXPECT_TRUE(s.stuck().empty()) << testing::PrintToString(s.stuck());
  }
  void setFull(std::set<unsigned> nodes) {
    for (unsigned i = 0; i < 3; ++i) s.node(i).disk().setFull(nodes.contains(i));
  }
  bool refusedForRoom(std::size_t operation) {
    return s.at(operation).outcome == Outcome::NoEffect && s.workload.told(operation).starts_with("no-space");
  }
  BlobId blobOf(unsigned node, const std::string& key) {
    const std::string name = store::entryRowName(key);
    const auto row = store::decodeEntryRow(name, s.node(node).medium().row(name)->view());
    return (*row)->blob;
  }
  cluster::MendCounts damage(unsigned node) { return s.node(node).node().status().damage; }
  /// The damaged chunk, or row, was written anew.
  void awaitRepaired(unsigned node, std::uint64_t count) {
    s.await([&] { return damage(node).repaired == count && damage(node).waiting == 0; }, "a repair");
  }

  Scenario s;
};

TEST_F(BadDisk, OneFullDiskKeepsNobodyFromAnything) {
  EXPECT_TRUE(s.done(s.put(0, "k0")));
  setFull({1});
  for (const bool large : {false, true}) {
    for (unsigned through = 0; through < 3; ++through) {
      const std::size_t put = s.put(through, "k0", large);
      EXPECT_TRUE(s.done(put)) << s.workload.told(put);
      EXPECT_TRUE(s.done(s.get(through, "k0")));
    }
  }
  s.run(3s);
  EXPECT_EQ(s.node(1).node().status().disk, wire::DiskState::Full);
  EXPECT_TRUE(s.node(1).node().status().trouble.empty());
  EXPECT_TRUE(s.done(s.del(1, "k0")));
}

TEST_F(BadDisk, WithoutAQuorumThatHasRoomPutsAreRefusedAndThePreviousValueStaysUntilThereIsRoom) {
  EXPECT_TRUE(s.done(s.put(0, "k0")));
  EXPECT_TRUE(s.done(s.put(0, "k1")));
  setFull({1, 2});
  s.run(5s);
  for (unsigned through = 0; through < 3; ++through) {
    EXPECT_TRUE(refusedForRoom(s.put(through, "k0")));
    EXPECT_TRUE(refusedForRoom(s.put(through, "k0", true)));
    EXPECT_TRUE(s.done(s.get(through, "k0")));
    EXPECT_EQ(s.at(s.get(through, "k0")).value, 1U);
  }
  EXPECT_TRUE(s.done(s.del(0, "k1")));
  setFull({});
  s.run(8s);
  EXPECT_TRUE(s.done(s.put(0, "k0")));
  EXPECT_TRUE(s.done(s.put(1, "k0", true)));
}

/// The put that finds out may have reached the one node with room: gets must go on all the same.
TEST_F(BadDisk, GetsGoOnAfterAPutThatFoundTwoDisksFull) {
  EXPECT_TRUE(s.done(s.put(0, "k0")));
  setFull({1, 2});
  EXPECT_FALSE(s.done(s.put(0, "k0")));
  for (unsigned through = 0; through < 3; ++through) {
    const std::size_t read = s.get(through, "k0");
    EXPECT_TRUE(s.done(read)) << s.workload.told(read);
  }
}

TEST_F(BadDisk, ANodeWhoseDiskFailedRefusesWritesSaysSoAndServesReads) {
  EXPECT_TRUE(s.done(s.put(0, "k0")));
  EXPECT_TRUE(s.done(s.put(0, "k1")));
  s.run(1s);
  s.node(1).disk().failNext(Fault::Write, Kind::Io);
  EXPECT_TRUE(s.done(s.put(0, "k0")));
  s.run(3s);
  EXPECT_FALSE(s.node(1).node().status().trouble.empty());
  s.await(
      [&] {
        for (const auto& member : s.node(0).node().status().members) {
          if (member.hostPort == s.node(1).name() && member.summary)
            return member.summary->disk == wire::DiskState::Failed;
        }
        return false;
      },
      "the word of the failed disk");
  s.kill(2);
  s.run(3s);  // the others know
  // What it has counts for reads; writes have no quorum with it.
  EXPECT_TRUE(s.done(s.get(0, "k1")));
  EXPECT_TRUE(s.done(s.get(1, "k1")));
  for (const unsigned through : {0U, 1U}) {
    for (const std::size_t refused : {s.put(through, "k1"), s.put(through, "k1", true), s.del(through, "k1")}) {
      EXPECT_EQ(s.at(refused).outcome, Outcome::NoEffect) << s.workload.told(refused);
    }
  }
  s.start(2);
  s.kill(1);
  s.start(1);
  EXPECT_TRUE(s.node(1).node().status().trouble.empty());
  EXPECT_TRUE(s.done(s.put(1, "k0")));
}

TEST_F(BadDisk, ADamagedValueIsNeverServedAndIsFetchedFromAnotherHomeNodeAndRepaired) {
  EXPECT_TRUE(s.done(s.put(0, "k0", true)));
  s.run(1s);
  for (unsigned node = 0; node < 3; ++node) {
    const BlobId before = blobOf(node, "k0");
    ASSERT_TRUE(s.node(node).medium().corruptBlob(before, 70'000));
    EXPECT_TRUE(s.done(s.get(node, "k0")));  // compared with what was put
    awaitRepaired(node, 1);
    EXPECT_NE(blobOf(node, "k0"), before);
    EXPECT_EQ(*s.node(node).medium().blob(blobOf(node, "k0")), Workload::valueBytes(1, true));
    EXPECT_FALSE(s.node(node).medium().published().contains(before));
  }
  EXPECT_EQ(s.whyNotConverged(), "");
}

TEST_F(BadDisk, ADamagedRowVotesForNothingAndIsRepairedFromTheOthers) {
  EXPECT_TRUE(s.done(s.put(0, "k0")));
  s.run(1s);
  s.kill(1);
  s.start(1);  // with nothing in its cache
  ASSERT_TRUE(s.node(1).medium().corruptRow(store::entryRowName("k0")));
  EXPECT_TRUE(s.done(s.get(1, "k0")));
  awaitRepaired(1, 1);
  s.kill(0);
  EXPECT_TRUE(s.done(s.get(1, "k0")));  // needs its vote
}

TEST_F(BadDisk, ADamagedRowWaitsUntilSoManyOthersAnswerThatNothingAcknowledgedIsMissed) {
  EXPECT_TRUE(s.done(s.put(0, "k0")));
  s.run(1s);
  s.kill(1);
  s.start(1);
  s.kill(2);
  ASSERT_TRUE(s.node(1).medium().corruptRow(store::entryRowName("k0")));
  EXPECT_FALSE(s.done(s.get(1, "k0")));  // one vote of two, and an honest refusal
  s.run(12s);
  EXPECT_EQ(damage(1).repaired, 0U);
  EXPECT_EQ(damage(1).waiting, 1U);
  s.start(2);
  awaitRepaired(1, 1);
  EXPECT_TRUE(s.done(s.get(1, "k0")));
}

TEST_F(BadDisk, ADamagedRowThatOnlyAFillMeetsIsFoundAndRepairedLongBeforeTheNextScrub) {
  s.ring.settings.timing.scrub = 24h;
  for (const std::string& key : Scenario::keys()) EXPECT_TRUE(s.done(s.put(0, key)));
  for (unsigned node = 0; node < 3; ++node) {
    s.kill(node);
    s.start(node);
  }
  s.run(2min);  // their first scrub is over
  const std::uint64_t scrubs = s.node(1).node().status().scrub.rounds;
  s.drop(Scenario::Type::FillPage, 3, Scenario::kAny);
  s.join(0);
  s.await([&] { return s.node(3).up(); }, "node 3 serves");
  s.kill(2);  // so that node 3 needs all that node 1 has
  ASSERT_TRUE(s.node(1).medium().corruptRow(store::entryRowName(s.keyOf(0, {0, 1, 3}))));
  s.forgetRules();
  s.await([&] { return damage(1).waiting == 1; }, "node 1 to find it");
  s.start(2);
  awaitRepaired(1, 1);
  s.awaitQuiet();
  EXPECT_EQ(s.node(1).node().status().scrub.rounds, scrubs);
}

TEST_F(BadDisk, ADamagedRowKeepsOnlyItsOwnPartitionFromBeingFilled) {
  for (const std::string& key : Scenario::keys()) EXPECT_TRUE(s.done(s.put(0, key)));
  s.kill(1);
  s.start(1);
  s.drop(Scenario::Type::FillPage, 3, Scenario::kAny);
  s.join(0);
  s.await([&] { return s.node(3).up(); }, "node 3 serves");
  s.kill(2);  // so that node 3 needs all that node 1 has, and node 1 the other one to repair anything
  const std::string key = s.keyOf(0, {0, 1, 3});
  ASSERT_TRUE(s.node(1).medium().corruptRow(store::entryRowName(key)));
  s.forgetRules();
  const auto toFill = [&] { return s.node(3).node().membership().standing()->toFill; };
  s.await([&] { return toFill() == 1; }, "all but one partition to be filled");
  s.run(5s);
  EXPECT_EQ(toFill(), 1U);
  s.start(2);
  awaitRepaired(1, 1);
  s.awaitQuiet();
}

/// A ring of three into which a fourth node comes that has filled nothing yet, and a key whose former home node 0 is to
/// be none any more: once join() was called.
class DamageWhileRingChanges : public BadDisk {
 protected:
  void SetUp() override {
    BadDisk::SetUp();
    for (const std::string& key : Scenario::keys()) ASSERT_TRUE(s.done(s.put(0, key)));
    for (unsigned node = 0; node < 3; ++node) {
      s.kill(node);
      s.start(node);
    }
    s.run(2min);  // their first scrub is over, and nothing in their caches
  }
  void join() {
    s.drop(Scenario::Type::FillPage, 3, Scenario::kAny);
    s.join(0);
    s.await([&] { return s.node(3).up(); }, "node 3 serves");
    key_ = s.keyOf(0, {1, 2, 3});
    ASSERT_TRUE(s.node(1).medium().corruptRow(store::entryRowName(key_)));
  }
  /// A get finds the damage, which cannot be repaired from node 0 before forgetRules().
  void findDamage() {
    s.drop(Scenario::Type::Vote, 1, 0);
    s.get(1, key_);
    s.await([&] { return damage(1).waiting == 1; }, "node 1 to find it");
  }
  std::uint32_t toFill() { return s.node(3).node().membership().standing()->toFill; }
  /// So that nobody waits for node 3 to fill.
  void failDisk() {
    s.node(3).disk().failNext(Fault::Write, Kind::Io);
    s.put(0, s.keyOf(0, {0, 2, 3}));
    s.await([&] { return !s.node(3).node().status().trouble.empty(); }, "the disk of node 3 to fail");
  }
  /// What was in the way is over: all comes to its end by itself.
  void expectAllIsMended() {
    s.forgetRules();
    s.await([&] { return damage(1).repaired == 1; }, "a repair");
    s.await([&] { return !s.changing(0); }, "a version that is complete without node 3");
    s.kill(3);
    s.start(3);
    s.awaitQuiet();
    EXPECT_TRUE(s.done(s.get(3, key_)));
  }

  std::string key_;
};

TEST_F(DamageWhileRingChanges, NoVersionIsCompleteOnAHomeNodeThatHasSomethingToRepairThere) {
  join();
  findDamage();
  failDisk();
  s.run(5s);
  EXPECT_TRUE(s.changing(0)) << "node 3 is not waited for, and could never be filled with what node 1 cannot read";
  expectAllIsMended();
}

TEST_F(DamageWhileRingChanges, DamageThatAFillHasMetCountsBeforeAnybodyKnowsTheKey) {
  join();
  s.forgetRules();
  s.drop(Scenario::Type::FillPage, 3, 0);  // so that node 3 needs all that node 1 has
  s.await([&] { return toFill() == 1; }, "all but one partition to be filled");
  EXPECT_EQ(damage(1).waiting, 0U);
  failDisk();
  s.run(10s);
  EXPECT_TRUE(s.changing(0));
  expectAllIsMended();
}

TEST_F(DamageWhileRingChanges, WhatOthersTellOfANodeDoesNotHideItsDamage) {
  s.drop(Scenario::Type::Gossip, 1, 0);
  s.drop(Scenario::Type::Gossip, 0, 1);
  join();
  findDamage();
  failDisk();
  s.run(30s);
  EXPECT_TRUE(s.changing(2));
  expectAllIsMended();
}

TEST_F(DamageWhileRingChanges, IsRepairedFromTheNewHomeNodesWhereThoseHaveEverything) {
  join();
  findDamage();
  s.forgetRules();
  s.drop(Scenario::Type::Vote, 1, 0);
  s.await([&] { return toFill() == 0; }, "node 3 to be filled");
  s.kill(0);  // for good
  s.forgetRules();
  s.await([&] { return !s.changing(2); }, "a version that is complete");
  awaitRepaired(1, 1);
}

TEST(Scrub, FindsAndRepairsWhatNobodyReads) {
  Scenario s;
  s.ring.settings.timing.scrub = 20s;
  s.ring.settings.scrubBytesPerSecond = 1024 * 1024;
  s.ring.startAll(3);
  EXPECT_TRUE(s.done(s.put(0, "k0", true)));
  EXPECT_TRUE(s.done(s.put(0, "k1")));
  s.await([&] { return s.node(1).node().status().scrub.rounds == 1; }, "a round");
  EXPECT_EQ(s.node(1).node().status().scrub.findings, 0U);
  EXPECT_GT(s.node(1).node().status().scrub.bytes, 0U);
  const std::string name = store::entryRowName("k0");
  const auto row = store::decodeEntryRow(name, s.node(1).medium().row(name)->view());
  ASSERT_TRUE(s.node(1).medium().corruptBlob((*row)->blob, 10));
  ASSERT_TRUE(s.node(1).medium().corruptRow(store::entryRowName("k1")));
  s.kill(1);
  s.start(1);
  s.await([&] { return s.node(1).node().status().damage.repaired == 2; }, "both repairs");
  s.await([&] { return s.node(1).node().status().scrub.rounds == 2; }, "a second round");
  const cluster::NodeStatus status = s.node(1).node().status();
  EXPECT_EQ(status.scrub.findings, 0U);  // the second one finds nothing any more
  EXPECT_EQ(status.damage.waiting, 0U);
  EXPECT_EQ(s.whyNotConverged(), "");
  EXPECT_TRUE(s.broken().empty()) << testing::PrintToString(s.broken());
  EXPECT_TRUE(s.stuck().empty()) << testing::PrintToString(s.stuck());
}

}  // namespace
}  // namespace mydht::simulation
