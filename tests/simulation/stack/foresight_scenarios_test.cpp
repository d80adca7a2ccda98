// Proves that what a change of the ring would do is told rightly beforehand and changes nothing, and that a node whose
// clock is off is named by all, and no longer when its clock is right again.
// How: one directed order of events each, on the whole stack; the checkers run over each.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/simulation/stack/departures.h"

namespace mydht::simulation {
namespace {

using namespace std::chrono_literals;
using cluster::Forecast;
using Asked = std::optional<Result<Forecast>>;
constexpr std::int64_t kSecond = 1'000'000;

Task<> askInto(Task<Result<Forecast>> question, Asked& outcome) {
  auto foreseen = co_await std::move(question);
  outcome = std::move(foreseen);
}

class Foresight : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_TRUE(s.broken().empty()) << testing::PrintToString(s.broken());
    EXPECT_TRUE(s.stuck().empty()) << testing::PrintToString(s.stuck());
  }
  cluster::MemberChanges& changes(unsigned through) { return s.node(through).node().memberChanges(); }
  Deadline soon() { return s.ring.time.now() + 5s; }
  std::string name(unsigned node) { return s.node(node).name(); }
  Result<Forecast> ask(unsigned through, Task<Result<Forecast>> question) {
    Asked outcome;
    s.node(through).spawn(askInto(std::move(question), outcome));
    s.await([&] { return outcome.has_value(); }, "the answer to a question");
    return outcome.value_or(Error{Kind::Unknown, "no answer"});
  }
  ring::RingPtr table(unsigned node) { return s.node(node).node().membership().view()->active().back(); }
  /// Nobody's ring is another than before.
  void expectUnchanged(const std::vector<ring::VersionName>& before) {
    s.run(5s);
    for (unsigned i = 0; i < before.size(); ++i) {
      if (s.node(i).up()) EXPECT_EQ(s.newest(i), before[i]);
    }
  }
  std::vector<ring::VersionName> versions() {
    std::vector<ring::VersionName> names;
    for (unsigned i = 0; i < s.ring.size(); ++i) names.push_back(s.newest(i));
    return names;
  }

  Scenario s;
};

TEST_F(Foresight, OfALeaveIsWhatTheLeaveThenMoves) {
  s.ring.startAll(5);
  putAll(s);
  s.awaitQuiet();
  const auto names = versions();
  const ring::RingPtr before = table(0);
  const auto foreseen = ask(0, changes(0).foreseeLeave(name(3), soon()));
  ASSERT_TRUE(foreseen.ok());
  EXPECT_TRUE(foreseen->allowed.ok()) << foreseen->allowed.error().text;
  EXPECT_EQ(foreseen->movement.least, before->partitionsOf(s.node(3).durableIdentity()->node));
  expectUnchanged(names);
  s.node(3).leave();
  s.await([&] { return s.node(3).down(); }, "the node has left");
  EXPECT_EQ(ring::movementBetween(*before, *table(0)), foreseen->movement);
}

TEST_F(Foresight, OfARemoveTellsTheSameRefusalsAndThenWhatTheRemoveMoves) {
  s.ring.startAll(5);
  putAll(s);
  s.awaitQuiet();
  const auto names = versions();
  auto foreseen = ask(0, changes(0).foreseeRemove({name(4)}, false, soon()));
  ASSERT_TRUE(foreseen.ok());
  ASSERT_FALSE(foreseen->allowed.ok());
  EXPECT_NE(foreseen->allowed.error().text.find("is up: use leave"), std::string::npos);
  EXPECT_GT(foreseen->movement.copies, 0U);
  EXPECT_EQ(ask(0, changes(0).foreseeRemove({"nobody:1"}, false, soon())).error().kind, Kind::NotFound);
  s.kill(4);
  s.kill(3);
  const auto both = ask(0, changes(0).foreseeRemove({name(4), name(3)}, false, soon()));
  const auto refused = remove(s, 0, {4, 3});
  ASSERT_TRUE(both.ok());
  ASSERT_FALSE(both->allowed.ok());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(both->allowed.error().text, refused.error().text);
  const auto forced = ask(0, changes(0).foreseeRemove({name(4), name(3)}, true, soon()));
  ASSERT_TRUE(forced.ok());
  EXPECT_TRUE(forced->allowed.ok());
  EXPECT_FALSE(forced->mayBeLost.empty());
  expectUnchanged(names);
  s.start(3);
  s.awaitQuiet();
  const ring::RingPtr before = table(0);
  foreseen = ask(0, changes(0).foreseeRemove({name(4)}, false, soon()));
  ASSERT_TRUE(foreseen.ok());
  EXPECT_TRUE(foreseen->allowed.ok()) << foreseen->allowed.error().text;
  ASSERT_TRUE(remove(s, 0, {4}).ok());
  s.awaitQuiet();
  EXPECT_EQ(ring::movementBetween(*before, *table(0)), foreseen->movement);
}

