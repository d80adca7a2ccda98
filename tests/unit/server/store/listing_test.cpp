// Proves that a node's listing is what sorting all its keys and rolling them up by hand would give, whatever the page's
// size, the prefix, the delimiter and where it begins; that it says of each key what was stored, tombstones too; and
// that rows from before they had a content are listed as well. How: a store on a simulated disk, and random keys of
// few different bytes, so that they share beginnings, beside a naive model.
#include "server/store/listing.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "server/store/key_order.h"
#include "tests/unit/server/store/world.h"

namespace mydht::store {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ListingTest : public StoreWorld {
 protected:
  ListPage page(ListOrder order) {
    auto listed = time_.run(executor_, store_->list(std::move(order), kNever));
    MYDHT_ASSERT(listed.ok());
    return std::move(*listed);
  }
  /// All pages of so many items each, as one.
  ListPage all(const std::string& prefix, const Key& from, const std::string& delimiter, std::size_t most) {
    ListPage whole;
    ListOrder order{prefix, from, delimiter, most, 1'000'000};
    do {
      ListPage next = page(order);
      MYDHT_ASSERT(next.entries.size() + next.prefixes.size() <= most);
      for (Entry& entry : next.entries) whole.entries.push_back(std::move(entry));
      for (Key& rolled : next.prefixes) whole.prefixes.push_back(std::move(rolled));
      MYDHT_ASSERT(next.next.empty() || next.next > order.from);
      order.from = next.next;
    } while (!order.from.empty());
    return whole;
  }
  void startEmpty() {
    disk_->crash();
    time_.runUntilIdle();
    store_.reset();
    commits_.reset();
    disk_.reset();
    medium_.empty();
    start();
  }
  static std::vector<Key> keysOf(const ListPage& page) {
    std::vector<Key> keys;
    for (const Entry& entry : page.entries) keys.push_back(entry.key);
    return keys;
  }
};

TEST_F(ListingTest, EachKeyComesWithWhatWasStoredOfIt) {
  put("b", 20, "value");
  put("a", 10, "x");
  del("a", 30);
  const ListPage listed = all("", "", "", 10);
  EXPECT_THAT(listed.entries, ElementsAre(tombstoneOf("a", 30), entryOf("b", 20, "value")));
}

TEST_F(ListingTest, KeysAreRolledUpBehindThePrefixAndTheirTombstonesAreNot) {
  for (const char* key : {"p/a/1", "p/a/2", "p/b", "p/c/", "p/d/gone", "q"}) put(key, 10, "x");
  del("p/d/gone", 20);
  for (const std::size_t most : {1U, 2U, 10U}) {
    const ListPage listed = all("p/", "", "/", most);
    EXPECT_THAT(keysOf(listed), ElementsAre("p/b")) << most;
    EXPECT_THAT(listed.prefixes, ElementsAre("p/a/", "p/c/")) << most;
    EXPECT_THAT(all("", "", "/", most).prefixes, ElementsAre("p/")) << most;
  }
}

TEST_F(ListingTest, OnlyTheKeysOfTheGivenPartitionsAreListed) {
  for (const char* key : {"a", "b", "c"}) put(key, 10, "x");
  auto only = std::make_shared<PartitionSet>();
  only->set(partitionOf("b"));
  ASSERT_NE(partitionOf("a"), partitionOf("b"));
  ASSERT_NE(partitionOf("c"), partitionOf("b"));
  EXPECT_THAT(keysOf(page({"", "", "", 10, 1000, only})), ElementsAre("b"));
}

TEST_F(ListingTest, APageOfLongKeysEndsBeforeItIsFull) {
  for (char c = 'a'; c <= 'z'; ++c) put(std::string(1000, c), 10, "x");
  const ListPage first = page({"", "", "", 100, 3000});
  EXPECT_LT(first.entries.size(), 5U);
  EXPECT_GE(first.entries.size(), 3U);
  EXPECT_EQ(first.next.front(), static_cast<char>('a' + first.entries.size()));
}

TEST_F(ListingTest, RowsFromBeforeTheyHadAContentAreListedToo) {
  put("a", 10, "old");
  Batch batch;
  batch.rows.emplace_back(listRowName("a"), Bytes());
  batch.rows.emplace_back(listRowName("never"), Bytes());
  ASSERT_TRUE(time_.run(executor_, commits_->commit(std::move(batch))).ok());
  EXPECT_THAT(all("", "", "", 10).entries, ElementsAre(entryOf("a", 10, "old")));
}

TEST_F(ListingTest, ADamagedRowIsCorruptAndNotLeftOut) {
  put("a", 10, "x");
  Batch batch;
  batch.rows.emplace_back(listRowName("a"), Bytes(std::string("\1\0x", 3)));
  ASSERT_TRUE(time_.run(executor_, commits_->commit(std::move(batch))).ok());
  const auto listed = time_.run(executor_, store_->list({"", "", "", 10, 1000}, kNever));
  ASSERT_FALSE(listed.ok());
  EXPECT_EQ(listed.error().kind, Kind::Corrupt);
}

TEST_F(ListingTest, IsThatOfANaiveModel) {
  const auto anyText = [](int most) {
    return *rc::gen::resize(most, rc::gen::container<std::string>(rc::gen::element('a', '/', '\0', '\xff')));
  };
  const bool held = rc::check("any keys, any prefix, delimiter, start and size of a page", [&] {
    startEmpty();
    std::map<Key, bool> live;
    const int keys = *rc::gen::inRange(0, 30);
    for (int i = 0; i < keys; ++i) {
      const Key key = anyText(5) + *rc::gen::element<std::string>("a", "/", "\xff");
      const bool dead = *rc::gen::inRange(0, 4) == 0;
      if (dead) del(key, 100 + i);
      if (!dead) put(key, 100 + i, "x");
      live[key] = !dead;
    }
    const std::string prefix = anyText(2);
    const std::string delimiter = *rc::gen::element<std::string>("", "/", "a/", "\xff");
    const Key from = anyText(3);
    std::vector<Key> entries;
    std::set<Key> prefixes;
    for (const auto& [key, alive] : live) {
      if (!key.starts_with(prefix) || key < from) continue;
      const std::size_t at = delimiter.empty() ? Key::npos : key.find(delimiter, prefix.size());
      if (at == Key::npos) entries.push_back(key);
      if (at != Key::npos && alive) prefixes.insert(key.substr(0, at + delimiter.size()));
    }
    const ListPage listed = all(prefix, from, delimiter, *rc::gen::inRange<std::size_t>(1, 12));
    RC_ASSERT(keysOf(listed) == entries);
    RC_ASSERT(listed.prefixes == std::vector<Key>(prefixes.begin(), prefixes.end()));
  });
  EXPECT_TRUE(held);
}

TEST(KeyOrder, BeyondAPrefixIsTheLeastKeyAboveAllThatBeginWithIt) {
  EXPECT_EQ(beyondPrefix("a"), "b");
  EXPECT_EQ(beyondPrefix("a\xff\xff"), "b");
  EXPECT_EQ(beyondPrefix("\xff"), std::nullopt);
  EXPECT_EQ(beyondPrefix(""), std::nullopt);
}

TEST(KeyOrder, AListingGoesOnBehindAKeyOrBehindAllThatWasRolledUp) {
  EXPECT_EQ(keyBehind("", "", "/"), "");
  EXPECT_EQ(keyBehind("a", "", "/"), std::string("a\0", 2));
  EXPECT_EQ(keyBehind("a/", "", "/"), "a0");
  EXPECT_EQ(keyBehind("a/", "a/", "/"), std::string("a/\0", 3)) << "the delimiter is the prefix's own";
  EXPECT_EQ(keyBehind("a/b", "", "/"), std::string("a/b\0", 4)) << "what it is rolled up into was not listed yet";
  EXPECT_EQ(keyBehind("\xff/", "", "/"),
            "\xff"
            "0");
  EXPECT_EQ(keyBehind("\xff", "", "\xff"), std::nullopt);
}

}  // namespace
}  // namespace mydht::store
