// Proves the listing's endpoint: its parameters, read strictly, the JSON that comes back, and pages that follow one
// another. What is listed from several nodes is tests/simulation's; here a ring of one answers over loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/http/percent.h"
#include "common/protocol/paths.h"
#include "common/protocol/shapes.h"
#include "tests/unit/server/api/world.h"

namespace mydht::api {
namespace {

using support::get;
using support::put;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::World;

std::vector<Key> keysOf(const protocol::Listing& listing) {
  std::vector<Key> keys;
  for (const protocol::ListedKey& listed : listing.keys) keys.push_back(listed.key);
  return keys;
}

class KeysTest : public ::testing::Test {
 protected:
  protocol::Listing list(const std::string& query) {
    const auto answer = get(world_.port(), std::string(protocol::kKeysPath) + query);
    EXPECT_EQ(answer.status, 200) << query << " " << answer.body;
    const auto listing = protocol::listingFromJson(answer.body);
    EXPECT_TRUE(listing) << answer.body;
    return listing ? *listing : protocol::Listing();
  }
  void store(const Key& key) { put(world_.port(), protocol::urlOf(key), "value"); }

  World world_;
};

TEST_F(KeysTest, AKeyComesWithWhatIsKnownOfItsValue) {
  store("a b");
  const protocol::Listing listing = list("");
  ASSERT_EQ(listing.keys.size(), 1U);
  const protocol::ListedKey& listed = listing.keys.front();
  EXPECT_EQ(listed.key, "a b");
  EXPECT_EQ(listed.size, 5U);
  EXPECT_EQ(listed.sha256, "cd42404d52ad55ccfa9aca4adc828aa5800ad9d385a0671fbcbf724118320619");
  EXPECT_EQ(listed.contentType, "application/octet-stream");
  const auto has = protocol::hasKeyFromJson(get(world_.port(), "/_mydht/haskey?key=a%20b").body);
  ASSERT_TRUE(has);
  EXPECT_EQ(listed.modifiedMicros, has->timestampMicros);
}

TEST_F(KeysTest, PagesFollowOneAnotherByWhatNextSays) {
  for (const char* key : {"b", "a/2", "a/1", "c", "\xff", "a b"}) store(key);
  std::vector<Key> all;
  std::string query = "?limit=2";
  for (int page = 0; page < 3; ++page) {
    const protocol::Listing listing = list(query);
    for (const Key& key : keysOf(listing)) all.push_back(key);
    EXPECT_EQ(listing.next.has_value(), page < 2);
    query = "?limit=2&after=" + http::encodePath(listing.next.value_or(""));
  }
  EXPECT_THAT(all, ElementsAre("a b", "a/1", "a/2", "b", "c", "\xff"));
}

TEST_F(KeysTest, KeysAreRolledUpAndThePagesOfPrefixesFollowOneAnotherToo) {
  for (const char* key : {"a/1", "a/2", "b/1", "b/2", "c"}) store(key);
  const protocol::Listing first = list("?delimiter=/&limit=2");
  EXPECT_THAT(first.prefixes, ElementsAre("a/", "b/"));
  EXPECT_THAT(keysOf(first), IsEmpty());
  ASSERT_TRUE(first.next);
  const protocol::Listing second = list("?delimiter=%2F&limit=2&after=" + http::encodePath(*first.next));
  EXPECT_THAT(second.prefixes, IsEmpty());
  EXPECT_THAT(keysOf(second), ElementsAre("c"));
  EXPECT_FALSE(second.next);
  EXPECT_THAT(keysOf(list("?prefix=b/&delimiter=/")), ElementsAre("b/1", "b/2"));
  EXPECT_THAT(keysOf(list("?where=node&prefix=a/")), ElementsAre("a/1", "a/2"));
}

TEST_F(KeysTest, WhatMakesNoSenseIsRefused) {
  for (const char* query : {"?limit=0", "?limit=1001", "?limit=-1", "?limit=1x", "?limit=", "?prefix=%", "?where=here",
                            "?prefix=a&prefix=b", "?consistency=some"}) {
    EXPECT_EQ(get(world_.port(), std::string(protocol::kKeysPath) + query).status, 400) << query;
  }
  EXPECT_EQ(get(world_.port(), "/_mydht/keys?after=" + std::string(limits::kKeyBytes + 1, 'a')).status, 400);
}

}  // namespace
}  // namespace mydht::api
