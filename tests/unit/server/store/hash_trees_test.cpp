// Proves the hash trees and drop(): a partition's digest is the sum of what is synced there, whatever the order of
// writes, deletes, drops and power cuts, and says so after a restart; leaves add up to it; what waits for its sync is
// not in it; an entry is dropped only if it is exactly the one that was named. How: a store on the simulated disk,
// whose digests are compared with what its rows add up to.

#include "server/store/hash_trees.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

#include "common/hash/position.h"
#include "server/task/gate.h"
#include "tests/unit/server/store/world.h"

namespace mydht::store {
namespace {

using namespace test;
using wire::OfferOutcome;

TEST(HashTrees, PartsOfWholePartitionsHalveWithEachBit) {
  EXPECT_EQ(partitionsOf(0, 0).count, limits::kPartitions);
  EXPECT_EQ(partitionsOf(1, 1).first, limits::kPartitions / 2);
  EXPECT_EQ(partitionsOf(limits::kPartitionBits, 0x1234).first, 0x1234U);
  EXPECT_EQ(partitionsOf(limits::kPartitionBits, 0x1234).count, 1U);
}

RC_GTEST_PROP(HashTrees, ALeafIsThePositionsBitsBehindThePartitions, (const std::string& key)) {
  const unsigned bits = *rc::gen::inRange(0U, wire::kMostLeafBits + 1);
  const std::uint64_t deep = positionOf(key) >> (64 - limits::kPartitionBits - bits);
  RC_ASSERT(deep == ((std::uint64_t{partitionOf(key)} << bits) | leafOf(key, bits)));
}

TEST(HashTrees, EntriesThatDifferInAnythingHaveOtherDigests) {
  const Entry entry = entryOf("k", 10, "value");
  std::vector<Entry> others(6, entry);
  others[0].key = "l";
  others[1].version = at(10, 2);
  others[2].sha256 = sha256Of("other");
  others[3].contentType = "text/html";
  others[4].tombstone = true;
  others[5].size = 6;
  for (const Entry& other : others) EXPECT_NE(digestOf(entry), digestOf(other));
  EXPECT_EQ(digestOf(entry), digestOf(Entry(entry)));
}

TEST(HashTrees, ASumFollowsItsWritesAndShowsThemWhenTheyAreSynced) {
  HashTrees trees;
  EXPECT_EQ(trees.begin(7, 100), 100U);
  EXPECT_EQ(trees.begin(7, 20), 120U) << "the row says what goes with it";
  EXPECT_EQ(trees.digest(7), 0U) << "nothing is synced";
  trees.synced(7, 20);
  EXPECT_EQ(trees.digest(7), 20U);
  trees.synced(7, 100);
  EXPECT_EQ(trees.digest(7), 120U);
}

TEST(HashTrees, AScanCountsOnlyIfNothingWasWrittenMeanwhile) {
  HashTrees trees;
  trees.load(7, std::nullopt);
  EXPECT_FALSE(trees.digest(7).has_value());
  EXPECT_EQ(trees.begin(7, 5), std::nullopt);
  EXPECT_FALSE(trees.beforeScan(7).has_value()) << "a write is under way";
  trees.synced(7, 5);
  const auto before = trees.beforeScan(7);
  ASSERT_TRUE(before.has_value());
  trees.begin(7, 6);
  EXPECT_FALSE(trees.settle(7, *before, 50));
  trees.synced(7, 6);
  EXPECT_FALSE(trees.settle(7, *before, 50)) << "it may have been read before or after";
  EXPECT_TRUE(trees.settle(7, *trees.beforeScan(7), 50));
  EXPECT_EQ(trees.digest(7), 50U);
  EXPECT_EQ(trees.begin(7, 1), 51U);
}

TEST(HashTrees, AWriteThatMayBeLostMakesTheSumUnknown) {
  HashTrees trees;
  trees.begin(7, 5);
  trees.lost(7);
  EXPECT_FALSE(trees.digest(7).has_value());
}

class DigestTest : public StoreWorld {
 protected:
  std::uint64_t digest(PartitionId partition) {
    const auto sum = time_.run(executor_, store_->digest(partition, kNever));
    MYDHT_ASSERT(sum.ok());
    return *sum;
  }
  /// What the rows on the disk add up to.
  std::uint64_t onDisk(PartitionId partition) {
    std::uint64_t sum = 0;
    for (const auto& [name, content] : medium_.rows()) {
      if (name.front() != 'e') continue;
      const auto row = decodeEntryRow(name, content.view());
      if (partitionOf((*row)->entry.key) == partition) sum += digestOf((*row)->entry);
    }
    return sum;
  }
  bool drop(const Entry& entry, bool may = true) {
    const auto dropped = time_.run(executor_, store_->drop(
                                                  entry, [may] { return may; }, kNever));
    MYDHT_ASSERT(dropped.ok());
    return *dropped;
  }
  Task<> offerSome(Entry entry, Bytes bytes) {
    auto answer = co_await store_->offer(std::move(entry), std::move(bytes), wire::From::Client, {}, kNever);
    (void)answer;
  }
  Task<> dropSome(Entry entry) {
    auto dropped = co_await store_->drop(
        std::move(entry), [] { return true; }, kNever);
    (void)dropped;
  }
  /// Keys of one partition, as many as are asked for.
  static std::vector<Key> neighbours(std::size_t count) {
    std::vector<Key> keys{"key"};
    for (int i = 0; keys.size() < count; ++i) {
      Key key = std::to_string(i);
      if (partitionOf(key) == partitionOf("key")) keys.push_back(std::move(key));
    }
    return keys;
  }

