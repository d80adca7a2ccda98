// Proves what clients get from a ring of three when a node is dead, frozen or cut off, a clock is wrong, writers meet,
// or a large value's stream breaks or is held up. How: one directed order of events each, on the whole stack.
#include <gtest/gtest.h>

#include "server/store/rows.h"
#include "tests/simulation/stack/scenario.h"

namespace mydht::simulation {
namespace {

using namespace std::chrono_literals;
using Type = wire::MessageType;
constexpr std::size_t kPieceBytes = 64 * 1024;

/// A client's body: so many pieces, and then its end or its breaking off.
class Upload final : public ByteSource {
 public:
  Upload(std::size_t pieces, bool breaksOff) : left_(pieces), breaksOff_(breaksOff) {}
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  Task<Result<Bytes>> next(Deadline) override {
    if (left_ == 0 && breaksOff_) co_return Error{Kind::Unavailable, "the client has gone"};
    if (left_ == 0) co_return Bytes();
    --left_;
    co_return Bytes(std::string(kPieceBytes, 'x'));
  }

 private:
  std::size_t left_;
  const bool breaksOff_;
};

struct Uploaded {
  std::optional<Result<cluster::Written>> result;
  Time end{};
};

Task<> upload(SimNode& node, std::string key, std::unique_ptr<ByteSource> body, Uploaded& uploaded) {
  cluster::PutRequest request;
  request.key = std::move(key);
  request.value = std::move(body);
  auto written = co_await node.node().coordinator(0).put(std::move(request), node.executor().now() + 5s);
  uploaded.end = node.executor().now();
  uploaded.result.emplace(std::move(written));
}

/// How much comes of a value from that offset on.
Task<> sizeFrom(SimNode& node, std::string key, std::uint64_t offset, std::size_t most,
                std::optional<std::size_t>& size) {
  cluster::Coordinator& coordinator = node.node().coordinator(0);
  const Deadline deadline = node.executor().now() + 30s;
  auto located = co_await coordinator.locate(std::move(key), cluster::Consistency::Quorum, offset == 0, deadline);
  if (!located) co_return;
  const std::uint64_t length = located->entry.size - offset;
  auto body = co_await coordinator.body(std::move(*located), offset, length, deadline);
  if (!body) co_return;
  auto bytes = co_await collect(std::move(*body), most, deadline);
  if (bytes) size = bytes->size();
}

class OperationScenario : public testing::Test {
 protected:
  void SetUp() override { s.ring.startAll(3); }
  void TearDown() override {
    EXPECT_TRUE(s.broken().empty()) << testing::PrintToString(s.broken());
    EXPECT_TRUE(s.stuck().empty()) << testing::PrintToString(s.stuck());
  }
  /// Ended well, within a second.
  void expectSwift(std::size_t operation) {
    EXPECT_TRUE(s.done(operation)) << describe(s.at(operation)) << " " << s.workload.told(operation);
    EXPECT_LT(s.at(operation).end - s.at(operation).begin, 1s) << describe(s.at(operation));
  }
  void expectSwiftThroughNodes0And1() {
    for (unsigned round = 0; round < 15; ++round) {
      for (const unsigned through : {0U, 1U}) {
        expectSwift(s.put(through, "k0"));
        expectSwift(s.get(1 - through, "k0"));
        expectSwift(s.put(through, "k1", true));
        expectSwift(s.get(through, "k1"));
        s.run(100ms);
      }
    }
  }

