// Proves that the small-value cache never shows an older row after a newer one was written, whoever comes back from the
// disk late, and that it stays within its bytes, dropping what was used least recently.

#include "server/store/value_cache.h"

#include <gtest/gtest.h>

#include "tests/unit/server/store/world.h"

namespace mydht::store {
namespace {

using namespace test;

RowPtr rowOf(const Key& key, std::int64_t micros, const std::string& value) {
  auto row = std::make_shared<Row>();
  row->entry = entryOf(key, micros, value);
  row->value = Bytes(value);
  return row;
}

TEST(ValueCache, AWrittenRowIsFound) {
  ValueCache cache(1 << 20);
  EXPECT_EQ(cache.find("k"), nullptr);
  const RowPtr row = rowOf("k", 10, "value");
  cache.putWritten(row);
  EXPECT_EQ(cache.find("k"), row);
  EXPECT_EQ(cache.find("other"), nullptr);
}

TEST(ValueCache, AReadersRowGetsInIfNothingWasWrittenMeanwhile) {
  ValueCache cache(1 << 20);
  const RowPtr row = rowOf("k", 10, "value");
  cache.putRead(row, cache.ticket("k"));
  EXPECT_EQ(cache.find("k"), row);
}

TEST(ValueCache, AReadersStaleRowDoesNotGetInAfterAWrite) {
  ValueCache cache(1 << 20);
  const ValueCache::Ticket ticket = cache.ticket("k");
  const RowPtr written = rowOf("k", 20, "new");
  cache.putWritten(written);
  cache.putRead(rowOf("k", 10, "old"), ticket);
  EXPECT_EQ(cache.find("k"), written);
}

TEST(ValueCache, AReadersStaleRowDoesNotTakeThePlaceOfANewerReadersRow) {
  ValueCache cache(1 << 20);
  const ValueCache::Ticket first = cache.ticket("k");
  const RowPtr newer = rowOf("k", 20, "new");
  cache.putRead(newer, cache.ticket("k"));  // synced, and read from the disk before its writer has said so here
  cache.putRead(rowOf("k", 10, "old"), first);
  EXPECT_EQ(cache.find("k"), newer);
}

TEST(ValueCache, AReadersStaleRowDoesNotGetInAfterTheWrittenOneWasDroppedForRoom) {
  ValueCache cache(16 * 1000);
  const ValueCache::Ticket ticket = cache.ticket("k");
  cache.putWritten(rowOf("k", 20, std::string(5000, 'n')));
  ASSERT_EQ(cache.find("k"), nullptr) << "too large for its shard";
  cache.putRead(rowOf("k", 10, "old"), ticket);
  EXPECT_EQ(cache.find("k"), nullptr);
}

TEST(ValueCache, AnOlderWriteThatComesLateIsLeftOut) {
  ValueCache cache(1 << 20);
  const RowPtr newer = rowOf("k", 20, "new");
  cache.putWritten(newer);
  cache.putWritten(rowOf("k", 10, "old"));
  EXPECT_EQ(cache.find("k"), newer);
}

TEST(ValueCache, ItStaysWithinItsBytesAndKeepsWhatWasUsedLast) {
  constexpr std::size_t kMost = 16 * 10'000;
  constexpr std::size_t kValue = 1000;
  ValueCache cache(kMost);
  cache.putWritten(rowOf("favourite", 10, std::string(kValue, 'v')));
  for (int i = 0; i < 2000; ++i) {
    cache.putWritten(rowOf("key" + std::to_string(i), 10, std::string(kValue, 'v')));
    ASSERT_NE(cache.find("favourite"), nullptr) << "after " << i << " others, used in between";
  }
  std::size_t kept = 0;
  for (int i = 0; i < 2000; ++i) kept += cache.find("key" + std::to_string(i)) ? 1 : 0;
  EXPECT_GT(kept, 0U);
  EXPECT_LE(kept * kValue, kMost);
}

TEST(ValueCache, AReplacedRowIsCountedOnce) {
  ValueCache cache(16 * 10'000);
  cache.putWritten(rowOf("kept", 10, "x"));
  for (int i = 0; i < 1000; ++i) cache.putWritten(rowOf("k", 10 + i, std::string(1000, 'v')));
  EXPECT_NE(cache.find("k"), nullptr);
  EXPECT_NE(cache.find("kept"), nullptr) << "replacing takes no room";
}

}  // namespace
}  // namespace mydht::store
