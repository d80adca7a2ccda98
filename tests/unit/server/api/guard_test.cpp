// Proves what stands in front of the routes: no client is answered before the node serves, other nodes are; and the
// access policy's refusals come as problems with their challenge. Requests are parsed from text.
#include "server/api/guard.h"

#include <gtest/gtest.h>

#include "server/runtime/event_loop.h"
#include "tests/unit/server/api/world.h"

namespace mydht::api {
namespace {

using http::Caller;

class GuardTest : public ::testing::Test {
 protected:
  /// The status of the refusal; 0: none.
  int refusal(Caller caller, bool loopback, std::string_view lines = {}) {
    const std::string text = "PUT /k HTTP/1.1\r\nHost: localhost\r\n" + std::string(lines) + "\r\n";
    http::RequestHead head;
    EXPECT_TRUE(http::parseRequestHead(text, head).done());
    const http::Remote remote{"192.0.2.1", "192.0.2.1", loopback};
    const http::Request request(head, remote, loop_, Deadline::max());
    const auto refused = guard_.refuse(request, caller);
    last_ = refused ? std::string(refused->headers.text()) : "";
    return refused ? refused->status : 0;
  }

  runtime::EventLoop loop_;
  testing::FixedClock clock_;
  access::Secret secret_;
  access::AccessPolicy policy_{{}, secret_, clock_};
  Guard guard_{policy_};
  std::string last_;
};

TEST_F(GuardTest, AnswersNoClientBeforeTheNodeServesAndOtherNodesAlways) {
  EXPECT_EQ(refusal(Caller::Reader, true), 503);
  EXPECT_NE(last_.find("Mydht-Outcome: not-done"), std::string::npos);
  EXPECT_NE(last_.find("Retry-After"), std::string::npos);
  EXPECT_EQ(refusal(Caller::Anybody, true), 503);
  EXPECT_EQ(refusal(Caller::Node, true), 0);
  guard_.setServing(true);
  EXPECT_EQ(refusal(Caller::Reader, true), 0);
  guard_.setServing(false);
  EXPECT_EQ(refusal(Caller::Writer, true), 503);
}

TEST_F(GuardTest, KeepsOthersFromChangingAnythingWithoutASecret) {
  guard_.setServing(true);
  for (const Caller caller : {Caller::Writer, Caller::Ring, Caller::Node}) {
    EXPECT_EQ(refusal(caller, true), 0);
    EXPECT_EQ(refusal(caller, false), 403);
    EXPECT_EQ(refusal(caller, true, "Via: 1.1 proxy\r\n"), 403);
  }
  EXPECT_EQ(refusal(Caller::Reader, false), 0);
  EXPECT_EQ(refusal(Caller::Anybody, false), 0);
}

TEST_F(GuardTest, ChallengesWhoDoesNotKnowTheSecret) {
  guard_.setServing(true);
  secret_.set("secret");
  EXPECT_EQ(refusal(Caller::Writer, false), 401);
  EXPECT_NE(last_.find("WWW-Authenticate: Mydht-Hmac"), std::string::npos) << last_;
  EXPECT_EQ(refusal(Caller::Node, true), 401);
  EXPECT_EQ(refusal(Caller::Writer, true), 0);
}

}  // namespace
}  // namespace mydht::api
