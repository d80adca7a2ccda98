// Proves the stream of events and the table that the drawing is made of: the status comes at once and again when it
// changes, the listeners are bounded, a stream ends when the node stops, and who has the table gets 304. A ring of one
// node answers over loopback.
#include "server/api/events.h"

#include <gtest/gtest.h>

#include "tests/unit/server/api/world.h"

namespace mydht::api {
namespace {

using support::get;
using support::put;
using testing::World;

TEST(Events, BringTheStatusAtOnceAndWhenItChanges) {
  World world;
  support::HttpClient client(world.port());
  ASSERT_TRUE(client.send(support::HttpRequest{.target = "/_mydht/events"}));
  EXPECT_TRUE(client.receiveUntil("\"keys\":0"));
  put(world.port(), "/k", "value");
  EXPECT_TRUE(client.receiveUntil("\"keys\":1"));
  world.events().stop();
  const auto answer = client.answer();
  EXPECT_TRUE(answer.whole);
  EXPECT_EQ(answer.field("Content-Type"), "text/event-stream");
  EXPECT_TRUE(answer.body.starts_with("data: {")) << answer.body;
  EXPECT_TRUE(answer.body.ends_with("}\n\n"));
}

TEST(Events, GoOnWhenNothingChanges) {
  World world;
  support::HttpClient client(world.port());
  ASSERT_TRUE(client.send(support::HttpRequest{.target = "/_mydht/events"}));
  EXPECT_TRUE(client.receiveUntil("data: {"));
  EXPECT_TRUE(client.receiveUntil("\n\n\r\n"));  // the end of the first one's chunk comes with the second
  world.events().stop();
  EXPECT_TRUE(client.answer().whole);
}

TEST(Events, HaveSoManyListenersAndNoMore) {
  World world;
  for (std::size_t i = 0; i < Events::kMostListeners; ++i) ASSERT_TRUE(world.events().enter());
  EXPECT_EQ(get(world.port(), "/_mydht/events").status, 503);
  world.events().leave();
  EXPECT_TRUE(world.events().enter());
  for (std::size_t i = 0; i < Events::kMostListeners; ++i) world.events().leave();
}

TEST(Events, LeaveTheirPlaceWhenNobodyReadsThem) {
  World world;
  for (std::size_t i = 0; i < 2 * Events::kMostListeners; ++i) {
    const auto answer = support::ask(world.port(), {.method = "HEAD", .target = "/_mydht/events"});
    ASSERT_EQ(answer.status, 200) << i;
  }
}

TEST(Events, OfANodeThatStopsAreRefused) {
  World world;
  world.events().stop();
  EXPECT_EQ(get(world.port(), "/_mydht/events").status, 503);
}

TEST(RingTable, IsFetchedOncePerVersion) {
  World world;
  const auto table = get(world.port(), "/_mydht/ring/table");
  EXPECT_EQ(table.status, 200);
  EXPECT_NE(table.body.find("\"runs\":\"0*16384\""), std::string::npos) << table.body;
  const std::string etag = table.field("ETag");
  EXPECT_EQ(get(world.port(), "/_mydht/ring/table", "If-None-Match: " + etag + "\r\n").status, 304);
  EXPECT_EQ(get(world.port(), "/_mydht/ring/table", "If-None-Match: \"other\"\r\n").status, 200);
}

}  // namespace
}  // namespace mydht::api
