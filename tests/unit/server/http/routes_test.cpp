// Proves that the table of routes alone decides who answers: exact paths before beginnings, HEAD with GET, 404, 405 and
// OPTIONS from the rows, and the guard asked before anything runs. How: a router of a few rows behind a real server.
#include "server/http/routes.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/unit/server/http/world.h"

namespace mydht::http::testing {
namespace {

/// Refuses writers.
class TestGuard final : public Guard {
 public:
  std::optional<Response> refuse(const Request&, Caller caller) override {
    if (caller != Caller::Writer) return std::nullopt;
    return respondError(Error{Kind::Forbidden, "start the node with --secret-file"});
  }
};

Route row(Method method, std::string path, std::string name, Caller caller = Caller::Reader) {
  const auto answer = [name](Request&) -> Task<Response> { co_return respond(200, "text/plain", name); };
  return Route{method, std::move(path), caller, answer, "help"};
}

std::vector<Route> rows() {
  std::vector<Route> all;
  all.push_back(row(Method::Get, "/*", "key"));
  all.push_back(row(Method::Put, "/*", "put", Caller::Writer));
  all.push_back(row(Method::Get, "/", "home"));
  all.push_back(row(Method::Get, "/_mydht/status", "status"));
  all.push_back(row(Method::Post, "/_mydht/peer", "peer"));
  all.push_back(row(Method::Get, "/_mydht/files/*", "file"));
  return all;
}

class RoutesTest : public ::testing::Test {
 protected:
  Answer ask(const std::string& method, const std::string& path) {
    client_.send(method + " " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
    return client_.answer(methodOf(method));
  }

  TestGuard guard_;
  Router router_{rows(), guard_};
  World world_{[this](Request& request) { return router_.handle(request); }};
  Client client_{world_};
};

TEST_F(RoutesTest, ExactPathsComeBeforeBeginningsAndLongBeginningsBeforeShortOnes) {
  EXPECT_EQ(ask("GET", "/").body, "home");
  EXPECT_EQ(ask("GET", "/some/key").body, "key");
  EXPECT_EQ(ask("GET", "/_mydht/status").body, "status");
  EXPECT_EQ(ask("GET", "/_mydht/status?x=1").body, "status");
  EXPECT_EQ(ask("GET", "/_mydht/files/a").body, "file");
  EXPECT_EQ(ask("GET", "/_mydht/status/").body, "key") << "another path is another path";
}

TEST_F(RoutesTest, AHeadIsAnsweredByTheRowOfGet) {
  const Answer answer = ask("HEAD", "/");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.has("Content-Length: 4\r\n"));
}

TEST_F(RoutesTest, AnotherMethodIsRefusedWithTheOnesThatArePossible) {
  const Answer answer = ask("GET", "/_mydht/peer");
  EXPECT_EQ(answer.status, 405);
  EXPECT_TRUE(answer.has("Allow: POST, OPTIONS\r\n"));
  EXPECT_EQ(ask("BREW", "/").status, 405);
}

TEST_F(RoutesTest, OptionsSaysWhatIsPossible) {
  const Answer answer = ask("OPTIONS", "/_mydht/status");
  EXPECT_EQ(answer.status, 204);
  EXPECT_TRUE(answer.has("Allow: HEAD, GET, OPTIONS\r\n"));
}

TEST_F(RoutesTest, WhatTheGuardRefusesDoesNotRun) {
  const Answer answer = ask("PUT", "/some/key");
  EXPECT_EQ(answer.status, 403);
  EXPECT_NE(answer.body.find("--secret-file"), std::string::npos);
}

/// Answers when told to, and counts who waits for that.
struct Waiting {
  std::atomic<int> begun = 0;
  std::atomic<bool> release = false;

