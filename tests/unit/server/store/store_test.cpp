// Proves the one door and what is behind it: what is newer replaces what is older whatever the order of arrival,
// nothing is told or shown before it is synced, the marks of R12 and the ten seconds of R9 refuse what they must, large
// values come and go with their entries, and counts and pages are right. How: a store on the simulated disk in virtual
// time, whose power can be cut.

#include "server/store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>

#include "server/task/gate.h"
#include "tests/unit/server/store/world.h"

namespace mydht::store {
namespace {

using namespace test;
using testing::ElementsAre;
using wire::From;
using wire::OfferOutcome;

class StoreTest : public StoreWorld {
 protected:
  Task<> offerInto(Entry entry, Bytes value, std::vector<std::string>& outcomes) {
    auto answer = co_await store_->offer(std::move(entry), std::move(value), From::Client, {}, kNever);
    if (!answer) {
      outcomes.emplace_back(kindName(answer.error().kind));
    } else {
      outcomes.emplace_back(answer->outcome == OfferOutcome::Accepted ? "accepted" : "newer");
    }
  }
  void spawn(const Key& key, std::int64_t micros, const std::string& value) {
    gate_.spawn(offerInto(entryOf(key, micros, value), Bytes(value), outcomes_));
  }
  std::vector<Key> listed(const std::string& prefix, std::size_t most) {
    std::vector<Key> all;
    Key after;
    do {
      const auto page = time_.run(executor_, store_->keys(prefix, after, most, kNever));
      MYDHT_ASSERT(page.ok());
      MYDHT_ASSERT(page->keys.size() <= most);
      all.insert(all.end(), page->keys.begin(), page->keys.end());
      after = page->after;
    } while (!after.empty());
    return all;
  }