TEST_F(Foresight, OfAnotherNumberOfCopiesAndOfAJoinChangesNothing) {
  s.ring.startAll(4);
  putAll(s);
  s.awaitQuiet();
  const auto names = versions();
  const ring::RingPtr before = table(0);
  const auto more = ask(0, changes(0).foreseeReplicas(4, soon()));
  ASSERT_TRUE(more.ok());
  EXPECT_TRUE(more->allowed.ok());
  EXPECT_EQ(more->movement.copies, limits::kPartitions);
  EXPECT_EQ(ask(0, changes(0).foreseeReplicas(3, soon()))->movement, ring::Movement());
  EXPECT_EQ(ask(0, changes(0).foreseeReplicas(0, soon())).error().kind, Kind::BadRequest);
  const auto joined = ask(0, changes(0).foreseeJoin(100, "", soon()));
  ASSERT_TRUE(joined.ok());
  expectUnchanged(names);
  s.join(0);
  s.await([&] { return s.node(4).up(); }, "the joiner serves");
  s.awaitQuiet();
  const std::uint64_t moved = ring::movementBetween(*before, *table(0)).copies;
  EXPECT_NEAR(static_cast<double>(joined->movement.copies), static_cast<double>(moved),
              0.1 * static_cast<double>(moved));
}

TEST_F(Foresight, WithoutAMajorityIsARefusal) {
  s.ring.startAll(3);
  s.awaitQuiet();
  s.kill(1);
  s.kill(2);
  for (const auto& foreseen :
       {ask(0, changes(0).foreseeReplicas(2, soon())), ask(0, changes(0).foreseeJoin(100, "", soon())),
        ask(0, changes(0).foreseeLeave("", soon()))}) {
    ASSERT_TRUE(foreseen.ok());
    ASSERT_FALSE(foreseen->allowed.ok());
    EXPECT_NE(foreseen->allowed.error().text.find("majority"), std::string::npos) << foreseen->allowed.error().text;
  }
}

TEST_F(Foresight, AClockThatIsOffIsNamedByAllAndNotOnceItIsRightAgain) {
  s.ring.startAll(4);
  putAll(s);
  s.awaitQuiet();
  const auto saysOff = [&](unsigned through, unsigned node) {
    for (const auto& member : s.node(through).node().status().members) {
      if (member.hostPort == name(node)) return member.clockOff;
    }
    return false;
  };
  const auto allSay = [&](bool off) {
    bool same = true;
    for (unsigned through = 0; through < 4; ++through) {
      same = same && saysOff(through, 2) == off;
      for (const unsigned other : {0U, 1U, 3U}) same = same && !saysOff(through, other);
    }
    return same;
  };
  EXPECT_TRUE(allSay(false));
  for (const std::int64_t offset : {300 * kSecond, -300 * kSecond}) {
    s.node(2).clock().jump(offset);
    s.await([&] { return allSay(true); }, "all name the node whose clock is off, and no other");
    s.mustBe(s.done(s.put(2, "k1")), "a put through it goes on");
    s.node(2).clock().jump(-s.node(2).clock().offset());
    s.await([&] { return allSay(false); }, "nobody names it any more");
    s.mustBe(s.done(s.put(0, "k1")), "and a put after it is the newest again");
  }
  readAll(s, 2);
}

TEST_F(Foresight, AClockThatRunsTooFastIsNamedOnceItIsOffAndHarmsNothing) {
  s.ring.startAll(3);
  s.awaitQuiet();
  const auto isNamed = [&] {
    const auto members = s.node(0).node().status().members;
    return std::ranges::any_of(members, [&](const auto& m) { return m.hostPort == name(2) && m.clockOff; });
  };
  for (const std::int64_t drift : {kSecond / 20, -kSecond / 20}) {
    s.node(2).clock().drift(drift);
    while (!isNamed() && std::abs(s.node(2).clock().offset()) < 5 * kSecond) {
      for (const unsigned through : {2U, 0U}) {
        s.mustBe(s.done(s.put(through, "k1")), "a put");
        s.mustBe(s.done(s.del(1 - through / 2, "k2")), "a delete");
        s.mustBe(s.done(s.get(1, "k1")), "a get");
      }
      s.run(200ms);
    }
    EXPECT_TRUE(isNamed()) << s.node(2).clock().offset() << " us off";
    EXPECT_GE(std::abs(s.node(2).clock().offset()), kSecond - 300'000);
    s.node(2).clock().drift(0);
    s.node(2).clock().jump(-s.node(2).clock().offset());
    s.await([&] { return !isNamed(); }, "it is right again");
  }
}

TEST_F(Foresight, AJoinerWhoseClockIsOffIsNamedAsSoonAsItHasJoined) {
  s.ring.startAll(3);
  s.awaitQuiet();
  SimNode& joiner = s.join(0);
  joiner.clock().jump(60 * kSecond);
  const auto namesJoiner = [&](unsigned through) {
    for (const auto& member : s.node(through).node().status().members) {
      if (member.hostPort == name(3)) return member.clockOff;
    }
    return false;
  };
  s.await([&] { return s.node(3).up(); }, "the joiner serves");
  s.await([&] { return namesJoiner(0) && namesJoiner(1) && namesJoiner(2) && namesJoiner(3); },
          "the joiner is named by the others, and by itself", 10s);
  joiner.clock().jump(-joiner.clock().offset());
  s.awaitQuiet();
}

}  // namespace
}  // namespace mydht::simulation
