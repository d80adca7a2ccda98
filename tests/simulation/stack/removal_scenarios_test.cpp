// Proves that nodes can be removed, by force too, while others come, die or are cut off, and that nothing is lost by it
// but what only destroyed disks had (R2, R5, R8).
// How: one directed order of events each, on the whole stack; the checkers run over each.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "tests/simulation/stack/deliberate_bugs.h"
#include "tests/simulation/stack/departures.h"

namespace mydht::simulation {
namespace {

using namespace std::chrono_literals;
using Bugs = cluster::DeliberateBugs;
using Type = wire::MessageType;
constexpr unsigned kAny = Scenario::kAny;

class Removal : public Departures {};

TEST_F(Removal, ARemoveDuringAJoinComesThrough) {
  s.ring.startAll(3);
  putAll(s);
  s.hold(Type::FillPage, kAny, kAny);
  s.join(0);
  s.await([&] { return s.node(3).up() && s.changing(0); }, "the join is under way");
  s.kill(2);
  s.run(3s);
  const auto removed = remove(s, 0, {2});
  EXPECT_TRUE(removed.ok()) << removed.error().text;
  s.forgetRules();
  s.letGo();
  s.awaitQuiet();
  EXPECT_EQ(members(0), 3U);
  for (const std::string& key : Scenario::keys()) EXPECT_EQ(copiesOf(s, key), 3U) << key;
}

TEST_F(Removal, AJoinerThatDiesForGoodHalfWayIsRemoved) {
  s.ring.startAll(3);
  putAll(s);
  s.hold(Type::FillPage, kAny, kAny);
  s.join(0);
  s.await([&] { return s.node(3).up() && s.changing(0); }, "the join is under way");
  s.kill(3);
  s.forgetRules();
  s.letGo();
  s.run(5s);
  const auto removed = remove(s, 1, {3});
  EXPECT_TRUE(removed.ok()) << removed.error().text;
  s.awaitQuiet();
  EXPECT_EQ(members(0), 3U);
  readAll(s, 2);
}

TEST_F(Removal, TwoJoinersThatDieForGoodHalfWayAreRemovedByForceAloneAndNothingWaitsForEver) {
  s.ring.startAll(3);
  putAll(s);
  joinTwo();
  s.kill(3);
  s.kill(4);
  s.run(5s);
  for (const std::vector<unsigned>& victims : {std::vector<unsigned>{3}, {4}, {3, 4}}) {
    const auto refused = remove(s, 1, victims);
    ASSERT_FALSE(refused.ok()) << "the copies of some partition could not be made again";
    EXPECT_NE(refused.error().text.find("partition"), std::string::npos) << refused.error().text;
  }
  ASSERT_EQ(s.node(1).node().membership().view()->active().size(), 3U) << "another change would wait";
  const auto removed = remove(s, 1, {3, 4}, true);
  ASSERT_TRUE(removed.ok()) << removed.error().text;
  s.forgetRules();
  s.awaitQuiet();
  EXPECT_EQ(members(0), 3U);
  readAll(s, 2);
  for (const std::string& key : Scenario::keys()) EXPECT_EQ(copiesOf(s, key), 3U) << key;
}

TEST_F(Removal, BothHalvesOfASplitThatAreToldToRemoveTheOtherAreRefusedAndFindTogetherAgain) {
  s.ring.startAll(4);
  putAll(s);
  split({0, 1}, {2, 3});
  s.run(3s);
  const auto left = remove(s, 0, {2, 3});
  const auto right = remove(s, 2, {0, 1});
  EXPECT_FALSE(left.ok());
  EXPECT_FALSE(right.ok());
  s.ring.network.heal();
  s.awaitQuiet();
  s.run(15s);
  EXPECT_EQ(members(0), 4U);
  EXPECT_EQ(members(3), 4U);
  EXPECT_TRUE(s.done(s.put(3, "k0")));
}

TEST_F(Removal, OfThreeThatAreToldAtOnceToRemoveOneAnotherOneStaysAndNobodyWhoHasLeftBefore) {
  s.ring.startAll(4);
  putAll(s);
  s.node(3).leave();
  awaitDown(3);
  s.awaitQuiet();
  s.drop(Type::Hello, kAny, kAny);  // each takes the next one for dead
  s.hold(Type::Propose, kAny, kAny);
  std::array<Removed, 3> removed;
  const auto sent = [&](unsigned to) { return s.requests(to, Type::Propose); };
  const std::array<unsigned, 3> before = {sent(0), sent(1), sent(2)};
  for (const unsigned node : {0U, 1U, 2U}) beginRemove(s, node, {(node + 1) % 3}, false, removed[node]);
  s.await([&] { return sent(0) == before[0] + 2 && sent(1) == before[1] + 2 && sent(2) == before[2] + 2; },
          "all three propose");
  s.forgetRules();
  s.letGo();
  const auto isOut = [&](unsigned node) { return s.node(node).node().fatal() != nullptr; };
  const std::array<unsigned, 3> all = {0, 1, 2};
  // The one that stays was told to go too, and does once another one has come back as a new one.
  for (unsigned restarts = 0; restarts < 3; ++restarts) {
    s.await([&] { return std::ranges::any_of(all, isOut); }, "one has lost its place");
    const unsigned node = *std::ranges::find_if(all, isOut);
    s.kill(node);
    s.start(node);
  }
  s.awaitQuiet();
  EXPECT_EQ(members(0), 3U);
  for (const unsigned through : {0U, 1U, 2U}) readAll(s, through);
}

TEST_F(Removal, NobodyIsRemovedOnTheWordOfANodeWhoseDiskHasFailed) {
  s.ring.startAll(4);
  putAll(s);
  failDisk(1);
  s.kill(3);
  s.run(3s);
  EXPECT_FALSE(remove(s, 0, {3}).ok());
  EXPECT_EQ(accepted(0), 4U) << "nothing has been proposed";
  s.kill(1);
  s.start(1);
  s.start(3);
  s.awaitQuiet();
  EXPECT_EQ(members(0), 4U);
}

// A ring of two tolerates no failure, and this one is two as soon as those that stay have agreed to it.

TEST_F(Removal, ARefusalSaysWhoseDiskHasFailed) {
  s.ring.startAll(4);
  putAll(s);
  failDisk(1);
  s.kill(3);
  s.run(5s);
  const auto refused = remove(s, 0, {3});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().text.find(s.node(1).name() + " (its disk has failed"), std::string::npos)
      << refused.error().text;
  s.kill(1);
  s.start(1);
  s.awaitQuiet();
  const auto removed = remove(s, 0, {3});
  EXPECT_TRUE(removed.ok()) << removed.error().text;
}

TEST_F(Removal, ADiskThatIsLostAsThreeBecomeTwoIsGivenUpByForceAndNothingIsLost) {
  s.ring.startAll(3);
  putAll(s);
  const std::string lost = fmt::format("{:016x}", s.node(1).durableIdentity()->node);
  s.hold(Type::FillPage, kAny, kAny);
  s.node(2).leave();
  s.await([&] { return s.changing(0); }, "the leave is under way");
  s.kill(1);
  s.node(1).loseDisk();
  s.forgetRules();
  s.letGo();
  s.node(1).start({s.node(0).name()});
  s.run(10s);
  EXPECT_TRUE(s.changing(0)) << "one of two is no majority";
  Removed removed;
  s.node(0).spawn(removeInto(s.node(0), {lost}, true, s.ring.time.now() + 5s, removed));
  s.await([&] { return removed.has_value(); }, "the end of a remove");
  EXPECT_TRUE(removed->ok());
  awaitDown(2);
  s.await([&] { return s.node(1).up(); }, "node 1 is taken in as a new one");
  s.awaitQuiet();
  EXPECT_EQ(members(0), 2U);
  readAll(s, 0);
  readAll(s, 1);
}

TEST_F(Removal, ANodeThatIsRemovedHasNoSayInWhetherEnoughOthersAreLeft) {
  s.ring.startAll(3);
  putAll(s);
  s.drop(Type::Hello, 0, 2);  // it seems to be down
  s.hold(Type::Standing, 0, 2);
  Removed removed;
  beginRemove(s, 0, {2}, false, removed);
  s.await([&] { return s.requests(2, Type::Standing) > 0; }, "all are asked whether it may be removed");
  s.run(50ms);
  s.mustBe(!removed.has_value(), "node 1 has answered, and node 2 is waited for");
  s.kill(1);
  s.node(1).loseDisk();
  s.forgetRules();
  s.letGo();
  s.await([&] { return removed.has_value(); }, "the end of the remove");
  EXPECT_FALSE(removed.value_or(cluster::Removal())) << "only one of the two that would stay is there";
  s.node(1).start({s.node(0).name(), s.node(2).name()});
  s.await([&] { return s.node(1).up() && s.node(2).node().fatal() != nullptr; },
          "the new one is taken in, and what both had accepted with it");
  s.kill(2);
  s.start(2);
  s.awaitQuiet();
  ASSERT_EQ(members(0), 3U);
  readAll(s, 1);
}

TEST_F(Removal, ANodeThatWasRemovedWhileItWasCutOffServesNothingStaleAndJoinsAgainAsANewOne) {
  s.ring.startAll(4);
  const std::string key = s.keyOf(0, {1, 2, 3});
  ASSERT_TRUE(s.done(s.put(0, key)));
  split({0, 1, 2}, {3});
  const NodeId before = s.node(3).durableIdentity()->node;
  s.run(3s);
  const auto removed = remove(s, 0, {3});
  ASSERT_TRUE(removed.ok()) << removed.error().text;
  s.await([&] { return !s.changing(0) && members(0) == 3; }, "the others have made the copies again");
  const auto later = s.put(0, key);
  ASSERT_TRUE(s.done(later));
  s.ring.network.heal();
  const auto stale = s.get(3, key);  // before it can have heard of anything
  if (s.done(stale)) EXPECT_EQ(s.at(stale).value, s.at(later).value);
  s.await([&] { return s.node(3).up() && s.node(3).node().fatal() != nullptr; }, "it finds out");
  s.kill(3);
  s.start(3);
  s.awaitQuiet();
  EXPECT_NE(s.node(3).durableIdentity()->node, before);
  EXPECT_EQ(members(0), 4U);
  EXPECT_EQ(s.at(s.get(3, key)).value, s.at(later).value);
}

TEST(DeliberateBugs, ARemoveThatDoesNotAskWhetherGoodCopiesStayIsNotRefused) {
  // The refusal is what is missing: the ring then answers 503, and nothing wrong.
  withAndWithout(&Bugs::removeUnchecked, kTheScript, [](Scenario& s) {
    s.ring.startAll(5);
    putAll(s);
    s.kill(3);
    s.kill(4);
    s.run(3s);
    const auto removed = remove(s, 0, {3});
    s.mustBe(!removed.ok() && removed.error().text.find("partition") != std::string::npos,
             "a remove of the last good copies is refused and names the partitions");
  });
}

TEST_F(Removal, AForcedRemoveDeclaresNodesDestroyedAndTheRingServesWhatIsLeft) {
  s.ring.startAll(5);
  putAll(s);
  s.kill(3);
  s.kill(4);
  s.run(3s);
  EXPECT_FALSE(remove(s, 0, {3, 4}).ok());
  const auto removed = remove(s, 0, {3, 4}, true);
  ASSERT_TRUE(removed.ok()) << removed.error().text;
  EXPECT_FALSE(removed->mayBeLost.empty());
  s.awaitQuiet();
  EXPECT_EQ(members(0), 3U);
  readAll(s, 1);  // each key had a copy on one of the three that are left
  for (const std::string& key : Scenario::keys()) EXPECT_EQ(copiesOf(s, key), 3U) << key;
  s.node(3).start({});
  s.await([&] { return s.node(3).up() && s.node(3).node().fatal() != nullptr; },
          "one was alive after all, and finds out");
  s.kill(3);
  s.start(3);
  s.awaitQuiet();
  EXPECT_EQ(members(0), 4U);
}

TEST_F(Removal, WhereAHomeNodeIsDestroyedAnotherOneThatHasNotFilledIsFilledFromTheThird) {
  s.ring.startAll(3);
  putAll(s);
  s.run(5s);
  s.joinUnfilled(0);
  const std::string key = s.keyOf(0, {0, 1, 3});
  const std::string lost = fmt::format("{:016x}", s.node(1).durableIdentity()->node);
  s.kill(1);
  s.node(1).loseDisk();
  s.node(1).start({s.node(0).name()});
  s.await([&] { return s.node(1).up(); }, "node 1 has its place again");
  s.run(10s);
  EXPECT_TRUE(s.changing(0)) << "of some keys node 0 alone has a copy that counts";
  Removed removed;
  s.node(0).spawn(removeInto(s.node(0), {lost}, true, s.ring.time.now() + 5s, removed));
  s.await([&] { return removed.has_value(); }, "the end of a remove");
  EXPECT_TRUE(removed->ok());
  s.await([&] { return s.knows(1, s.newest(0)) && s.knows(3, s.newest(0)); }, "the others know it");
  const auto asked = s.get(3, key);
  EXPECT_TRUE(s.done(asked) && s.at(asked).value != 0) << "before it is filled: " << s.workload.told(asked);
  s.forgetRules();
  s.awaitQuiet();
  for (unsigned through = 0; through < 4; ++through) readAll(s, through);
}

TEST_F(Removal, WhereAHomeNodeIsDestroyedOneThatHasNotFilledAsksAllThatAreLeft) {
  s.ring.settings.replicas = 5;
  s.ring.startAll(5);
  for (const unsigned late : {0U, 2U}) s.drop(Type::Offer, kAny, late);
  putAll(s, 1);
  s.forgetRules();
  s.joinUnfilled(0);
  const std::string key = s.keyOf(0, {0, 1, 2, 3, 5});
  s.kill(1);
  s.run(5s);
  ASSERT_TRUE(remove(s, 3, {1}, true).ok());
  s.await([&] { return s.knows(0, s.newest(3)) && s.knows(5, s.newest(3)); }, "the others know it");
  // Of those that are left node 3 alone holds it, and answers last.
  s.drop(Type::Vote, 0, 3);
  s.drop(Type::Vote, 5, 3);
  const auto asked = s.get(0, key);
  EXPECT_TRUE(!s.done(asked) || s.at(asked).value != 0) << "an acknowledged value is gone";
  s.forgetRules();
  s.awaitQuiet();
  readAll(s, 5);
}

TEST_F(Removal, ADeadJoinerOfARingOfOneIsRemovedByForceAlone) {
  s.ring.startAll(1);
  putAll(s);
  s.hold(Type::FillPage, kAny, kAny);
  s.join(0);
  s.await([&] { return s.node(1).up() && s.changing(0); }, "the join is under way");
  s.kill(1);
  s.run(3s);
  EXPECT_FALSE(remove(s, 0, {1}).ok()) << "two members, one of them dead: no majority";
  EXPECT_TRUE(remove(s, 0, {1}, true).ok());
  s.forgetRules();
  s.awaitQuiet();
  readAll(s, 0);
  EXPECT_TRUE(s.done(s.put(0, "k1")));
}

}  // namespace
}  // namespace mydht::simulation