  Gate gate_{executor_};
  std::vector<std::string> outcomes_;
};

TEST_F(StoreTest, ARowThatAScanCannotReadIsNotedByItsKey) {
  put("k", kNow, "v");
  Batch batch;
  batch.rows.emplace_back(entryRowName("k"), Bytes("no row"));
  ASSERT_TRUE(time_.run(executor_, commits_->commit(std::move(batch))).ok());
  const auto page = time_.run(executor_, store_->iterate(partitionOf("k"), Key(), 1000, kNever));
  EXPECT_EQ(page.error().kind, Kind::Corrupt);
  EXPECT_THAT(store_->damage().take(), ElementsAre("k"));
}

TEST_F(StoreTest, WhatCouldNotBeReadAgainIsRefused) {
  const auto refused = [&](const Entry& entry, const std::string& value) {
    const Offered answer = offer(entry, Bytes(value), From::Repair);
    return !answer && answer.error().kind == Kind::BadRequest;
  };
  Entry entry = entryOf("k", 10, "value");
  EXPECT_TRUE(refused(entry, "valu")) << "cut short";
  entry.version.physicalMicros = std::numeric_limits<std::int64_t>::max();
  EXPECT_TRUE(refused(entry, "value")) << "beyond all dates";
  entry = tombstoneOf("k", 10);
  entry.size = 5;
  EXPECT_TRUE(refused(entry, "")) << "a tombstone of some size";
  EXPECT_TRUE(refused(entry, "value")) << "a tombstone with a value";
  entry = entryOf("k", 10, "value");
  entry.contentType.assign(limits::kContentTypeBytes + 1, 't');
  EXPECT_TRUE(refused(entry, "value")) << "a content type beyond its limit";
  entry.contentType.pop_back();
  EXPECT_FALSE(refused(entry, "value"));
}

TEST_F(StoreTest, ARangeBeyondTheEndIsRefused) {
  ASSERT_EQ(put("k", 10, "value"), OfferOutcome::Accepted);
  const auto row = time_.run(executor_, store_->row("k", kNever));
  ASSERT_TRUE(row.ok());
  EXPECT_TRUE(time_.run(executor_, store_->body(*row, 2, 3, kNever)).ok());
  EXPECT_FALSE(time_.run(executor_, store_->body(*row, 2, 4, kNever)).ok());
  EXPECT_FALSE(time_.run(executor_, store_->body(*row, 6, 0, kNever)).ok());
}

TEST_F(StoreTest, NewerIsAcceptedAndOlderIsToldWhatIsHeld) {
  EXPECT_EQ(put("k", 10, "first"), OfferOutcome::Accepted);
  EXPECT_EQ(put("k", 30, "third"), OfferOutcome::Accepted);
  const Offered older = offer(entryOf("k", 20, "second"), Bytes(std::string("second")));
  ASSERT_TRUE(older.ok());
  EXPECT_EQ(older->outcome, OfferOutcome::Newer);
  ASSERT_TRUE(older->held.has_value());
  EXPECT_EQ(*older->held, entryOf("k", 30, "third"));
  EXPECT_EQ(value("k"), "third");
}

TEST_F(StoreTest, TheAnswerSaysWhatWasHeldBefore) {
  const Offered first = offer(entryOf("k", 10, "first"), Bytes(std::string("first")));
  EXPECT_FALSE(first->held.has_value());
  const Offered second = offer(entryOf("k", 20, "second"), Bytes(std::string("second")));
  EXPECT_EQ(second->held, entryOf("k", 10, "first"));
}

TEST_F(StoreTest, EqualTimesGoByContentNotByArrival) {
  const std::string low = sha256Of("a") < sha256Of("b") ? "a" : "b";
  const std::string high = low == "a" ? "b" : "a";
  EXPECT_EQ(put("k", 10, high), OfferOutcome::Accepted);
  EXPECT_EQ(put("k", 10, low), OfferOutcome::Newer);
  EXPECT_EQ(value("k"), high);
  EXPECT_EQ(put("other", 10, low), OfferOutcome::Accepted);
  EXPECT_EQ(put("other", 10, high), OfferOutcome::Accepted);
  EXPECT_EQ(value("other"), high);
}

TEST_F(StoreTest, AnEqualOneIsAcceptedAndWaitsForTheSyncThatItRestsOn) {
  spawn("k", 10, "same");
  while (disk_->unsyncedBatches() == 0) ASSERT_TRUE(time_.step());
  spawn("k", 10, "same");
  time_.runReady();
  EXPECT_THAT(outcomes_, ElementsAre());
  time_.runUntilIdle();
  EXPECT_THAT(outcomes_, ElementsAre("accepted", "accepted"));
  EXPECT_EQ(medium_.lastBatch(), 1U) << "written once";
  EXPECT_EQ(put("k", 10, "same"), OfferOutcome::Accepted);
  EXPECT_EQ(medium_.lastBatch(), 1U);
}

TEST_F(StoreTest, AnAnswerThatRestsOnAFailedSyncFailsToo) {
  disk_->failNext(simulation::Fault::Sync, Kind::Io);
  spawn("k", 10, "new");
  while (disk_->unsyncedBatches() == 0) ASSERT_TRUE(time_.step());
  spawn("k", 10, "new");
  spawn("k", 5, "old");
  time_.runUntilIdle();
  EXPECT_THAT(outcomes_, ElementsAre("io", "io", "io"));
  EXPECT_EQ(medium_.row(entryRowName("k")), nullptr);
}

TEST_F(StoreTest, OffersOfOneKeyAtOnceKeepTheNewestWhateverTheirOrder) {
  const auto holds = rc::check("the newest remains, and each is told right", [this] {
    const auto order = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange(1, 8)));
    const Key key = *rc::gen::container<std::string>(8, rc::gen::inRange('a', 'z'));
    const RowPtr before = row(key);
    outcomes_.clear();
    for (const std::int64_t micros : order) {
      spawn(key, micros, std::to_string(micros));
      for (int steps = *rc::gen::inRange(0, 6); steps > 0; --steps) time_.step();
    }
    time_.runUntilIdle();
    std::int64_t newest = *std::max_element(order.begin(), order.end());
    if (before) newest = std::max(newest, before->entry.version.physicalMicros);
    RC_ASSERT(value(key) == std::to_string(newest));
    RC_ASSERT(outcomes_.size() == order.size());
    powerCut();
    RC_ASSERT(value(key) == std::to_string(newest));
  });
  EXPECT_TRUE(holds);
}

