// Proves that the merge rule of two entries is a total order, so that taking the greater one is commutative,
// associative and idempotent: the axioms as properties over few different values, each step of the order by an example.

#include "common/version/entry.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace mydht {
namespace {

Version drawVersion() {
  return {*rc::gen::inRange<std::int64_t>(0, 3), *rc::gen::inRange(0U, 3U), *rc::gen::inRange<NodeId>(1, 3),
          *rc::gen::inRange(0U, 2U)};
}

Entry drawEntry() {
  Entry entry;
  entry.key = "k";
  entry.version = drawVersion();
  entry.sha256[31] = *rc::gen::inRange<std::uint8_t>(0, 3);
  entry.contentType = *rc::gen::element<std::string>("", "a", "b");
  entry.tombstone = *rc::gen::arbitrary<bool>();
  return entry;
}

const Entry& winner(const Entry& a, const Entry& b) {
  return supersedes(b, a) ? b : a;
}

RC_GTEST_PROP(CompareEntries, IsATotalOrder, ()) {
  const Entry a = drawEntry();
  const Entry b = drawEntry();
  const Entry c = drawEntry();
  RC_ASSERT((compareEntries(a, b) < 0) == (compareEntries(b, a) > 0));
  RC_ASSERT((compareEntries(a, b) == 0) == (a == b));
  if (compareEntries(a, b) <= 0 && compareEntries(b, c) <= 0) RC_ASSERT(!(compareEntries(a, c) > 0));
}

RC_GTEST_PROP(Supersedes, MakesTakingTheWinnerAJoin, ()) {
  const Entry a = drawEntry();
  const Entry b = drawEntry();
  const Entry c = drawEntry();
  RC_ASSERT(winner(a, b) == winner(b, a));
  RC_ASSERT(winner(winner(a, b), c) == winner(a, winner(b, c)));
  RC_ASSERT(winner(a, a) == a);
}

Entry entryAt(const Version& version) {
  Entry entry;
  entry.key = "k";
  entry.version = version;
  return entry;
}

TEST(Supersedes, TheLaterVersionWinsWhateverItHolds) {
  Entry older = entryAt({5, 0, 1, 1});
  older.tombstone = true;
  older.sha256.fill(0xff);
  EXPECT_TRUE(supersedes(entryAt({5, 1, 1, 1}), older));
  EXPECT_FALSE(supersedes(older, entryAt({5, 1, 1, 1})));
}

TEST(Supersedes, TimeCountsBeforeCounterNodeAndBoot) {
  EXPECT_TRUE(supersedes(entryAt({6, 0, 1, 1}), entryAt({5, 9, 9, 9})));
  EXPECT_TRUE(supersedes(entryAt({5, 1, 1, 1}), entryAt({5, 0, 9, 9})));
  EXPECT_TRUE(supersedes(entryAt({5, 0, 2, 1}), entryAt({5, 0, 1, 9})));
  EXPECT_TRUE(supersedes(entryAt({5, 0, 1, 2}), entryAt({5, 0, 1, 1})));
}

TEST(Supersedes, OfEqualVersionsTheTombstoneWinsThenTheGreaterDigestThenTheContentType) {
  const Entry value = entryAt({5, 0, 1, 1});
  Entry tombstone = value;
  tombstone.tombstone = true;
  Entry greater = value;
  greater.sha256[0] = 1;
  Entry typed = value;
  typed.contentType = "text/plain";
  EXPECT_TRUE(supersedes(tombstone, greater));
  EXPECT_TRUE(supersedes(greater, typed));
  EXPECT_TRUE(supersedes(typed, value));
}

TEST(Supersedes, NothingSupersedesItself) {
  EXPECT_FALSE(supersedes(entryAt({5, 0, 1, 1}), entryAt({5, 0, 1, 1})));
}

TEST(Version, TheZeroVersionIsOlderThanEveryRealOne) {
  EXPECT_LT(Version{}, (Version{0, 0, 1, 0}));
}

}  // namespace
}  // namespace mydht
