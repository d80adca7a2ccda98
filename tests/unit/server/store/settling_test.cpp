// Proves the store's part in dropping tombstones (R12): marks are on the disk before anybody hears of them and never
// fall, the digest up to a time is that of what lies there up to it, and only tombstones up to the mark are dropped.
// How: a store on the simulated disk in virtual time, whose power can be cut.

#include <gtest/gtest.h>

#include "server/store/store.h"
#include "tests/unit/server/store/world.h"

namespace mydht::store {
namespace {

using namespace test;
using wire::From;
using wire::OfferOutcome;

class SettlingTest : public StoreWorld {
 protected:
  void raise(const Key& key, Version closed, Version settled) {
    std::map<PartitionId, Marks> marks{{partitionOf(key), {closed, settled}}};
    const Status raised = time_.run(executor_, store_->raise(std::move(marks)));
    ASSERT_TRUE(raised.ok()) << raised.error().text;
  }
  std::uint64_t digest(const Key& key, Version upTo) {
    const auto sum = time_.run(executor_, store_->digestUpTo(partitionOf(key), upTo, kNever));
    MYDHT_ASSERT(sum.ok());
    return *sum;
  }
  std::uint64_t reap(const Key& key) {
    const Version mark = store_->settled(partitionOf(key));
    const auto reaped = time_.run(executor_, store_->reap(partitionOf(key), mark, kNever));
    MYDHT_ASSERT(reaped.ok());
    return *reaped;
  }
};

TEST_F(SettlingTest, MarksOutliveAPowerCutAndNeverFall) {
  put("k", 10, "value");
  raise("k", at(100), at(50));
  raise("k", at(40), at(70));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(store_->closed(partitionOf("k")), at(100));
    EXPECT_EQ(store_->settled(partitionOf("k")), at(70));
    EXPECT_EQ(value("k"), "value");
    EXPECT_EQ(store_->totals().keys, 1U);
    powerCut();
  }
}

TEST_F(SettlingTest, MarksThatCouldNotBeSyncedAreAnError) {
  disk_->failNext(simulation::Fault::Write, Kind::Io);
  std::map<PartitionId, Marks> marks{{partitionOf("k"), {at(100), at(50)}}};
  const Status raised = time_.run(executor_, store_->raise(std::move(marks)));
  EXPECT_FALSE(raised.ok());
}

TEST_F(SettlingTest, OnlyTombstonesUpToTheMarkAreDropped) {
  put("k", 10, "value");
  del("k", 20);
  EXPECT_EQ(reap("k"), 0U) << "nothing is settled";
  raise("k", at(19), at(19));
  EXPECT_EQ(reap("k"), 0U) << "the tombstone is later";
  raise("k", at(20), at(20));
  EXPECT_EQ(reap("k"), 1U);
  EXPECT_EQ(row("k"), nullptr);
  EXPECT_EQ(store_->totals().tombstones, 0U);
  put("k", 30, "again");
  raise("k", at(30), at(30));
  EXPECT_EQ(reap("k"), 0U) << "a value is never dropped";
  powerCut();
  EXPECT_EQ(value("k"), "again");
}

TEST_F(SettlingTest, WhatWasDroppedIsNotTakenAgain) {
  put("k", 10, "value");
  del("k", 20);
  raise("k", at(25), at(25));
  EXPECT_EQ(reap("k"), 1U);
  powerCut();
  EXPECT_EQ(offer(entryOf("k", 10, "value"), Bytes(std::string("value")), From::Repair)->outcome,
            OfferOutcome::Settled);
  EXPECT_EQ(put("k", 15, "late"), OfferOutcome::Closed);
  EXPECT_EQ(value("k"), "-");
}

TEST_F(SettlingTest, TheDigestUpToATimeIsOfWhatLiesThereUpToItTombstonesThatMayGoLeftOut) {
  const std::uint64_t empty = digest("k", at(100));
  put("k", 10, "value");
  const std::uint64_t with = digest("k", at(100));
  EXPECT_NE(with, empty);
  EXPECT_EQ(digest("k", at(10)), with);
  EXPECT_EQ(digest("k", at(9)), empty) << "it is later";
  del("k", 20);
  const std::uint64_t deleted = digest("k", at(100));
  EXPECT_NE(deleted, with);
  EXPECT_NE(deleted, empty);
  raise("k", at(20), at(20));
  EXPECT_EQ(digest("k", at(100)), empty) << "who has dropped it and who has not are equal";
  reap("k");
  EXPECT_EQ(digest("k", at(100)), empty);
}

}  // namespace
}  // namespace mydht::store