TEST_F(StoreTest, AReadNeverSeesWhatIsNotSynced) {
  EXPECT_EQ(put("k", 10, "old"), OfferOutcome::Accepted);
  const Bytes before = *medium_.row(entryRowName("k"));
  spawn("k", 20, "new");
  bool sawNew = false;
  while (time_.step()) {
    const auto seen = store_->tryRow("k");
    if (!seen) continue;
    ASSERT_TRUE(seen->ok());
    if ((**seen)->value.view() == "new") {
      sawNew = true;
      EXPECT_NE(*medium_.row(entryRowName("k")), before);
    }
  }
  EXPECT_TRUE(sawNew || value("k") == "new");
}

TEST_F(StoreTest, APowerCutTakesOnlyWhatWasNotAnswered) {
  EXPECT_EQ(put("kept", 10, "kept"), OfferOutcome::Accepted);
  spawn("lost", 10, "lost");
  while (disk_->unsyncedBatches() == 0) ASSERT_TRUE(time_.step());
  powerCut();
  EXPECT_THAT(outcomes_, ElementsAre("stopped"));
  EXPECT_EQ(value("kept"), "kept");
  EXPECT_EQ(row("lost"), nullptr);
}

TEST_F(StoreTest, ARowThatCannotBeReadIsNotMissing) {
  EXPECT_EQ(put("k", 10, "value"), OfferOutcome::Accepted);
  powerCut();
  ASSERT_TRUE(medium_.corruptRow(entryRowName("k")));
  const Result<RowPtr> found = time_.run(executor_, store_->row("k", kNever));
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().kind, Kind::Corrupt);
  const Offered refused = offer(entryOf("k", 5, "older"), Bytes(std::string("older")));
  EXPECT_FALSE(refused.ok()) << "nothing to compare with";
}

TEST_F(StoreTest, AWriteTooFarInTheFutureIsToldTheLatestTimeThatIsTaken) {
  EXPECT_EQ(put("k", kNow + limits::kFutureMicros, "just"), OfferOutcome::Accepted);
  const std::int64_t ahead = kNow + limits::kFutureMicros + 1;
  const Offered refused = offer(entryOf("other", ahead, "no"), Bytes(std::string("no")));
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(refused->outcome, OfferOutcome::TooFar);
  EXPECT_EQ(refused->limit, (Version{kNow, 0, 0, 0}));
  EXPECT_EQ(row("other"), nullptr);
  EXPECT_EQ(put("k", ahead, "goes on"), OfferOutcome::Accepted) << "beyond what is stored of the key already";
  const Offered copy = offer(entryOf("other", ahead, "yes"), Bytes(std::string("yes")), From::Fill);
  EXPECT_EQ(copy->outcome, OfferOutcome::Accepted) << "a copy is never refused for its time";
}

TEST_F(StoreTest, AClientsWriteAtOrBelowClosedIsRefusedWithTheMark) {
  setMarks("k", at(100), {});
  const Offered refused = offer(entryOf("k", 100, "no"), Bytes(std::string("no")));
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(refused->outcome, OfferOutcome::Closed);
  EXPECT_EQ(refused->limit, at(100));
  EXPECT_EQ(offer(entryOf("k", 100, "copy"), Bytes(std::string("copy")), From::Hint)->outcome, OfferOutcome::Accepted);
  EXPECT_EQ(put("k", 101, "above"), OfferOutcome::Accepted);
  EXPECT_EQ(store_->closed(partitionOf("k")), at(100));
}

TEST_F(StoreTest, ACopyAtOrBelowSettledIsTakenOnlyFromOneSettledAsFar) {
  setMarks("k", at(100), at(100));
  const Bytes bytes(std::string("copy"));
  const Offered late = offer(entryOf("k", 100, "copy"), bytes, From::Hint, at(99));
  ASSERT_TRUE(late.ok());
  EXPECT_EQ(late->outcome, OfferOutcome::Settled);
  EXPECT_EQ(late->limit, at(100));
  EXPECT_EQ(row("k"), nullptr);
  EXPECT_EQ(offer(entryOf("k", 100, "copy"), bytes, From::Fill, at(100))->outcome, OfferOutcome::Accepted);
  EXPECT_EQ(store_->settled(partitionOf("k")), at(100));
}