  Gate gate_{executor_};
};

TEST_F(DigestTest, IsTheSumOfWhatIsOnTheDiskAfterAnyWritesDropsAndPowerCuts) {
  const std::vector<Key> keys = neighbours(3);
  const PartitionId partition = partitionOf(keys.front());
  const auto holds = rc::check("the digest is the sum", [&] {
    for (int steps = *rc::gen::inRange(1, 12); steps > 0; --steps) {
      const Key& key = *rc::gen::elementOf(keys);
      const auto micros = *rc::gen::inRange<std::int64_t>(1, 9);
      switch (*rc::gen::inRange(0, 6)) {
        case 0:
          gate_.spawn(offerSome(tombstoneOf(key, micros), Bytes()));
          break;
        case 1:
          if (const RowPtr held = row(key)) gate_.spawn(dropSome(held->entry));
          break;
        case 2:
          if (*rc::gen::inRange(0, 4) == 0) powerCut();
          break;
        case 3:
          store_->forgetDigest(partition);
          break;
        default:
          gate_.spawn(offerSome(entryOf(key, micros, std::to_string(micros)), Bytes(std::to_string(micros))));
      }
      for (int waits = *rc::gen::inRange(0, 6); waits > 0; --waits) time_.step();
    }
    time_.runUntilIdle();
    RC_ASSERT(digest(partition) == onDisk(partition));
    powerCut();
    RC_ASSERT(digest(partition) == onDisk(partition));
  });
  EXPECT_TRUE(holds);
}

TEST_F(DigestTest, ShowsNothingThatWaitsForItsSync) {
  const PartitionId partition = partitionOf("k");
  gate_.spawn(offerSome(entryOf("k", 10, "value"), Bytes(std::string("value"))));
  while (disk_->unsyncedBatches() == 0) ASSERT_TRUE(time_.step());
  EXPECT_EQ(digest(partition), 0U);
  time_.runUntilIdle();
  EXPECT_EQ(digest(partition), digestOf(entryOf("k", 10, "value")));
}

TEST_F(DigestTest, IsAddedUpWhereARowOfTheOlderFormatDoesNotSayIt) {
  EXPECT_EQ(put("k", 10, "value"), OfferOutcome::Accepted);
  setMarks("k", {}, {});  // writes a partition's row of format 1
  EXPECT_EQ(digest(partitionOf("k")), digestOf(entryOf("k", 10, "value")));
  EXPECT_EQ(put("k", 20, "next"), OfferOutcome::Accepted);
  powerCut();
  const auto row = decodePartitionRow(medium_.row(partitionRowName(partitionOf("k")))->view());
  EXPECT_EQ(row->digest, digestOf(entryOf("k", 20, "next"))) << "and is written from then on";
}

TEST_F(DigestTest, LeavesOutTombstonesThatAreSettled) {
  EXPECT_EQ(del("k", 10), OfferOutcome::Accepted);
  EXPECT_NE(digest(partitionOf("k")), 0U);
  setMarks("k", at(10), at(10));
  EXPECT_EQ(digest(partitionOf("k")), 0U);
}

TEST_F(DigestTest, TheLeavesAddUpToThePartition) {
  const std::vector<Key> keys = neighbours(6);
  for (const Key& key : keys) EXPECT_EQ(put(key, 10, "of " + key), OfferOutcome::Accepted);
  const PartitionId partition = partitionOf(keys.front());
  for (const unsigned bits : {0U, 1U, 5U, wire::kMostLeafBits}) {
    const auto leaves = time_.run(executor_, store_->leaves(partition, bits, kNever));
    ASSERT_TRUE(leaves.ok());
    ASSERT_EQ(leaves->size(), std::size_t{1} << bits);
    EXPECT_EQ(std::accumulate(leaves->begin(), leaves->end(), std::uint64_t{0}), digest(partition));
    for (const Key& key : keys) EXPECT_NE((*leaves)[leafOf(key, bits)], 0U);
  }
}

TEST_F(DigestTest, ADroppedEntryIsGoneFromRowsListsCountsAndCache) {
  const Entry entry = entryOf("k", 10, "value");
  EXPECT_EQ(put("k", 10, "value"), OfferOutcome::Accepted);
  EXPECT_TRUE(drop(entry));
  EXPECT_EQ(row("k"), nullptr);
  EXPECT_EQ(medium_.row(entryRowName("k")), nullptr);
  EXPECT_EQ(medium_.row(listRowName("k")), nullptr);
  EXPECT_EQ(store_->totals().keys, 0U);
  EXPECT_EQ(store_->totals().bytes, 0U);
  EXPECT_FALSE(drop(entry)) << "twice";
  EXPECT_EQ(put("k", 10, "value"), OfferOutcome::Accepted) << "it may come back, as a copy";
  EXPECT_EQ(value("k"), "value");
}

TEST_F(DigestTest, OnlyTheNamedVersionIsDroppedAndOnlyWhileItMay) {
  EXPECT_EQ(put("k", 20, "newer"), OfferOutcome::Accepted);
  EXPECT_FALSE(drop(entryOf("k", 10, "older")));
  EXPECT_FALSE(drop(entryOf("k", 20, "newer"), false));
  EXPECT_EQ(value("k"), "newer");
}

TEST_F(DigestTest, WhatWaitsForItsSyncIsNotDropped) {
  gate_.spawn(offerSome(entryOf("k", 10, "value"), Bytes(std::string("value"))));
  while (disk_->unsyncedBatches() == 0) ASSERT_TRUE(time_.step());
  EXPECT_FALSE(drop(entryOf("k", 10, "value")));
  time_.runUntilIdle();
  EXPECT_EQ(value("k"), "value");
}

TEST_F(DigestTest, WhatIsOfferedWhileItsForerunnerGoesStays) {
  EXPECT_EQ(put("k", 10, "value"), OfferOutcome::Accepted);
  gate_.spawn(dropSome(entryOf("k", 10, "value")));
  while (disk_->unsyncedBatches() == 0) ASSERT_TRUE(time_.step());
  EXPECT_EQ(put("k", 10, "value"), OfferOutcome::Accepted) << "the same again: a copy that a fill brought";
  EXPECT_EQ(value("k"), "value");
  powerCut();
  EXPECT_EQ(value("k"), "value");
  EXPECT_EQ(store_->totals().keys, 1U);
}

TEST_F(DigestTest, ALargeValueGoesWithItsEntry) {
  const std::string large(limits::kInlineBytes + 1, 'l');
  const BlobId blob = staged(large);
  ASSERT_TRUE(offer(entryOf("k", 10, large), blob).ok());
  ASSERT_TRUE(medium_.blob(blob).has_value());
  EXPECT_TRUE(drop(entryOf("k", 10, large)));
  EXPECT_FALSE(medium_.blob(blob).has_value());
}

}  // namespace
}  // namespace mydht::store
