// Proves who may do what, row by row of the table in DESIGN.md: protected mode, the secret, proxies, browsers. How:
// heads parsed from text, a clock that is set, and signatures made as client and nodes make them.
#include "server/access/access_policy.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/protocol/names.h"

namespace mydht::access {
namespace {

constexpr std::string_view kSecret = "the ring's secret";

class SetClock final : public Clock {
 public:
  std::int64_t wallMicros() const override { return now; }
  std::int64_t now = 1'795'000'000'000'000;
};

class CountingRandom final : public Random {
 public:
  std::uint64_t next() override { return ++last_; }

 private:
  std::uint64_t last_ = 0;
};

/// A request as text and what it asks for.
struct Asked {
  std::string method = "PUT";
  std::string target = "/key";
  std::string host = "localhost:50140";
  std::string lines;
};

class AccessTest : public ::testing::Test {
 protected:
  /// The status of the refusal; 0: it may go on.
  int status(const Asked& asked, bool here, Action action) {
    const auto refusal = refuse(asked, here, action);
    return refusal ? refusal->problem.status : 0;
  }
  std::optional<Refusal> refuse(const Asked& asked, bool here, Action action) {
    if (!policy_) policy_ = std::make_unique<AccessPolicy>(settings_, secret_, clock_);
    const std::string text =
        asked.method + " " + asked.target + " HTTP/1.1\r\nHost: " + asked.host + "\r\n" + asked.lines + "\r\n";
    http::RequestHead head;
    EXPECT_TRUE(http::parseRequestHead(text, head).done()) << text;
    return policy_->refuse(head, here, action);
  }
  std::string detail(const Asked& asked, bool here, Action action) {
    const auto refusal = refuse(asked, here, action);
    return refusal ? refusal->problem.detail : "";
  }

  /// The request with a signature, made by this secret at that time.
  Asked signedBy(std::string_view secret, Asked asked = {}, std::string_view digest = {}) {
    const protocol::SignedParts parts{asked.method, asked.target, asked.host, digest};
    asked.lines += "Authorization: " + authorize(std::string(secret), parts, clock_, random_) + "\r\n";
    return asked;
  }
  Asked message(std::string_view secret) {
    Asked asked{"POST", "/_mydht/peer", "node-a:50140", {}};
    const std::string digest(64, 'd');
    asked.lines = std::string(protocol::kMessageDigestHeader) + ": " + digest + "\r\n";
    return signedBy(secret, asked, digest);
  }

  static constexpr bool kHere = true;
  static constexpr bool kElsewhere = false;

  Settings settings_{true, false, "node-a:50140", {}};
  Secret secret_;
  SetClock clock_;
  CountingRandom random_;
  std::unique_ptr<AccessPolicy> policy_;
};

class WithSecret : public AccessTest {
 protected:
  WithSecret() { secret_.set(std::string(kSecret)); }
};

using ProtectedMode = AccessTest;

TEST_F(ProtectedMode, EverythingIsAllowedFromThisMachine) {
  for (const Action action : {Action::Read, Action::Write, Action::Ring, Action::Peer}) {
    EXPECT_EQ(status({}, kHere, action), 0);
  }
}

TEST_F(ProtectedMode, AnotherMachineReadsAndIsToldWhatToDoForTheRest) {
  EXPECT_EQ(status({}, kElsewhere, Action::Read), 0);
  for (const Action action : {Action::Write, Action::Ring, Action::Peer}) {
    const auto refusal = refuse({}, kElsewhere, action);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->problem.status, 403);
    EXPECT_EQ(refusal->problem.title, "Forbidden");
    EXPECT_NE(refusal->problem.detail.find("--secret-file"), std::string::npos) << refusal->problem.detail;
    EXPECT_TRUE(refusal->challenge.empty());
  }
  EXPECT_NE(detail({}, kElsewhere, Action::Peer).find("join"), std::string::npos);
}

TEST_F(ProtectedMode, ASignatureOpensNothingWhereThereIsNoSecret) {
  EXPECT_EQ(status(signedBy(kSecret), kElsewhere, Action::Write), 403);
}

TEST_F(ProtectedMode, WhatComesThroughAProxyIsFromAnotherMachine) {
  for (const std::string line : {"Forwarded: for=1.2.3.4\r\n", "X-Forwarded-For: 1.2.3.4\r\n", "via: 1.1 proxy\r\n"}) {
    EXPECT_EQ(status({.lines = line}, kHere, Action::Read), 0);
    EXPECT_EQ(status({.lines = line}, kHere, Action::Write), 403) << line;
    EXPECT_EQ(status({.lines = line}, kHere, Action::Ring), 403) << line;
    EXPECT_EQ(status({.lines = line}, kHere, Action::Peer), 403) << line;
  }
}

TEST_F(WithSecret, FromThisMachineReadsAndWritesNeedNoSignatureAndTheRingDoes) {
  EXPECT_EQ(status({}, kHere, Action::Read), 0);
  EXPECT_EQ(status({}, kHere, Action::Write), 0);
  EXPECT_EQ(status({}, kHere, Action::Ring), 401);
  EXPECT_EQ(status({}, kHere, Action::Peer), 401);
}

TEST_F(WithSecret, FromAnotherMachineEverybodyReadsByDefaultAndNoMore) {
  EXPECT_EQ(status({}, kElsewhere, Action::Read), 0);
  for (const Action action : {Action::Write, Action::Ring, Action::Peer}) {
    const auto refusal = refuse({}, kElsewhere, action);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->problem.status, 401);
    EXPECT_EQ(refusal->challenge, "Mydht-Hmac");
    EXPECT_NE(refusal->problem.detail.find("--secret-file"), std::string::npos) << refusal->problem.detail;
  }
}

