// Proves that what is no message, or not the one that was signed, is refused before anybody handles it. How: raw
// requests to the endpoint behind a real server.
#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "common/hash/sha256.h"
#include "server/peer/framing.h"
#include "tests/unit/server/http/world.h"
#include "tests/unit/server/peer/http_subject.h"

namespace mydht::peer::testing {
namespace {

/// A peer handler that counts, behind a server.
class Counted final : public PeerHandler {
 public:
  Task<Result<Call>> handle(Call request, Deadline) override {
    ++calls;
    co_return Call{Bytes("re: " + std::string(request.message.view())), std::move(request.body)};
  }
  std::atomic<int> calls = 0;
};

class EndpointTest : public ::testing::Test {
 protected:
  http::testing::Answer post(const std::string& body, const std::string& lines) {
    http::testing::Client client(world_);
    client.send("POST /_mydht/peer HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
                lines + "\r\n" + body);
    client.endSending();
    return client.answer(http::Method::Post);
  }
  const std::string type_ = "Content-Type: application/x-mydht-peer\r\n";
  Counted handler_;
  PeerEndpoint endpoint_{handler_};
  http::testing::World world_{[this](http::Request& request) { return endpoint_.answer(request); }};
};

std::string framed(std::string_view message, std::string_view body = {}) {
  return std::string(leadOf(message).view()) + std::string(body);
}

TEST_F(EndpointTest, AMessageIsHandledAndAnsweredInTheSameForm) {
  const auto answer = post(framed("hello", "body"), type_);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.has(type_));
  EXPECT_EQ(answer.body, framed("re: hello", "body"));
}

TEST_F(EndpointTest, WhatIsNoMessageIsRefusedAndNeverHandled) {
  std::string tooLong("\x01\x00\x10\x00", 4);
  for (const std::string& body : {std::string(), std::string("abc"), framed("hello").substr(0, 7), tooLong + "x"}) {
    const auto answer = post(body, type_);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_TRUE(answer.has("application/problem+json"));
  }
  EXPECT_EQ(handler_.calls, 0);
}

TEST_F(EndpointTest, AnotherTypeSuchAsAPageCanSendIsRefused) {
  EXPECT_EQ(post(framed("hello"), "Content-Type: text/plain\r\n").status, 400);
  EXPECT_EQ(post(framed("hello"), "").status, 400);
  EXPECT_EQ(handler_.calls, 0);
}

TEST_F(EndpointTest, TheMessageMustBeTheSignedOneAndTheBodyMayBeAny) {
  const std::string header = std::string(protocol::kMessageDigestHeader) + ": ";
  const std::string digest = header + hexOf(sha256Of("hello")) + "\r\n";
  EXPECT_EQ(post(framed("hello", "any body"), type_ + digest).status, 200);
  EXPECT_EQ(post(framed("hullo", "any body"), type_ + digest).status, 400);
  EXPECT_EQ(post(framed("hello"), type_ + header + "x\r\n").status, 400);
  EXPECT_EQ(post(framed("hello"), type_ + header + "\r\n").status, 400);
  EXPECT_EQ(handler_.calls, 1);
}

}  // namespace
}  // namespace mydht::peer::testing