TEST_F(StoreTest, MarksStayWhenEntriesOfTheirPartitionAreWritten) {
  setMarks("k", at(100), at(50));
  EXPECT_EQ(put("k", 200, "value"), OfferOutcome::Accepted);
  powerCut();
  EXPECT_EQ(store_->closed(partitionOf("k")), at(100));
  EXPECT_EQ(store_->settled(partitionOf("k")), at(50));
}

TEST_F(StoreTest, TotalsCountLiveKeysTombstonesAndBytesAndSurviveARestart) {
  put("a", 10, "12345");
  put("b", 10, "123");
  put("b", 20, "1");
  put("c", 10, "12");
  del("c", 20);
  del("never", 10);
  for (int round = 0; round < 2; ++round) {
    const Totals totals = store_->totals();
    EXPECT_EQ(totals.keys, 2U);
    EXPECT_EQ(totals.tombstones, 2U);
    EXPECT_EQ(totals.bytes, 6U);
    EXPECT_FALSE(store_->isEmpty(partitionOf("a")));
    powerCut();
  }
}

TEST_F(StoreTest, ADeletedKeyIsATombstoneAndMayBeWrittenAgain) {
  put("k", 10, "value");
  EXPECT_EQ(del("k", 20), OfferOutcome::Accepted);
  ASSERT_NE(row("k"), nullptr);
  EXPECT_TRUE(row("k")->entry.tombstone);
  EXPECT_THAT(listed("", 10), ElementsAre());
  EXPECT_EQ(put("k", 15, "late"), OfferOutcome::Newer);
  EXPECT_EQ(put("k", 30, "again"), OfferOutcome::Accepted);
  EXPECT_THAT(listed("", 10), ElementsAre("k"));
  EXPECT_EQ(store_->totals().tombstones, 0U);
}

TEST_F(StoreTest, KeysAreListedInOrderPageByPage) {
  for (const char* key : {"b", "a/2", "a/1", "a", "a/10", "c"}) put(key, 10, "x");
  del("c", 20);
  for (const std::size_t most : {1U, 2U, 3U, 100U}) {
    EXPECT_THAT(listed("", most), ElementsAre("a", "a/1", "a/10", "a/2", "b")) << most;
    EXPECT_THAT(listed("a/", most), ElementsAre("a/1", "a/10", "a/2")) << most;
    EXPECT_THAT(listed("z", most), ElementsAre()) << most;
  }
}