TEST_F(WithSecret, AnonymousMayBeGrantedWritesAndDeniedReads) {
  settings_.anonymousRead = false;
  settings_.anonymousWrite = true;
  EXPECT_EQ(status({}, kElsewhere, Action::Read), 401);
  EXPECT_EQ(status({}, kElsewhere, Action::Write), 0);
  EXPECT_EQ(status({}, kElsewhere, Action::Ring), 401);
  EXPECT_EQ(status({}, kElsewhere, Action::Peer), 401);
  EXPECT_EQ(status({}, kHere, Action::Read), 0);
}

TEST_F(WithSecret, WhatComesThroughAProxyIsFromAnotherMachine) {
  EXPECT_EQ(status({.lines = "Via: 1.1 proxy\r\n"}, kHere, Action::Write), 401);
}

TEST_F(WithSecret, WhoSignsMayDoEverythingFromAnywhere) {
  settings_.anonymousRead = false;
  for (const bool where : {kHere, kElsewhere}) {
    EXPECT_EQ(status(signedBy(kSecret), where, Action::Read), 0);
    EXPECT_EQ(status(signedBy(kSecret), where, Action::Write), 0);
    EXPECT_EQ(status(signedBy(kSecret), where, Action::Ring), 0);
    EXPECT_EQ(status(message(kSecret), where, Action::Peer), 0);
  }
}

TEST_F(WithSecret, TheQueryAndTheAnnouncedDigestOfTheBodyAreSigned) {
  const Asked withQuery{"PUT", "/_mydht/value?key=a%20b", "node-a:50140", {}};
  EXPECT_EQ(status(signedBy(kSecret, withQuery), kElsewhere, Action::Write), 0);
  Asked digest;
  digest.lines = "Repr-Digest: sha-256=:AAAA:\r\n";
  EXPECT_EQ(status(signedBy(kSecret, digest, "sha-256=:AAAA:"), kElsewhere, Action::Write), 0);
  EXPECT_EQ(status(signedBy(kSecret, digest, "sha-256=:BBBB:"), kElsewhere, Action::Write), 401);
}

TEST_F(WithSecret, AnotherSecretIsRefusedAndNamedAsSuch) {
  const std::string why = detail(signedBy("guessed"), kElsewhere, Action::Write);
  EXPECT_NE(why.find("another secret"), std::string::npos) << why;
  EXPECT_EQ(status(message("guessed"), kHere, Action::Peer), 401);
}

TEST_F(WithSecret, ASignatureOfOneRequestIsWorthNothingForAnother) {
  for (int part = 0; part < 3; ++part) {
    Asked asked = signedBy(kSecret, {"PUT", "/key", "node-a:50140", {}});
    if (part == 0) asked.method = "DELETE";
    if (part == 1) asked.target = "/key2";
    if (part == 2) asked.host = "localhost:50140";
    EXPECT_EQ(status(asked, kElsewhere, Action::Write), 401) << part;
  }
}

TEST_F(WithSecret, AnAuthorizationOfAnotherFormIsRefusedWithTheFormThatIsWanted) {
  for (const std::string value : {"Basic YTpi", "Mydht-Hmac", "Mydht-Hmac time=1,nonce=2,mac=3"}) {
    const std::string why = detail({.lines = "Authorization: " + value + "\r\n"}, kElsewhere, Action::Write);
    EXPECT_NE(why.find("Mydht-Hmac time="), std::string::npos) << why;
  }
  Asked two = signedBy(kSecret);
  two.lines += "Authorization: Basic YTpi\r\n";
  EXPECT_EQ(status(two, kElsewhere, Action::Write), 401);
}

TEST_F(WithSecret, AMessageBetweenNodesIsSignedWithItsDigest) {
  const Asked without = signedBy(kSecret, {"POST", "/_mydht/peer", "node-a:50140", {}});
  EXPECT_EQ(status(without, kElsewhere, Action::Peer), 401);
}

