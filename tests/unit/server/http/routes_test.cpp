// Proves that the table of routes alone decides who answers: exact paths before beginnings, HEAD with GET, 404, 405 and
// OPTIONS from the rows, and the guard asked before anything runs. How: a router of a few rows behind a real server.
#include "server/http/routes.h"

#include <gtest/gtest.h>

#include <string>
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