TEST_F(StoreTest, APartitionsEntriesComeInOrderPageByPageTombstonesIncluded) {
  std::vector<Key> keys;
  const PartitionId partition = partitionOf("0");
  for (int i = 0; keys.size() < 5; ++i) {
    if (partitionOf(std::to_string(i)) == partition) keys.push_back(std::to_string(i));
  }
  for (const Key& key : keys) put(key, 10, "value");
  del(keys[2], 20);
  put("elsewhere", 10, "value");
  ASSERT_NE(partitionOf("elsewhere"), partition);
  std::sort(keys.begin(), keys.end());
  for (const std::size_t mostBytes : {1U, 200U, 100'000U}) {
    std::vector<Key> seen;
    Key after;
    do {
      const auto page = time_.run(executor_, store_->iterate(partition, after, mostBytes, kNever));
      ASSERT_TRUE(page.ok());
      for (const RowPtr& found : page->rows) seen.push_back(found->entry.key);
      after = page->after;
    } while (!after.empty());
    EXPECT_EQ(seen, keys) << mostBytes;
  }
}

TEST_F(StoreTest, ALargeValueComesWithItsEntryAndGoesWhenItIsReplaced) {
  const std::string large(limits::kInlineBytes + 5, 'L');
  const BlobId blob = staged(large);
  EXPECT_TRUE(medium_.published().empty());
  EXPECT_EQ(offer(entryOf("k", 10, large), blob)->outcome, OfferOutcome::Accepted);
  EXPECT_EQ(medium_.published(), std::set<BlobId>{blob});
  powerCut();
  const RowPtr found = row("k");
  ASSERT_EQ(found->blob, blob);
  auto body = time_.run(executor_, store_->body(found, 3, limits::kInlineBytes, kNever));
  ASSERT_TRUE(body.ok());
  const auto part = time_.run(executor_, collect(std::move(*body), large.size(), kNever));
  ASSERT_TRUE(part.ok());
  EXPECT_EQ(part->view(), std::string(limits::kInlineBytes, 'L'));
  EXPECT_EQ(put("k", 20, "small"), OfferOutcome::Accepted);
  EXPECT_TRUE(medium_.published().empty());
  EXPECT_EQ(value("k"), "small");
}

TEST_F(StoreTest, ALargeValueThatIsRefusedStaysTheCallersAndAnEqualOneIsDropped) {
  const std::string large(limits::kInlineBytes + 5, 'L');
  const BlobId first = staged(large);
  EXPECT_EQ(offer(entryOf("k", 20, large), first)->outcome, OfferOutcome::Accepted);
  const BlobId older = staged(large);
  EXPECT_EQ(offer(entryOf("k", 10, large), older)->outcome, OfferOutcome::Newer);
  const auto stillThere = time_.run(executor_, store_->openStaged(older, kNever));
  EXPECT_TRUE(stillThere.ok());
  const BlobId same = staged(large);
  EXPECT_EQ(offer(entryOf("k", 20, large), same)->outcome, OfferOutcome::Accepted);
  const auto gone = time_.run(executor_, store_->openStaged(same, kNever));
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().kind, Kind::NotFound);
  EXPECT_EQ(medium_.published(), std::set<BlobId>{first});
  EXPECT_EQ(row("k")->blob, first);
}

TEST_F(StoreTest, APartOfASmallValueIsThatPart) {
  put("k", 10, "0123456789");
  const auto body = time_.run(executor_, store_->body(row("k"), 3, 4, kNever));
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(std::get<Bytes>(*body).view(), "3456");
}

TEST_F(StoreTest, AFullDiskTakesDeletesAndSomeRepairsAndKeepsWhatItHas) {
  ASSERT_EQ(put("a", 1, "old"), OfferOutcome::Accepted);
  disk_->setFull(true);
  const Offered refused = offer(entryOf("a", 2, "new"), Bytes(std::string("new")));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, Kind::NoSpace);
  EXPECT_EQ(value("a"), "old");
  EXPECT_TRUE(offer(entryOf("b", 2, "copy"), Bytes(std::string("copy")), From::Repair).ok());
  EXPECT_FALSE(offer(entryOf("c", 2, "copy"), Bytes(std::string("copy")), From::Fill).ok());
  EXPECT_EQ(del("a", 3), OfferOutcome::Accepted);
  disk_->setFull(false);
  EXPECT_EQ(put("a", 4, "new"), OfferOutcome::Accepted);
}

TEST_F(StoreTest, ADiskThatFailedIsOfferedNothingAndStillRead) {
  ASSERT_EQ(put("a", 1, "old"), OfferOutcome::Accepted);
  disk_->failNext(simulation::Fault::Write, Kind::Io);
  const Offered unknown = offer(entryOf("a", 2, "new"), Bytes(std::string("new")));
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().kind, Kind::Io);
  const Offered surelyNot = offer(entryOf("a", 3, "new"), Bytes(std::string("new")));
  ASSERT_FALSE(surelyNot.ok());
  EXPECT_EQ(surelyNot.error().kind, Kind::Unavailable);
  EXPECT_EQ(value("a"), "old");
}

