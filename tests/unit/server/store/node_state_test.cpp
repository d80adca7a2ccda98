// Proves that a node finds again what it wrote of itself, its ring and its peers, that what rides along with the next
// batch is there after a restart, and that a damaged row is Corrupt: a node that forgot its ring must not guess.

#include "server/store/node_state.h"

#include <gtest/gtest.h>

#include "server/wire/codec.h"
#include "tests/unit/server/store/world.h"

namespace mydht::store {
namespace {

using namespace test;

class NodeStateTest : public StoreWorld {
 protected:
  void commit(std::string row, Bytes content) {
    Batch batch;
    batch.rows.emplace_back(std::move(row), std::move(content));
    const auto committed = time_.run(executor_, commits_->commit(std::move(batch)));
    ASSERT_TRUE(committed.ok());
  }
  Result<NodeState> load() { return time_.run(executor_, loadNodeState(*disk_, kNever)); }

  RingState exampleRing() {
    RingState state;
    state.accepted.put({7, ring::Rank::Present, 1, 7, 100, "attic"});
    ring::MemberList larger = state.accepted;
    larger.put({8});
    state.view = {99, {state.accepted, larger}};
    state.filled.set(1);
    state.filled.set(limits::kPartitions - 1);
    state.owed.set(1);
    state.formerRing = 98;
    state.completeHeld = {3, 4};
    state.hostPort = "node-b:50140";
    return state;
  }
};

TEST_F(NodeStateTest, AnEmptyDirectoryHasNoIdentity) {
  const auto state = load();
  ASSERT_TRUE(state.ok());
  EXPECT_FALSE(state->identity.has_value());
  EXPECT_TRUE(state->ring.view.active.empty());
  EXPECT_TRUE(state->peers.empty());
  EXPECT_EQ(state->clockFloorMicros, 0);
}

TEST_F(NodeStateTest, WhatWasWrittenIsFoundAgain) {
  const RingState ring = exampleRing();
  commit(std::string(kIdentityRow), encodeIdentity({7, 3, 5, 6}));
  commit(std::string(kRingRow), encodeRingState(ring));
  commit(peerRowName(0xffffffffffffffff), encodePeerState({"node-c:50140", 2, 17}));
  commit(peerRowName(8), encodePeerState({"node-d:50140", 1, 1}));
  powerCut();
  const auto state = load();
  ASSERT_TRUE(state.ok());
  ASSERT_TRUE(state->identity.has_value());
  EXPECT_EQ(state->identity->node, 7U);
  EXPECT_EQ(state->identity->boot, 3U);
  EXPECT_EQ(state->identity->tokenSeed, 5U);
  EXPECT_EQ(state->identity->replaces, 6U);
  EXPECT_EQ(state->ring.view, ring.view);
  EXPECT_EQ(state->ring.accepted, ring.accepted);
  EXPECT_EQ(state->ring.filled, ring.filled);
  EXPECT_EQ(state->ring.owed, ring.owed);
  EXPECT_EQ(state->ring.formerRing, 98U);
  EXPECT_EQ(state->ring.completeHeld, ring.completeHeld);
  EXPECT_EQ(state->ring.hostPort, ring.hostPort);
  ASSERT_EQ(state->peers.size(), 2U);
  EXPECT_EQ(state->peers.at(0xffffffffffffffff), (PeerState{"node-c:50140", 2, 17}));
}

TEST_F(NodeStateTest, TheRingAsTheFormatBeforeWroteItIsRead) {
  RingState ring = exampleRing();
  ring.owed.reset();
  const std::string now(encodeRingState(ring).view());
  // Without whether a list follows, what is owed and the former ring.
  wire::Writer view;
  view.view(ring.view);
  const std::size_t flag = 2 + view.take().size();
  std::string before = now.substr(0, flag) + now.substr(flag + 1, now.size() - flag - 1 - 12);
  before.front() = 1;
  commit(std::string(kRingRow), Bytes(before));
  const auto state = load();
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->ring.accepted, ring.accepted);
  EXPECT_EQ(state->ring.filled, ring.filled);
  EXPECT_EQ(state->ring.hostPort, ring.hostPort);
  EXPECT_TRUE(state->ring.owed.none());
}

TEST_F(NodeStateTest, ADamagedRowIsCorruptAndNotForgotten) {
  const std::string whole(encodeRingState(exampleRing()).view());
  commit(std::string(kRingRow), Bytes(whole.substr(0, whole.size() - 1)));
  EXPECT_EQ(load().error().kind, Kind::Corrupt);
  commit(std::string(kRingRow), Bytes(whole));
  EXPECT_TRUE(load().ok());
  commit(std::string(kIdentityRow), Bytes(std::string(29, '\0')));
  EXPECT_EQ(load().error().kind, Kind::Corrupt) << "nobody is nobody";
}

TEST_F(NodeStateTest, WhatIsRememberedRidesAlongWithTheNextBatch) {
  commits_->remember(peerRowName(8), encodePeerState({"old:1", 1, 1}));
  commits_->remember(peerRowName(8), encodePeerState({"new:1", 2, 2}));
  time_.runUntilIdle();
  EXPECT_EQ(medium_.lastBatch(), 0U) << "it costs no sync of its own";
  put("k", 10, "value");
  powerCut();
  EXPECT_EQ(load()->peers.at(8), (PeerState{"new:1", 2, 2}));
}

TEST_F(NodeStateTest, TheClocksFloorIsAboveEveryVersionWrittenBeforeTheRestart) {
  for (std::int64_t micros = kNow; micros < kNow + 3'000'000; micros += 400'000) {
    ASSERT_EQ(put("k", micros, "value"), wire::OfferOutcome::Accepted);
    powerCut();
    EXPECT_GE(load()->clockFloorMicros, micros);
  }
}

TEST(PartitionSets, BitsComeBackAsTheSet) {
  PartitionSet set;
  EXPECT_EQ(bitsOf(set), "");
  EXPECT_EQ(setOf(""), set);
  for (const std::size_t place : {std::size_t{0}, std::size_t{7}, std::size_t{8}, limits::kPartitions - 1}) {
    set.set(place);
  }
  EXPECT_EQ(setOf(bitsOf(set)), set);
  EXPECT_EQ(bitsOf(set).size(), limits::kPartitions / 8);
}

}  // namespace
}  // namespace mydht::store
