// Proves that what other nodes missed is noted once a key, the newest, on the disk, within the bound, and forgotten
// when it was handed over. How: hints on the simulated disk in virtual time, whose power can be cut.

#include "server/store/hints.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "server/task/gate.h"
#include "tests/unit/server/store/world.h"

namespace mydht::store {
namespace {

using namespace std::chrono_literals;
using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr NodeId kNode = 7;

class HintsTest : public testing::Test {
 protected:
  void SetUp() override { start(); }
  void TearDown() override { stop(); }

  void start() {
    disk_ = std::make_unique<simulation::SimDisk>(medium_, random_);
    commits_ = std::make_unique<Commits>(*disk_);
    hints_ = std::make_unique<Hints>(executor_, settings_, *disk_, *commits_, clock_);
    const Status opened = time_.run(executor_, hints_->open(kNever));
    ASSERT_TRUE(opened.ok()) << opened.error().text;
    gate_.spawn(hints_->run());
  }
  void stop() {
    hints_->stop();
    time_.runUntilIdle();
  }
  void powerCut() {
    disk_->crash();
    stop();
    hints_.reset();
    commits_.reset();
    start();
  }
  void write() { time_.runFor(1s); }
  std::vector<Key> keysFor(NodeId node) {
    std::vector<Key> keys;
    Key after;
    do {
      const auto page = time_.run(executor_, hints_->page(node, after, kNever));
      MYDHT_ASSERT(page.ok());
      for (const Hints::Hint& hint : page->hints) keys.push_back(hint.key);
      after = page->after;
    } while (!after.empty());
    return keys;
  }
  Version versionOf(NodeId node, const Key& key) {
    const auto page = time_.run(executor_, hints_->page(node, {}, kNever));
    MYDHT_ASSERT(page.ok());
    for (const Hints::Hint& hint : page->hints) {
      if (hint.key == key) return hint.version;
    }
    return {};
  }

  HintSettings settings_{5, 1'000'000};
  simulation::SimTime time_;
  simulation::SimExecutor executor_{time_};
  simulation::SimRandom random_{1};
  simulation::SimMedium medium_;
  FixedClock clock_;
  Gate gate_{executor_};
  std::unique_ptr<simulation::SimDisk> disk_;
  std::unique_ptr<Commits> commits_;
  std::unique_ptr<Hints> hints_;
};

TEST_F(HintsTest, OneNoteAKeyAndNodeIsKeptTheNewestAcrossAPowerCut) {
  hints_->note(kNode, "b", at(20));
  hints_->note(kNode, "a", at(10));
  hints_->note(kNode, "b", at(15));
  hints_->note(8, "b", at(20));
  write();
  hints_->note(kNode, "a", at(30));
  write();
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(hints_->counts(), ElementsAre(Pair(kNode, 2), Pair(8, 1)));
    EXPECT_THAT(keysFor(kNode), ElementsAre("a", "b"));
    EXPECT_THAT(keysFor(8), ElementsAre("b"));
    EXPECT_EQ(versionOf(kNode, "a"), at(30));
    EXPECT_EQ(versionOf(kNode, "b"), at(20));
    powerCut();
  }
}

TEST_F(HintsTest, WhatIsHandedOverIsForgottenButNotWhatWasMissedAfterwards) {
  hints_->note(kNode, "a", at(10));
  hints_->note(kNode, "b", at(10));
  write();
  hints_->handed(kNode, "a", at(10));
  hints_->handed(kNode, "b", at(10));
  hints_->note(kNode, "b", at(11));
  write();
  EXPECT_THAT(keysFor(kNode), ElementsAre("b"));
  hints_->handed(kNode, "b", at(10));
  write();
  EXPECT_THAT(keysFor(kNode), ElementsAre("b"));
  hints_->handed(kNode, "b", at(12));
  write();
  EXPECT_THAT(hints_->counts(), IsEmpty());
  powerCut();
  EXPECT_THAT(hints_->counts(), IsEmpty());
}

TEST_F(HintsTest, AChangeOfANoteThatCannotBeReadIsLeftOutAndTheCountStaysRight) {
  hints_->note(kNode, "a", at(10));
  write();
  disk_->failNext(simulation::Fault::Read, Kind::Corrupt);
  hints_->note(kNode, "a", at(11));
  hints_->note(kNode, "b", at(11));
  write();
  EXPECT_THAT(hints_->counts(), ElementsAre(Pair(kNode, 2)));
  EXPECT_THAT(keysFor(kNode), ElementsAre("a", "b"));
  EXPECT_EQ(versionOf(kNode, "a"), at(10));
  hints_->handed(kNode, "a", at(10));
  hints_->handed(kNode, "b", at(11));
  write();
  EXPECT_THAT(hints_->counts(), IsEmpty());
}

TEST_F(HintsTest, NoMoreThanTheBoundAreKeptAndTheRestIsCounted) {
  for (const char* key : {"a", "b", "c", "d"}) hints_->note(kNode, key, at(10));
  for (const char* key : {"a", "b", "c", "d"}) hints_->note(8, key, at(10));
  write();
  EXPECT_EQ(keysFor(kNode).size() + keysFor(8).size(), 5U);
  EXPECT_EQ(hints_->overflowed(), 3U);
  hints_->note(kNode, "a", at(20));
  write();
  EXPECT_EQ(versionOf(kNode, "a"), at(20)) << "a note that is there is renewed";
  hints_->handed(kNode, "a", at(20));
  write();
  hints_->note(8, "e", at(10));
  write();
  EXPECT_THAT(keysFor(8), testing::Contains("e")) << "there is room again";
}

TEST_F(HintsTest, NotesGrowTooOld) {
  hints_->note(kNode, "a", at(10));
  write();
  const auto page = time_.run(executor_, hints_->page(kNode, {}, kNever));
  ASSERT_TRUE(page.ok());
  EXPECT_FALSE(hints_->tooOld(page->hints.front()));
  clock_.micros += settings_.ageMicros + 1;
  EXPECT_TRUE(hints_->tooOld(page->hints.front()));
}

TEST_F(HintsTest, ADamagedNoteIsNoNote) {
  const Hints::Hint hint{"key", at(10), 5};
  const std::string name = hintRowName(kNode, "key");
  const Bytes content = encodeHintRow(hint);
  const auto read = decodeHintRow(name, content.view());
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->first, kNode);
  EXPECT_EQ(read->second.key, "key");
  EXPECT_EQ(read->second.version, at(10));
  EXPECT_EQ(read->second.notedMicros, 5);
  EXPECT_FALSE(decodeHintRow("h", content.view()).ok());
  EXPECT_FALSE(decodeHintRow(hintRowName(kNode, ""), content.view()).ok());
  EXPECT_FALSE(decodeHintRow(name, content.view().substr(1)).ok());
  EXPECT_FALSE(decodeHintRow(name, std::string(content.view()) + "x").ok());
}

RC_GTEST_PROP(HintRows, AnyBytesAreReadOrRefused, (const std::string& name, const std::string& content)) {
  const auto read = decodeHintRow("h" + name, content);
  if (read) RC_ASSERT(encodeHintRow(read->second).view() == content);
}

}  // namespace
}  // namespace mydht::store
