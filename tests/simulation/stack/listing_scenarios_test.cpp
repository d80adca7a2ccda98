// Proves what a listing of the ring holds, on the whole stack: every key that was acknowledged, from any node, whatever
// the pages' size, also while one node is dead, silent or still fills and although another one missed a delete; and a
// refusal that names who is missing where that cannot be had. Beside it: the cover and the merge as pure functions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "server/store/key_order.h"
#include "tests/simulation/stack/scenario.h"

namespace mydht::simulation {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Type = wire::MessageType;
constexpr unsigned kAny = Scenario::kAny;

using Page = Result<cluster::Listed>;

Task<> ask(SimNode& node, cluster::ListRequest request, std::optional<Page>& page) {
  auto listed = co_await node.node().lister(0).list(std::move(request), node.executor().now() + 5s);
  page.emplace(std::move(listed));
}

class ListingScenario : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_TRUE(s.broken().empty()) << testing::PrintToString(s.broken());
    EXPECT_TRUE(s.stuck().empty()) << testing::PrintToString(s.stuck());
  }
  Page page(unsigned through, cluster::ListRequest request) {
    std::optional<Page> page;
    s.node(through).spawn(ask(s.node(through), std::move(request), page));
    s.await([&] { return page.has_value(); }, "a page of a listing");
    return page ? std::move(*page) : Page(Error{Kind::Unavailable, "no answer"});
  }
  /// All keys, page by page; what went wrong as the only key.
  std::vector<Key> all(unsigned through, std::size_t limit) {
    std::vector<Key> keys;
    cluster::ListRequest request;
    request.limit = limit;
    while (true) {
      const Page listed = page(through, request);
      if (!listed) return {listed.error().text};
      for (const Entry& entry : listed->entries) keys.push_back(entry.key);
      if (!listed->next) return keys;
      request.after = *listed->next;
    }
  }
  std::vector<Key> putAll(unsigned through) {
    std::vector<Key> keys = Scenario::keys();
    for (const Key& key : keys) EXPECT_TRUE(s.done(s.put(through, key)));
    std::sort(keys.begin(), keys.end());
    return keys;
  }
  void del(unsigned through, const std::string& key) {
    const auto operation = s.workload.del(s.node(through), key);
    s.finish(operation);
    EXPECT_TRUE(s.done(operation));
  }

  Scenario s;
};

TEST_F(ListingScenario, EveryKeyIsListedThroughEveryNodeWhateverThePagesSize) {
  s.ring.startAll(5);
  const std::vector<Key> keys = putAll(0);
  for (unsigned through = 0; through < 5; ++through) {
    for (const std::size_t limit : {1U, 3U, 7U, 1000U}) EXPECT_EQ(all(through, limit), keys) << through << " " << limit;
  }
}

TEST_F(ListingScenario, WithANodeDeadOrSilentEveryKeyIsListedWithinASecond) {
  s.ring.startAll(5);
  const std::vector<Key> keys = putAll(0);
  s.node(4).kill();
  const Time begin = s.node(0).executor().now();
  EXPECT_EQ(all(0, 1000), keys);
  EXPECT_LT(s.node(0).executor().now() - begin, 1s);
  s.run(20s);
  s.start(4);
  s.awaitQuiet();
  s.node(3).executor().pause();
  const Time again = s.node(0).executor().now();
  EXPECT_EQ(all(0, 1000), keys);
  EXPECT_LT(s.node(0).executor().now() - again, 1s);
  s.node(3).executor().resume();
}

TEST_F(ListingScenario, AKeyThatOneNodeMissedIsListedThroughItAndAMissedDeleteStaysHidden) {
  s.ring.startAll(3);
  EXPECT_TRUE(s.done(s.put(0, "k1")));
  EXPECT_TRUE(s.done(s.put(0, "k2")));
  s.run(1s);
  s.drop(Type::Offer, 0, 2);
  s.drop(Type::Repair, kAny, kAny);
  EXPECT_TRUE(s.done(s.put(0, "k3")));
  del(0, "k1");
  for (unsigned through = 0; through < 3; ++through) {
    EXPECT_THAT(all(through, 1000), ElementsAre("k2", "k3")) << "through node " << through;
  }
}

TEST_F(ListingScenario, WhileANewNodeFillsTheOthersAreAskedInItsStead) {
  s.ring.startAll(3);
  const std::vector<Key> keys = putAll(0);
  s.hold(Type::FillPage, kAny, kAny);
  s.join(0);
  s.await([&] { return s.node(3).up() && s.changing(0); }, "the joiner is a member");
  for (unsigned through = 0; through < 4; ++through) EXPECT_EQ(all(through, 9), keys) << "through node " << through;
  s.forgetRules();
  s.letGo();
  s.awaitQuiet();
  EXPECT_EQ(all(3, 9), keys);
}

TEST_F(ListingScenario, WhereTooFewAreLeftTheRefusalNamesThem) {
  s.ring.startAll(3);
  putAll(0);
  s.node(1).kill();
  s.node(2).kill();
  cluster::ListRequest request;
  request.limit = 10;
  const Page refused = page(0, request);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, Kind::Unavailable);
  EXPECT_THAT(refused.error().text, HasSubstr(s.node(1).name()));
  EXPECT_THAT(refused.error().text, HasSubstr(s.node(2).name()));
  request.consistency = cluster::Consistency::One;
  EXPECT_TRUE(page(0, request).ok()) << "this node holds all keys itself";
}