  Scenario s;
};

TEST_F(OperationScenario, WithOneOfThreeNodesDeadEveryPutAndGetSucceedsWithinASecond) {
  s.node(2).kill();
  expectSwiftThroughNodes0And1();
}

TEST_F(OperationScenario, WithOneOfThreeNodesFrozenEveryPutAndGetSucceedsWithinASecond) {
  s.node(2).executor().pause();
  expectSwiftThroughNodes0And1();
}

TEST_F(OperationScenario, WithOneOfThreeNodesCutOffEveryPutAndGetSucceedsWithinASecond) {
  for (const unsigned other : {0U, 1U}) {
    s.ring.network.cut(s.node(other).name(), s.node(2).name());
    s.ring.network.cut(s.node(2).name(), s.node(other).name());
  }
  expectSwiftThroughNodes0And1();
}

TEST_F(OperationScenario, AHomeNodeThatFailedItsLastCallIsOfferedAWriteWhenAnotherOneIsMissing) {
  s.drop(Type::Offer, 0, 2);
  s.drop(Type::Gossip, 0, 2);
  s.put(0, "k0");
  s.run(2s + 50ms);  // by now the offer to node 2 has failed
  s.forgetRules();
  s.drop(Type::Offer, 0, 1);
  expectSwift(s.put(0, "k0"));
}

TEST_F(OperationScenario, APutThroughANodeWhoseClockIsAnHourAheadIsNotLostAndLaterWritesWin) {
  const auto before = s.put(0, "k0");
  s.node(1).clock().jump(3'600'000'000);
  // Node 1 itself takes a version that the others refuse: until it has heard their clocks it can only say `unknown`.
  const auto ahead = s.put(1, "k0");
  if (!s.done(ahead)) {
    EXPECT_EQ(s.at(ahead).outcome, Outcome::Pending) << s.workload.told(ahead);
    EXPECT_NE(s.workload.told(ahead).find("from the future"), std::string::npos) << s.workload.told(ahead);
  }
  const auto read = s.at(s.get(0, "k0")).value;
  EXPECT_TRUE(read == s.at(ahead).value || (read == s.at(before).value && !s.done(ahead)));
  EXPECT_EQ(s.at(s.get(1, "k0")).value, s.at(ahead).value) << "what the node has taken itself is not lost";
  for (const unsigned through : {0U, 1U, 2U}) {
    const auto later = s.put(through, "k0");
    EXPECT_TRUE(s.done(later)) << s.workload.told(later);
    EXPECT_EQ(s.at(s.get(2 - through, "k0")).value, s.at(later).value);
    s.run(3s);
  }
}

TEST_F(OperationScenario, OfTwoWritersAtOnceBothAreToldSuccessAndAllNodesAgreeOnOne) {
  for (unsigned round = 0; round < 20; ++round) {
    const auto first = s.workload.put(s.node(0), "k0");
    const auto second = s.workload.put(s.node(1), "k0");
    s.finish(first);
    s.finish(second);
    EXPECT_TRUE(s.done(first) && s.done(second));
    const auto value = s.at(s.get(2, "k0")).value;
    EXPECT_TRUE(value == s.at(first).value || value == s.at(second).value);
    EXPECT_EQ(s.at(s.get(0, "k0")).value, value);
    EXPECT_EQ(s.at(s.get(1, "k0")).value, value);
  }
}

TEST_F(OperationScenario, TheWriteWithTheLaterTimestampStaysWhereverTheEarlierOneArrivesLast) {
  s.hold(Type::Offer, 0, 2);
  const auto early = s.put(0, "k0");
  s.forgetRules();
  const auto late = s.put(1, "k0");
  s.letGo();
  s.run(1s);
  EXPECT_TRUE(s.done(early) && s.done(late));
  for (const unsigned number : {0U, 1U, 2U}) {
    const std::string name = store::entryRowName("k0");
    const Bytes* const content = s.node(number).medium().row(name);
    ASSERT_NE(content, nullptr);
    const auto row = store::decodeEntryRow(name, content->view());
    ASSERT_TRUE(row);
    EXPECT_EQ((*row)->value.view(), Workload::valueBytes(s.at(late).value, false)) << "on node " << number;
  }
}

TEST_F(OperationScenario, ALargeValueWhoseClientBreaksOffLeavesThePreviousValue) {
  const auto before = s.put(0, "k0", true);
  Uploaded uploaded;
  s.node(0).spawn(upload(s.node(0), "k0", std::make_unique<Upload>(20, true), uploaded));
  s.await([&] { return uploaded.result.has_value(); }, "the end of the upload");
  ASSERT_TRUE(uploaded.result);
  EXPECT_FALSE(uploaded.result->ok());
  for (const unsigned through : {0U, 1U, 2U}) EXPECT_EQ(s.at(s.get(through, "k0")).value, s.at(before).value);
  s.run(5s);
  for (const unsigned number : {0U, 1U, 2U}) EXPECT_EQ(s.node(number).medium().published().size(), 1U);
}

TEST_F(OperationScenario, AHomeNodeThatAnswersButTakesNothingForASecondIsDroppedFromAStream) {
  constexpr std::size_t kPieces = 160;
  s.node(2).disk().stallUntil(s.ring.time.now() + 15s);
  const Time begin = s.ring.time.now();
  Uploaded uploaded;
  s.node(0).spawn(upload(s.node(0), "k0", std::make_unique<Upload>(kPieces, false), uploaded));
  s.await([&] { return uploaded.result.has_value(); }, "the end of the upload");
  ASSERT_TRUE(uploaded.result && uploaded.result->ok()) << uploaded.result->error().text;
  EXPECT_GE(uploaded.end - begin, 1s) << "the stream was to be held up";
  EXPECT_LT(uploaded.end - begin, 3s);
  std::optional<std::size_t> size;
  s.node(1).spawn(sizeFrom(s.node(1), "k0", 0, 2 * kPieces * kPieceBytes, size));
  s.run(10s);
  EXPECT_EQ(size, kPieces * kPieceBytes);
  s.run(10s);
  std::optional<std::size_t> sizeThroughTheSlowOne;
  s.node(2).spawn(sizeFrom(s.node(2), "k0", 0, 2 * kPieces * kPieceBytes, sizeThroughTheSlowOne));
  s.run(30s);
  EXPECT_EQ(sizeThroughTheSlowOne, kPieces * kPieceBytes);
}

/// A key whose home nodes are the nodes 1 to 3 of four, so that node 0 only coordinates.
std::string keyOfOthers(Scenario& s) {
  s.join(0);
  s.await([&] { return s.node(3).up(); }, "node 3 serves");
  s.awaitQuiet();
  return s.keyOf(0, {1, 2, 3});
}

TEST_F(OperationScenario, AValueIsFetchedFromTheThirdHomeNodeWhenBothThatVotedForItHaveFallenSilent) {
  const std::string key = keyOfOthers(s);
  ASSERT_TRUE(s.done(s.put(0, key, true)));
  s.run(1s);
  s.drop(Type::Vote, 0, 3);
  for (const unsigned voter : {1U, 2U}) s.drop(Type::FetchBody, 0, voter);
  std::optional<std::size_t> size;
  s.node(0).spawn(sizeFrom(s.node(0), key, 1, 2 * Workload::valueBytes(1, true).size(), size));
  s.run(2s);
  EXPECT_EQ(size, Workload::valueBytes(1, true).size() - 1);
}

TEST_F(OperationScenario, AnUploadThatNoHomeNodeTakesIsRefusedThoughNoneSaysWhy) {
  const std::string key = keyOfOthers(s);
  s.drop(Type::Stage, 0, Scenario::kAny);
  const Time begin = s.ring.time.now();
  Uploaded uploaded;
  s.node(0).spawn(upload(s.node(0), key, std::make_unique<Upload>(160, false), uploaded));
  s.await([&] { return uploaded.result.has_value(); }, "the end of the upload");
  ASSERT_TRUE(uploaded.result && !uploaded.result->ok());
  const Error error = uploaded.result->error();
  EXPECT_EQ(error.kind, Kind::NotDone);
  EXPECT_LT(uploaded.end - begin, 35s) << "what does not move for 30 s has broken off";
  for (const unsigned home : {1U, 2U, 3U}) {
    EXPECT_NE(error.text.find(s.node(home).name()), std::string::npos) << error.text;
  }
}

// A put asks a home node whose last call failed whether it is there, and meanwhile another one that it counts on fails.
// What it then sends to the only one that is left is lost.
TEST_F(OperationScenario, AnUploadThatLosesItsQuorumBeforeItBeginsIsRefusedThoughNobodySaysWhy) {
  const std::string key = keyOfOthers(s);
  s.kill(1);
  for (const Type type : {Type::Offer, Type::Gossip, Type::Probe, Type::Stage}) s.drop(type, 0, 2);
  s.put(0, key);
  s.run(2s + 50ms);  // by now calls to the nodes 1 and 2 have failed
  s.hold(Type::Hello, 0, 2);
  const auto large = s.workload.put(s.node(0), key, true);
  s.run(10ms);
  s.node(3).kill();
  s.workload.get(s.node(0), key);
  s.run(50ms);  // by now a call to node 3 has failed
  s.letGo();
  s.finish(large);
  EXPECT_EQ(s.requests(2, Type::Stage), 1U) << "the upload was to begin";
  EXPECT_EQ(s.at(large).outcome, Outcome::NoEffect) << s.workload.told(large);
  EXPECT_LT(s.at(large).end - s.at(large).begin, 3s);
  for (const unsigned home : {1U, 3U}) {
    EXPECT_NE(s.workload.told(large).find(s.node(home).name()), std::string::npos) << s.workload.told(large);
  }
}

TEST_F(OperationScenario, ARefusedUploadNamesThoseHomeNodesAloneThatDidNotTakeIt) {
  for (const unsigned full : {1U, 2U}) s.node(full).disk().setFull(true);
  const auto noRoom = s.put(0, "k0", true);
  EXPECT_EQ(s.at(noRoom).outcome, Outcome::NoEffect);
  Uploaded uploaded;
  for (const unsigned full : {1U, 2U}) s.node(full).disk().setFull(false);
  s.run(10s);
  s.node(0).spawn(upload(s.node(0), "k0", std::make_unique<Upload>(160, false), uploaded));
  s.run(5ms);
  s.kill(1);
  s.kill(2);
  s.await([&] { return uploaded.result.has_value(); }, "the end of the upload");
  ASSERT_TRUE(uploaded.result && !uploaded.result->ok());
  for (const std::string& told : {s.workload.told(noRoom), uploaded.result->error().text}) {
    EXPECT_NE(told.find(s.node(1).name()), std::string::npos) << told;
    EXPECT_NE(told.find(s.node(2).name()), std::string::npos) << told;
    EXPECT_EQ(told.find(s.node(0).name()), std::string::npos) << told;
  }
}

}  // namespace
}  // namespace mydht::simulation
