// Proves the actions on the ring as HTTP: begun with 202 and a place to ask how they go, over in the end with what was
// done, and refused in words where the parameters make no sense. A ring of one node answers over loopback.
#include <gtest/gtest.h>

#include <chrono>

#include "common/protocol/action_shape.h"
#include "tests/unit/server/api/world.h"

namespace mydht::api {
namespace {

using support::get;
using testing::World;

support::HttpAnswer post(const World& world, const std::string& target) {
  return support::ask(world.port(), {.method = "POST", .target = target, .lines = {}, .body = {}});
}

/// Asks until it is over.
protocol::ActionStatus endOf(const World& world, const std::string& where) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::chrono::steady_clock::now() < end) {
    const auto status = protocol::actionStatusFromJson(get(world.port(), where).body);
    if (!status || status->over) return status ? *status : protocol::ActionStatus();
  }
  return {};
}

TEST(Actions, ABalanceIsBegunAtOnceAndOverInTheEnd) {
  World world;
  const auto begun = post(world, "/_mydht/actions/balance");
  EXPECT_EQ(begun.status, 202) << begun.body;
  const auto status = endOf(world, begun.field("Location"));
  EXPECT_TRUE(status.over);
  EXPECT_EQ(status.action, "balance");
  ASSERT_EQ(status.nodes.size(), 1U);
  EXPECT_EQ(status.nodes[0].node, "localhost:50140");
  EXPECT_EQ(status.nodes[0].problem, "");
}

TEST(Actions, APurgeOfANodeThatIsHomeToAllDropsNothing) {
  World world;
  support::put(world.port(), "/k", "value");
  for (const char* const target : {"/_mydht/actions/purge?dry-run=1", "/_mydht/actions/purge?node=localhost:50140"}) {
    const auto begun = post(world, target);
    EXPECT_EQ(begun.status, 202) << begun.body;
    const auto status = endOf(world, begun.field("Location"));
    EXPECT_TRUE(status.over);
    EXPECT_EQ(status.dropped, 0U);
  }
  EXPECT_EQ(get(world.port(), "/k").body, "value");
}

TEST(Actions, WhatMakesNoSenseIsRefused) {
  World world;
  EXPECT_EQ(post(world, "/_mydht/actions/balance?node=nowhere:1").status, 404);
  EXPECT_EQ(post(world, "/_mydht/actions/purge?dry-run=yes").status, 400);
  EXPECT_EQ(get(world.port(), "/_mydht/actions?run=xyz").status, 400);
  EXPECT_EQ(get(world.port(), "/_mydht/actions").status, 400);
  EXPECT_EQ(get(world.port(), "/_mydht/actions?run=1").status, 404);
  EXPECT_EQ(get(world.port(), "/_mydht/actions/balance").status, 405);
}

TEST(Actions, TheirJsonComesBackWhole) {
  protocol::ActionStatus status;
  status.run = 0xfedcba9876543210;
  status.action = "purge";
  status.over = true;
  status.nodes = {{"a:1", "over", "no \"room\""}, {"b:2", "waiting", ""}};
  status.taken = 1;
  status.sent = 2;
  status.dropped = 3;
  status.droppedBytes = 4;
  status.kept = 5;
  status.keptBytes = 6;
  const auto read = protocol::actionStatusFromJson(protocol::toJson(status));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, status);
  EXPECT_FALSE(protocol::actionStatusFromJson("{}"));
}

}  // namespace
}  // namespace mydht::api
