// Proves the endpoints about keys and the ring, and that docs/http.md names every row of the table of
// routes. A ring of one node on a simulated disk answers over loopback.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "common/protocol/shapes.h"
#include "server/api/refusals.h"
#include "tests/unit/server/api/world.h"

namespace mydht::api {
namespace {

using support::get;
using support::put;
using testing::World;

TEST(Questions, TheStatusIsTheShapeThatClientsRead) {
  World world;
  put(world.port(), "/a%20b", "value");
  const auto answer = get(world.port(), "/_mydht/status");
  EXPECT_EQ(answer.field("Content-Type"), "application/json");
  const auto ring = protocol::ringStatusFromJson(answer.body);
  ASSERT_TRUE(ring) << answer.body;
  EXPECT_EQ(ring->selfName, "localhost:50140");
  EXPECT_EQ(ring->replicas, 3U);
  EXPECT_EQ(ring->copies, 1U);
  EXPECT_EQ(ring->keys, 1U);
  EXPECT_EQ(ring->bytes, 5U);
  EXPECT_EQ(ring->firstKeys, std::vector<Key>{"a b"});
  ASSERT_EQ(ring->members.size(), 1U);
  EXPECT_EQ(ring->members[0].state, protocol::MemberState::Active);
  EXPECT_EQ(ring->members[0].partitions, limits::kPartitions);
  EXPECT_EQ(ring->members[0].keys, 1U);
  EXPECT_EQ(ring->members[0].bytes, 5U);
  EXPECT_EQ(ring->members[0].toFill, 0U);
  EXPECT_EQ(ring->members[0].version, "0.1.0");
  EXPECT_EQ(ring->members[0].clockOffsetMicros, 0);
  EXPECT_EQ(ring->members[0].fingerprint, ring->fingerprint);
  EXPECT_TRUE(ring->members[0].uptimeSeconds);
}

TEST(Questions, TheStatusIsToldOfANodeWhoseKeysCannotBeRead) {
  World world;
  put(world.port(), "/k", "value");
  world.damageNextRead();
  const auto ring = protocol::ringStatusFromJson(get(world.port(), "/_mydht/status").body);
  ASSERT_TRUE(ring);
  EXPECT_EQ(ring->keys, 1U);
  EXPECT_TRUE(ring->firstKeys.empty());
  world.damageNextRead();
  const auto page = get(world.port(), "/");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("cannot be read now"), std::string::npos);
  EXPECT_EQ(protocol::ringStatusFromJson(get(world.port(), "/_mydht/status").body)->firstKeys, std::vector<Key>{"k"});
}

TEST(Questions, TheRingIsTheSameWithoutKeys) {
  World world;
  put(world.port(), "/k", "value");
  const auto ring = protocol::ringStatusFromJson(get(world.port(), "/_mydht/ring").body);
  ASSERT_TRUE(ring);
  EXPECT_TRUE(ring->firstKeys.empty());
  EXPECT_EQ(ring->keys, 1U);
}

TEST(Questions, AKeysHomeNodesAreNamed) {
  World world;
  const auto whereIs = protocol::whereIsFromJson(get(world.port(), "/_mydht/whereis?key=some%2Fkey").body);
  ASSERT_TRUE(whereIs);
  EXPECT_EQ(whereIs->key, "some/key");
  EXPECT_EQ(whereIs->nodes, std::vector<std::string>{"localhost:50140"});
  EXPECT_EQ(get(world.port(), "/_mydht/whereis").status, 400);
}

TEST(Questions, AKeyIsThereOrNot) {
  World world;
  put(world.port(), "/k", "value");
  const auto there = protocol::hasKeyFromJson(get(world.port(), "/_mydht/haskey?key=k").body);
  ASSERT_TRUE(there);
  EXPECT_TRUE(there->found);
  EXPECT_EQ(there->size, 5U);
  EXPECT_GT(there->timestampMicros, 0);
  const auto missing = get(world.port(), "/_mydht/haskey?key=none");
  EXPECT_EQ(missing.status, 200);
  const auto shape = protocol::hasKeyFromJson(missing.body);
  ASSERT_TRUE(shape);
  EXPECT_FALSE(shape->found);
}

TEST(Questions, AHealthyNodeSaysSo) {
  World world;
  EXPECT_EQ(get(world.port(), "/_mydht/health").body, "ok\n");
}

TEST(Refusals, OfWritesSayWhetherSomethingMayHaveHappened) {
  const auto outcomeOf = [](Kind kind) { return std::string(refuseWrite({kind, "why"}).headers.text()); };
  EXPECT_NE(outcomeOf(Kind::NotDone).find("Mydht-Outcome: not-done"), std::string::npos);
  EXPECT_NE(outcomeOf(Kind::Unknown).find("Mydht-Outcome: unknown"), std::string::npos);
  EXPECT_NE(outcomeOf(Kind::Unavailable).find("Mydht-Outcome: unknown"), std::string::npos);
  EXPECT_NE(outcomeOf(Kind::Io).find("Mydht-Outcome: unknown"), std::string::npos);
  EXPECT_NE(outcomeOf(Kind::NotDone).find("Retry-After"), std::string::npos);
  EXPECT_EQ(refuseWrite({Kind::Unavailable, "why"}).status, 503);
}

TEST(Routes, AreAllDocumented) {
  World world;
  std::ifstream file(MYDHT_SOURCE_FOLDER "/docs/http.md");
  const std::string docs(std::istreambuf_iterator<char>(file), {});
  for (const auto& route : world.router().routes()) {
    const std::string path = route.path == "/*" ? "/KEY" : route.path;
    const std::string row = std::string(http::methodText(route.method)) + " " + path + "`";
    EXPECT_NE(docs.find(row), std::string::npos) << "docs/http.md does not describe " << row;
  }
}

}  // namespace
}  // namespace mydht::api