TEST_F(StoreTest, ADamagedRowIsNotedAndWrittenAnewAndCountsOnce) {
  ASSERT_EQ(put("a", 1, "value"), OfferOutcome::Accepted);
  powerCut();
  ASSERT_TRUE(medium_.corruptRow(entryRowName("a")));
  EXPECT_FALSE(time_.run(executor_, store_->row("a", kNever)).ok());
  EXPECT_THAT(store_->damage().take(), ElementsAre("a"));
  EXPECT_FALSE(offer(entryOf("a", 2, "new"), Bytes(std::string("new"))).ok());  // nothing to compare with
  const Entry entry = entryOf("a", 1, "value");
  const auto mended =
      time_.run(executor_, store_->mend({"a", std::nullopt, entry, Bytes(std::string("value")), {}}, kNever));
  ASSERT_TRUE(mended.ok());
  EXPECT_TRUE(*mended);
  EXPECT_EQ(value("a"), "value");
  EXPECT_EQ(store_->totals().keys, 1U);
  const auto again =
      time_.run(executor_, store_->mend({"a", std::nullopt, entry, Bytes(std::string("value")), {}}, kNever));
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(*again);
  const auto digest = time_.run(executor_, store_->digest(partitionOf("a"), kNever));
  ASSERT_TRUE(digest.ok());
  EXPECT_EQ(*digest, digestOf(entry));
}

TEST_F(StoreTest, WhatTakesTheDamagedRowsPlaceIsCountedRightOnceItsPartitionIsAddedUp) {
  ASSERT_EQ(put("a", 1, "value"), OfferOutcome::Accepted);
  powerCut();
  ASSERT_TRUE(medium_.corruptRow(entryRowName("a")));
  const auto mended = time_.run(executor_, store_->mend({"a", std::nullopt, tombstoneOf("a", 2), Bytes(), {}}, kNever));
  ASSERT_TRUE(mended.ok() && *mended);
  ASSERT_TRUE(time_.run(executor_, store_->digest(partitionOf("a"), kNever)).ok());
  const Totals totals = store_->totals(partitionOf("a"));
  EXPECT_EQ(totals.tombstones, 1U) << "nobody would drop a tombstone that was counted as a value";
  EXPECT_EQ(totals.keys, 0U);
  EXPECT_EQ(totals.bytes, 0U);
}

TEST_F(StoreTest, ADamagedLargeValueIsNotedByWhoeverReadsItAndReplaced) {
  const std::string large(100'000, 'v');
  ASSERT_TRUE(offer(entryOf("a", 1, large), staged(large)).ok());
  const RowPtr before = row("a");
  ASSERT_TRUE(medium_.corruptBlob(before->blob, 7));
  auto body = time_.run(executor_, store_->body(before, 0, large.size(), kNever));
  ASSERT_TRUE(body.ok());
  EXPECT_FALSE(time_.run(executor_, collect(std::move(*body), large.size(), kNever)).ok());
  EXPECT_THAT(store_->damage().take(), ElementsAre("a"));
  const BlobId fresh = staged(large);
  const auto mended = time_.run(executor_, store_->mend({"a", before->entry, before->entry, fresh, {}}, kNever));
  ASSERT_TRUE(mended.ok());
  EXPECT_TRUE(*mended);
  EXPECT_EQ(row("a")->blob, fresh);
  EXPECT_FALSE(medium_.published().contains(before->blob));
  EXPECT_EQ(store_->totals().bytes, large.size());
}

TEST_F(StoreTest, WhatNobodyElseHoldsGoesWhenItIsDamaged) {
  ASSERT_EQ(put("a", 1, "value"), OfferOutcome::Accepted);
  powerCut();
  ASSERT_TRUE(medium_.corruptRow(entryRowName("a")));
  const auto mended = time_.run(executor_, store_->mend({"a", std::nullopt, std::nullopt, Bytes(), {}}, kNever));
  ASSERT_TRUE(mended.ok());
  EXPECT_TRUE(*mended);
  EXPECT_EQ(value("a"), "-");
  EXPECT_EQ(store_->totals().keys, 0U);
}

TEST_F(StoreTest, ARowIsWrittenOnceMoreAsItIs) {
  const std::string large(100'000, 'v');
  ASSERT_TRUE(offer(entryOf("a", 1, large), staged(large)).ok());
  const RowPtr before = row("a");
  ASSERT_TRUE(time_.run(executor_, store_->rewrite("a", kNever)).ok());
  powerCut();
  EXPECT_EQ(row("a")->blob, before->blob);
  EXPECT_TRUE(medium_.published().contains(before->blob));
  EXPECT_EQ(store_->totals().bytes, large.size());
}

}  // namespace
}  // namespace mydht::store
