// Proves that connections are counted and bounded, dealt out to the loops in turn, small while idle, and that a server
// stops by finishing what has begun, within a bound. How: many real connections; the heap is asked what they cost.
#include "server/http/server.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "tests/unit/server/http/world.h"

namespace mydht::http::testing {
namespace {

TEST(ServerTest, ConnectionsAreDealtOutToTheLoopsInTurn) {
  World* pointer = nullptr;
  World world(
      [&pointer](Request& request) -> Task<Response> {
        co_return respond(200, "text/plain", &request.loop() == &pointer->loop(0) ? "first" : "second");
      },
      {}, 2);
  pointer = &world;
  std::map<std::string, int> seen;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<Client>(world));
    clients.back()->send(get("/"));
    ++seen[clients.back()->answer().body];
  }
  EXPECT_EQ(seen, (std::map<std::string, int>{{"first", 5}, {"second", 5}}));
  std::uint64_t requests = 0;
  for (const Counters* const counters : world.server().counters()) requests += counters->requests.read();
  EXPECT_EQ(requests, 10u);
}

void awaitConnections(World& world, std::size_t count) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  std::size_t now = world.server().connections();
  // Asked once: a connection that its client has given up already may still be taken in, for a moment.
  while (now != count && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
    now = world.server().connections();
  }
  EXPECT_EQ(now, count);
}

TEST(ServerTest, BeyondTheLimitAClientIsToldSoAndAnOpenPlaceIsGivenAgain) {
  for (const bool perAddress : {false, true}) {
    Settings settings;
    (perAddress ? settings.mostPerAddress : settings.mostConnections) = 2;
    World world(echo, settings);
    auto first = std::make_unique<Client>(world);
    Client second(world);
    awaitConnections(world, 2);
    Client third(world);
    third.send(get("/"));
    const Answer answer = third.answer();
    EXPECT_EQ(answer.status, 503);
    EXPECT_TRUE(answer.whole);
    EXPECT_TRUE(answer.has("Retry-After: "));
    EXPECT_NE(answer.body.find("too many connections"), std::string::npos);
    third.endSending();
    EXPECT_TRUE(third.closed());
    first.reset();
    awaitConnections(world, 1);
    Client fourth(world);
    fourth.send(get("/again"));
    EXPECT_EQ(fourth.answer().status, 200);
  }
}

TEST(ServerTest, AManyClientsThatComeAndGoLeaveNothingBehind) {
  World world(echo, {}, 2);
  for (int i = 0; i < 300; ++i) {
    Client client(world);
    client.send(get("/"));
    if (i % 3 == 0) EXPECT_EQ(client.answer().status, 200);
  }
  awaitConnections(world, 0);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MYDHT_HEAP_UNKNOWN
#endif
#endif
#ifndef MYDHT_HEAP_UNKNOWN
TEST(ServerTest, AnIdleConnectionCostsAtMostThreeKibibytes) {
  constexpr std::size_t kMany = 500;
  World world(echo);
  std::vector<std::unique_ptr<Client>> clients;
  const auto fill = [&](std::size_t count) {
    while (clients.size() < count) {
      clients.push_back(std::make_unique<Client>(world));
      clients.back()->send(get("/"));
      EXPECT_EQ(clients.back()->answer().status, 200);
    }
    awaitConnections(world, count);
  };
  fill(10);  // what is there once
  const auto before = ::mallinfo2().uordblks;
  fill(10 + kMany);
  const auto after = ::mallinfo2().uordblks;
  const auto each = (after - before) / kMany;
  RecordProperty("bytes_per_idle_connection", static_cast<int>(each));
  EXPECT_LE(each, 3072u);
}
#endif

Task<Response> answerWhenReleased(Request& request, std::atomic<int>& begun, std::atomic<bool>& release) {
  ++begun;
  while (!release) co_await sleepUntil(request.loop().now() + 1ms);
  co_return respond(200, "text/plain", "finished");
}

TEST(ServerTest, AStopFinishesWhatHasBegunAndClosesIdleConnections) {
  std::atomic<int> begun = 0;
  std::atomic<bool> release = false;
  World world([&](Request& request) { return answerWhenReleased(request, begun, release); }, {}, 2);
  Client idle(world);
  Client busy(world);
  busy.send(get("/"));
  while (begun == 0) std::this_thread::yield();
  std::thread stopping([&world] { world.stop(10s); });
  EXPECT_TRUE(idle.closed());
  Client late(world);
  EXPECT_TRUE(!late.connected() || late.receiveAll().empty()) << "nobody is served any more";
  release = true;
  const Answer answer = busy.answer();
  EXPECT_EQ(answer.body, "finished");
  EXPECT_TRUE(answer.has("Connection: close\r\n"));
  busy.endSending();
  stopping.join();
}

TEST(ServerTest, AStopBreaksOffAtItsDeadlineWhatDoesNotEnd) {
  const std::string large(50'000'000, 'x');
  World world([&large](Request&) -> Task<Response> { co_return respond(200, "text/plain", large); });
  Client stuck(world, 16 * 1024);  // takes nothing
  stuck.send(get("/"));
  EXPECT_FALSE(stuck.receive().empty());
  const auto begin = std::chrono::steady_clock::now();
  world.stop(50ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_LT(stuck.receiveAll().size(), large.size());
}

TEST(ServerTest, AServerThatNeverStartedMayBeDestroyed) {
  runtime::EventLoop loop;
  FunctionHandler handler(echo);
  const auto listening = runtime::listenOn({"127.0.0.1"}, 0, 0s);
  const Server server({&loop}, *listening, {}, handler);
  EXPECT_EQ(server.port(), listening->port);
}

}  // namespace
}  // namespace mydht::http::testing