  Route row(std::string path, bool bounded) {
    const auto answer = [this](Request& request) { return wait(request); };
    return Route{Method::Put, std::move(path), Caller::Reader, answer, "help", bounded};
  }
  Task<Response> wait(Request& request) {
    const std::string body = co_await pullAll(request);
    if (body.starts_with("error: ")) co_return respondError(Error{Kind::NotDone, body});
    ++begun;
    while (!release) co_await sleepUntil(request.loop().now() + 1ms);
    co_return respond(200, "text/plain", body);
  }
  bool awaitBegun(int count) const {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (begun < count && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return begun == count;
  }
};

std::string putOf(std::string_view path, std::string_view body) {
  return "PUT " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

void expectTooBusy(const Answer& answer) {
  EXPECT_EQ(answer.status, 503);
  EXPECT_TRUE(answer.has("Retry-After: 1\r\n"));
  EXPECT_TRUE(answer.has("Mydht-Outcome: not-done\r\n"));
  EXPECT_NE(answer.body.find("too much to do"), std::string::npos) << answer.body;
}

TEST(RouterTest, BeyondWhatALoopMayWorkOnRequestsAreRefusedUntilOneHasEnded) {
  Waiting waiting;
  TestGuard guard;
  Router router({waiting.row("/*", true), waiting.row("/free", false)}, guard);
  Settings settings;
  settings.mostBusy = 2;
  World world([&router](Request& request) { return router.handle(request); }, settings);
  Client first(world);
  Client second(world);
  Client third(world);
  Client free(world);
  first.send(putOf("/1", "one"));
  second.send(putOf("/2", "two"));
  ASSERT_TRUE(waiting.awaitBegun(2));
  third.send(putOf("/3", "three"));
  expectTooBusy(third.answer());
  EXPECT_EQ(world.server().numbers().tooBusy, 1U);
  free.send(putOf("/free", "is not counted"));
  ASSERT_TRUE(waiting.awaitBegun(3));
  waiting.release = true;
  EXPECT_EQ(first.answer().body, "one");
  EXPECT_EQ(second.answer().body, "two");
  EXPECT_EQ(free.answer().status, 200);
  third.send(putOf("/3", "three"));
  EXPECT_EQ(third.answer().body, "three") << "and over the same connection";
}

TEST(RouterTest, WhoWaitsForItsClientTakesNobodysPlaceAndIsRefusedAtItsEndIfThereIsNoneLeft) {
  Waiting waiting;
  TestGuard guard;
  Router router({waiting.row("/*", true)}, guard);
  Settings settings;
  settings.mostBusy = 1;
  World world([&router](Request& request) { return router.handle(request); }, settings);
  std::vector<std::unique_ptr<Client>> slow;
  const std::string body(100, 'x');
  const std::string request = putOf("/slow", body);
  for (int i = 0; i < 20; ++i) {
    slow.push_back(std::make_unique<Client>(world));
    slow.back()->send(std::string_view(request).substr(0, request.size() - 1));
  }
  Client quick(world);
  quick.send(putOf("/quick", body));
  ASSERT_TRUE(waiting.awaitBegun(1)) << "the slow ones held the only place";
  for (const auto& client : slow) client->send("x");
  for (const auto& client : slow) {
    const Answer answer = client->answer();
    EXPECT_EQ(answer.status, 503);
    EXPECT_NE(answer.body.find("too much to do"), std::string::npos) << answer.body;
  }
  waiting.release = true;
  EXPECT_EQ(quick.answer().status, 200);
  slow.front()->send(request);
  EXPECT_EQ(slow.front()->answer().status, 200) << "its body was read to its end";
}

TEST(RouterTest, APathThatNoRowNamesIsNotFound) {
  TestGuard guard;
  std::vector<Route> one;
  one.push_back(row(Method::Get, "/only", "only"));
  Router router(std::move(one), guard);
  World world([&router](Request& request) { return router.handle(request); });
  Client client(world);
  client.send(get("/other") + get("/only"));
  EXPECT_EQ(client.answer().status, 404);
  EXPECT_EQ(client.answer().body, "only");
}

TEST(RouterTest, TwoRowsForOneMethodAndPathEndTheProcess) {
  TestGuard guard;
  EXPECT_DEATH(
      {
        std::vector<Route> two;
        two.push_back(row(Method::Get, "/a", "first"));
        two.push_back(row(Method::Get, "/a", "second"));
        const Router router(std::move(two), guard);
      },
      "broken invariant");
}

}  // namespace
}  // namespace mydht::http::testing