TEST_F(WithSecret, ASignatureCountsOnce) {
  const Asked asked = signedBy(kSecret);
  EXPECT_EQ(status(asked, kElsewhere, Action::Write), 0);
  const std::string why = detail(asked, kElsewhere, Action::Write);
  EXPECT_NE(why.find("used before"), std::string::npos) << why;
  EXPECT_EQ(status(signedBy(kSecret), kElsewhere, Action::Write), 0);
}

TEST_F(WithSecret, ASignatureIsTakenWithinFiveMinutesOfThisNodesClock) {
  for (const std::int64_t off : {-kSignatureMicros, kSignatureMicros}) {
    clock_.now += off;
    const Asked asked = signedBy(kSecret);
    clock_.now -= off;
    EXPECT_EQ(status(asked, kElsewhere, Action::Write), 0);
  }
  for (const std::int64_t off : {-kSignatureMicros - 1, kSignatureMicros + 1}) {
    clock_.now += off;
    const Asked asked = signedBy(kSecret);
    clock_.now -= off;
    const std::string why = detail(asked, kElsewhere, Action::Write);
    EXPECT_NE(why.find("set the clocks right"), std::string::npos) << why;
  }
}

TEST_F(WithSecret, AnotherSecretCountsFromTheMomentOfItsExchange) {
  EXPECT_EQ(status(signedBy(kSecret), kElsewhere, Action::Write), 0);
  secret_.set("the next one");
  EXPECT_EQ(status(signedBy(kSecret), kElsewhere, Action::Write), 401);
  EXPECT_EQ(status(signedBy("the next one"), kElsewhere, Action::Write), 0);
  secret_.set(std::nullopt);
  EXPECT_EQ(status(signedBy("the next one"), kElsewhere, Action::Write), 403);
}

TEST_F(AccessTest, WhatChangesAnythingNeedsAHostThatIsOurs) {
  settings_.allowedHosts = {"files.example", "other.example:8080"};
  for (const std::string host :
       {"localhost", "LOCALHOST:50140", "localhost.:1", "127.0.0.1", "127.0.0.1:50140", "10.1.2.3", "[::1]:50140",
        "[2001:db8::1]", "node-a", "NODE-A:50140", "node-a:1", "files.example", "files.example:80", "other.example"}) {
    EXPECT_EQ(status({.host = host}, kHere, Action::Write), 0) << host;
    EXPECT_EQ(status({.host = host}, kHere, Action::Peer), 0) << host;
  }
  for (const std::string host : {"evil.example", "evil.example:50140", "localhost.evil.example",
                                 "127.0.0.1.evil.example", "node-a.evil.example", "node-b:50140", "0x7f000001.evil"}) {
    for (const Action action : {Action::Write, Action::Ring, Action::Peer}) {
      EXPECT_EQ(status({.host = host}, kHere, action), 403) << host;
    }
    EXPECT_EQ(status({.host = host}, kHere, Action::Read), 0) << host;
  }
  const std::string why = detail({.host = "evil.example"}, kHere, Action::Write);
  EXPECT_NE(why.find("--allow-host"), std::string::npos) << why;
}

TEST_F(AccessTest, ARequestWithoutAHostChangesNothing) {
  http::RequestHead head;
  const std::string text = "DELETE /key HTTP/1.0\r\n\r\n";
  ASSERT_TRUE(http::parseRequestHead(text, head).done());
  policy_ = std::make_unique<AccessPolicy>(settings_, secret_, clock_);
  EXPECT_TRUE(policy_->refuse(head, kHere, Action::Write));
  EXPECT_FALSE(policy_->refuse(head, kHere, Action::Read));
}

TEST_F(AccessTest, APageOfAnotherSiteChangesNothing) {
  const std::string own = "Origin: http://localhost:50140\r\n";
  EXPECT_EQ(status({.lines = own}, kHere, Action::Write), 0);
  EXPECT_EQ(status({.lines = "Origin: https://LOCALHOST:50140\r\n"}, kHere, Action::Ring), 0);
  for (const std::string origin :
       {"http://evil.example", "http://localhost", "http://localhost:3000", "null", "http://127.0.0.1:50140",
        "localhost:50140", "http://localhost:50140.evil.example"}) {
    for (const Action action : {Action::Write, Action::Ring, Action::Peer}) {
      EXPECT_EQ(status({.lines = "Origin: " + origin + "\r\n"}, kHere, action), 403) << origin;
    }
    EXPECT_EQ(status({.lines = "Origin: " + origin + "\r\n"}, kHere, Action::Read), 0) << origin;
  }
  EXPECT_EQ(status({.lines = own + "Origin: http://evil.example\r\n"}, kHere, Action::Write), 403);
}

TEST_F(WithSecret, ASignedRequestNeedsAHostThatIsOursToo) {
  const Asked asked{"PUT", "/key", "node-b:50140", {}};
  EXPECT_EQ(status(signedBy(kSecret, asked), kElsewhere, Action::Write), 403)
      << "it was recorded on its way to another";
}

}  // namespace
}  // namespace mydht::access