TEST_F(ListingScenario, KeysAreRolledUpOverAllNodes) {
  s.ring.startAll(5);
  for (const char* key : {"a/1", "a/2", "b", "c/1", "c/2/3", "d"}) EXPECT_TRUE(s.done(s.put(0, key)));
  cluster::ListRequest request;
  request.delimiter = "/";
  request.limit = 3;
  const Page first = page(1, request);
  ASSERT_TRUE(first.ok());
  EXPECT_THAT(first->prefixes, ElementsAre("a/", "c/"));
  ASSERT_TRUE(first->next);
  request.after = *first->next;
  const Page second = page(2, request);
  ASSERT_TRUE(second.ok());
  EXPECT_THAT(second->prefixes, IsEmpty());
  ASSERT_EQ(second->entries.size(), 1U);
  EXPECT_EQ(second->entries.front().key, "d");
  EXPECT_FALSE(second->next);
}

ring::Ring ringOf(unsigned nodes) {
  ring::MemberList list;
  for (unsigned i = 1; i <= nodes; ++i) {
    ring::Member member;
    member.id = i;
    member.tokenSeed = 0x9e3779b97f4a7c15ULL * i;
    list.put(member);
  }
  return ring::Ring(list);
}

TEST(Cover, IsWholeOnceEveryPartitionHasAsManyHomeNodesAsItNeeds) {
  const ring::Ring ring = ringOf(6);
  for (const unsigned needed : {1U, 2U, 3U}) {
    cluster::Cover cover(ring, needed);
    const std::vector<NodeId> chosen = cover.choose({1, 2, 3, 4, 5, 6});
    EXPECT_TRUE(cover.whole());
    EXPECT_LE(chosen.size(), 6U);
    for (std::size_t i = 0; i < limits::kPartitions; ++i) {
      unsigned homes = 0;
      for (const NodeId node : chosen) homes += ring.isHome(node, static_cast<PartitionId>(i)) ? 1 : 0;
      ASSERT_GE(homes, needed) << "partition " << i;
    }
  }
}

TEST(Cover, OfThreeNodesTakesTheFirstTwoForAQuorum) {
  const ring::Ring ring = ringOf(3);
  cluster::Cover cover(ring, ring.quorum());
  EXPECT_THAT(cover.choose({2, 1, 3}), ElementsAre(2U, 1U));
}

TEST(Cover, CountsOnlyWhatANodeCovers) {
  const ring::Ring ring = ringOf(3);
  cluster::Cover cover(ring, 1);
  store::PartitionSet all;
  all.set();
  all.reset(7);
  cover.add(1, all);
  EXPECT_FALSE(cover.whole());
  cover.add(99);
  EXPECT_FALSE(cover.whole()) << "no member";
  EXPECT_THAT(cover.choose({2, 3}), ElementsAre(2U));
  EXPECT_TRUE(cover.whole());
}

Entry entryOf(const Key& key, std::int64_t micros, bool tombstone = false) {
  Entry entry;
  entry.key = key;
  entry.version = {micros, 0, 1, 1};
  entry.tombstone = tombstone;
  return entry;
}

std::vector<Key> keysOf(const cluster::Listed& listed) {
  std::vector<Key> keys;
  for (const Entry& entry : listed.entries) keys.push_back(entry.key);
  return keys;
}

TEST(MergeOfAnswers, TakesTheNewestOfEachKeyAndHidesWhatIsDeleted) {
  std::map<NodeId, wire::ListKeysAnswer> answers;
  answers[1].entries = {entryOf("a", 10), entryOf("b", 10), entryOf("c", 30)};
  answers[2].entries = {entryOf("a", 20), entryOf("b", 20, true), entryOf("c", 20, true), entryOf("d", 1)};
  cluster::Listed listed;
  EXPECT_EQ(cluster::mergeAnswers(answers, 10, 1000, listed), std::nullopt);
  EXPECT_THAT(keysOf(listed), ElementsAre("a", "c", "d"));
  EXPECT_EQ(listed.entries.front().version.physicalMicros, 20);
  EXPECT_FALSE(listed.next);
}

TEST(MergeOfAnswers, GoesNoFurtherThanWhatAllHaveSpokenOf) {
  std::map<NodeId, wire::ListKeysAnswer> answers;
  answers[1].entries = {entryOf("a", 10), entryOf("z", 10)};
  answers[2].entries = {entryOf("b", 10)};
  answers[2].next = "c";
  cluster::Listed listed;
  EXPECT_EQ(cluster::mergeAnswers(answers, 10, 1000, listed), "c");
  EXPECT_THAT(keysOf(listed), ElementsAre("a", "b"));
}

TEST(MergeOfAnswers, APageIsFullByItemsOrByBytesAndSaysWhereItEnded) {
  std::map<NodeId, wire::ListKeysAnswer> answers;
  answers[1].entries = {entryOf("a", 10), entryOf("bb", 10), entryOf("c", 10)};
  cluster::Listed byItems;
  EXPECT_EQ(cluster::mergeAnswers(answers, 2, 1000, byItems), std::nullopt);
  EXPECT_EQ(byItems.next, "bb");
  cluster::Listed byBytes;
  EXPECT_EQ(cluster::mergeAnswers(answers, 10, 3, byBytes), std::nullopt);
  EXPECT_EQ(byBytes.next, "bb");
  cluster::Listed whole;
  EXPECT_EQ(cluster::mergeAnswers(answers, 3, 1000, whole), std::nullopt);
  EXPECT_FALSE(whole.next) << "nothing comes behind the last one";
}

TEST(MergeOfAnswers, GoesOnBehindAPrefixThatSomebodyStoppedIn) {
  std::map<NodeId, wire::ListKeysAnswer> answers;
  answers[1].prefixes = {"p/"};
  answers[2].next = "p/x";
  cluster::Listed listed;
  EXPECT_EQ(cluster::mergeAnswers(answers, 10, 1000, listed), "p0");
  EXPECT_THAT(listed.prefixes, ElementsAre("p/"));
}

}  // namespace
}  // namespace mydht::simulation
