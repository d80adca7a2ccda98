// Proves what the value endpoints answer, as HTTP says it: status codes, validators, ranges, conditions and refusals.
// A ring of one node on a simulated disk answers over loopback; a client sends bytes as they are.
#include <gtest/gtest.h>

#include "common/hash/sha256.h"
#include "common/http/digest_field.h"
#include "common/result/limits.h"
#include "tests/unit/server/api/world.h"

namespace mydht::api {
namespace {

using support::ask;
using support::get;
using support::HttpAnswer;
using support::put;
using testing::World;

class Values : public ::testing::Test {
 protected:
  HttpAnswer head(std::string target) { return ask(port(), {"HEAD", std::move(target), {}, {}}); }
  HttpAnswer remove(std::string target, std::string lines = {}) {
    return ask(port(), {"DELETE", std::move(target), std::move(lines), {}});
  }
  std::uint16_t port() const { return world_.port(); }
  World world_;
};

std::string etagOf(std::string_view value) {
  return '"' + hexOf(sha256Of(value)) + '"';
}

TEST_F(Values, AFirstPutIsCreatedAndASecondOneReplaces) {
  const auto first = put(port(), "/k", "one");
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(first.field("Mydht-Copies"), "1/3");
  EXPECT_EQ(first.field("ETag"), etagOf("one"));
  EXPECT_EQ(put(port(), "/k", "two").status, 204);
  EXPECT_EQ(get(port(), "/k").body, "two");
}

TEST_F(Values, AValueComesWithAllThatDescribesIt) {
  put(port(), "/k", "value", "Content-Type: text/plain\r\n");
  const auto answer = get(port(), "/k");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "value");
  EXPECT_EQ(answer.field("ETag"), etagOf("value"));
  EXPECT_EQ(answer.field("Content-Type"), "text/plain");
  EXPECT_EQ(answer.field("Content-Length"), "5");
  EXPECT_EQ(answer.field("Last-Modified"), "Fri, 20 Nov 2026 10:15:00 GMT");
  EXPECT_EQ(answer.field("Repr-Digest"), http::reprDigest(sha256Of("value")));
  EXPECT_EQ(answer.field("Accept-Ranges"), "bytes");
  EXPECT_EQ(answer.field("Cache-Control"), "no-cache");
  EXPECT_EQ(answer.field("Content-Security-Policy"), "sandbox");
  EXPECT_EQ(answer.field("X-Content-Type-Options"), "nosniff");
}

TEST_F(Values, AValueWithoutATypeIsBytes) {
  put(port(), "/k", "value");
  EXPECT_EQ(get(port(), "/k").field("Content-Type"), "application/octet-stream");
}

TEST_F(Values, AnEmptyValueIsAValue) {
  EXPECT_EQ(put(port(), "/k", "").status, 201);
  const auto answer = get(port(), "/k");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("Content-Length"), "0");
}

TEST_F(Values, AHeadSaysWhatAGetSaysWithoutTheValue) {
  put(port(), "/large", std::string(300'000, 'x'));
  const auto answer = head("/large");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("Content-Length"), "300000");
  EXPECT_EQ(answer.field("ETag"), etagOf(std::string(300'000, 'x')));
  EXPECT_EQ(answer.body, "");
}

TEST_F(Values, ALargeValueComesBackWhole) {
  std::string value;
  for (int i = 0; value.size() < 1'000'000; ++i) value += std::to_string(i);
  EXPECT_EQ(put(port(), "/large", value).status, 201);
  const auto answer = get(port(), "/large");
  EXPECT_TRUE(answer.whole);
  EXPECT_EQ(answer.body, value);
}

TEST_F(Values, AChunkedBodyIsAValue) {
  support::HttpClient client(port());
  client.send(
      "PUT /k HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(client.answer().status, 201);
  EXPECT_EQ(get(port(), "/k").body, "abcde");
}

TEST_F(Values, ADeletedValueIsGone) {
  put(port(), "/k", "value");
  EXPECT_EQ(remove("/k").status, 204);
  EXPECT_EQ(get(port(), "/k").status, 404);
  EXPECT_EQ(head("/k").status, 404);
  EXPECT_EQ(remove("/k").status, 404);
}

TEST_F(Values, AMissingKeyIsAProblem) {
  const auto answer = get(port(), "/missing");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.field("Content-Type"), "application/problem+json");
}

TEST_F(Values, KeysAreDecodedExactly) {
  put(port(), "/a%20b/%2e%2e/%FF?x=1", "odd");
  EXPECT_EQ(get(port(), "/_mydht/value?key=a+b%2F..%2F%FF").body, "odd");
  EXPECT_EQ(put(port(), "/_mydht/value?key=%2Fslash", "first").status, 201);
  EXPECT_EQ(get(port(), "//slash").body, "first");
}

TEST_F(Values, BadKeysAreRefusedWithTheLimit) {
  const auto tooLong = put(port(), "/" + std::string(limits::kKeyBytes + 1, 'k'), "v");
  EXPECT_EQ(tooLong.status, 400);
  EXPECT_NE(tooLong.body.find("2048"), std::string::npos) << tooLong.body;
  EXPECT_EQ(put(port(), "/" + std::string(limits::kKeyBytes, 'k'), "v").status, 201);
  for (const std::string target :
       {"/", "/_mydht/value?key=", "/_mydht/value", "/_mydht/mine", "/%5Fmydht/x", "/a%2", "/a%zz"}) {
    const auto answer = put(port(), target, "v");
    EXPECT_EQ(answer.status, 400) << target;
    EXPECT_EQ(answer.field("Content-Type"), "application/problem+json") << target;
  }
  EXPECT_EQ(get(port(), "/_mydht/mine").status, 400);
}

TEST_F(Values, AWrongConsistencyIsRefusedAndOthersAreIgnored) {
  EXPECT_EQ(put(port(), "/k?consistency=some", "v").status, 400);
  EXPECT_EQ(get(port(), "/k?consistency=").status, 400);
  EXPECT_EQ(put(port(), "/k?consistency=all&other=%zz", "v").status, 201);
}

TEST_F(Values, WhatIsReadFromOneNodeSaysSo) {
  put(port(), "/k", "v");
  EXPECT_EQ(get(port(), "/k").field("Mydht-Consistency"), "");
  const auto one = get(port(), "/k?consistency=one");
  EXPECT_EQ(one.body, "v");
  EXPECT_EQ(one.field("Mydht-Consistency"), "one");
  EXPECT_EQ(get(port(), "/none?consistency=one").status, 404);
}

TEST_F(Values, RangesAreParts) {
  put(port(), "/k", "0123456789");
  const auto middle = get(port(), "/k", "Range: bytes=2-4\r\n");
  EXPECT_EQ(middle.status, 206);
  EXPECT_EQ(middle.body, "234");
  EXPECT_EQ(middle.field("Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(get(port(), "/k", "Range: bytes=-3\r\n").body, "789");
  EXPECT_EQ(get(port(), "/k", "Range: bytes=8-99\r\n").body, "89");
  const auto behind = get(port(), "/k", "Range: bytes=10-\r\n");
  EXPECT_EQ(behind.status, 416);
  EXPECT_EQ(behind.field("Content-Range"), "bytes */10");
  EXPECT_EQ(get(port(), "/k", "Range: bytes=0-1,4-5\r\n").status, 200);
}

TEST_F(Values, ARangeOfALargeValueIsReadFromItsMiddle) {
  std::string value(700'000, 'a');
  value.replace(500'000, 3, "xyz");
  put(port(), "/large", value);
  EXPECT_EQ(get(port(), "/large", "Range: bytes=499999-500003\r\n").body, "axyza");
}

TEST_F(Values, IfRangeTakesTheRangeOnlyOfTheSameValue) {
  put(port(), "/k", "0123456789");
  const std::string range = "Range: bytes=0-0\r\nIf-Range: ";
  EXPECT_EQ(get(port(), "/k", range + etagOf("0123456789") + "\r\n").status, 206);
  EXPECT_EQ(get(port(), "/k", range + etagOf("another") + "\r\n").status, 200);
}

TEST_F(Values, ConditionsOfReadsAreWeighed) {
  put(port(), "/k", "v");
  const auto same = get(port(), "/k", "If-None-Match: " + etagOf("v") + "\r\n");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(same.field("ETag"), etagOf("v"));
  EXPECT_EQ(get(port(), "/k", "If-None-Match: " + etagOf("w") + "\r\n").status, 200);
  EXPECT_EQ(get(port(), "/k", "If-Match: " + etagOf("w") + "\r\n").status, 412);
  EXPECT_EQ(get(port(), "/k", "If-Match: unquoted\r\n").status, 400);
  EXPECT_EQ(get(port(), "/k", "If-Modified-Since: Fri, 20 Nov 2026 10:15:00 GMT\r\n").status, 304);
}

TEST_F(Values, ConditionsOfWritesAreWeighed) {
  EXPECT_EQ(put(port(), "/k", "v", "If-Match: *\r\n").status, 412);
  EXPECT_EQ(put(port(), "/k", "v", "If-None-Match: *\r\n").status, 201);
  EXPECT_EQ(put(port(), "/k", "w", "If-None-Match: *\r\n").status, 412);
  EXPECT_EQ(get(port(), "/k").body, "v");
  EXPECT_EQ(put(port(), "/k", "w", "If-Match: " + etagOf("v") + "\r\n").status, 204);
  EXPECT_EQ(put(port(), "/k", "x", "If-Match: w\r\n").status, 400);
  EXPECT_EQ(remove("/k", "If-Match: " + etagOf("v") + "\r\n").status, 412);
  EXPECT_EQ(remove("/k", "If-Match: " + etagOf("w") + "\r\n").status, 204);
}

TEST_F(Values, AnAnnouncedDigestIsVerified) {
  const std::string good = "Repr-Digest: " + http::reprDigest(sha256Of("v")) + "\r\n";
  EXPECT_EQ(put(port(), "/k", "v", good).status, 201);
  EXPECT_EQ(put(port(), "/k", "w", good).status, 400);
  EXPECT_EQ(put(port(), "/k", "w", "Repr-Digest: nonsense\r\n").status, 400);
  EXPECT_EQ(put(port(), "/k", std::string(300'000, 'x'), good).status, 400);
  EXPECT_EQ(get(port(), "/k").body, "v");
}

TEST_F(Values, APartOfAValueCannotBePut) {
  EXPECT_EQ(put(port(), "/k", "v", "Content-Range: bytes 0-0/2\r\n").status, 400);
  EXPECT_EQ(get(port(), "/k").status, 404);
}

TEST_F(Values, ATypeBeyondItsLimitIsRefused) {
  EXPECT_EQ(put(port(), "/k", "v", "Content-Type: " + std::string(256, 't') + "\r\n").status, 400);
}

TEST_F(Values, AnUploadThatBreaksOffLeavesThePreviousValue) {
  put(port(), "/k", "previous");
  for (const std::size_t sent : {std::size_t{10}, std::size_t{200'000}}) {
    support::HttpClient client(port());
    client.send("PUT /k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000\r\n\r\n" + std::string(sent, 'x'));
    client.endSending();
    EXPECT_EQ(client.answer().status, 400) << sent;
    EXPECT_EQ(get(port(), "/k").body, "previous") << sent;
  }
}

TEST_F(Values, AFullDiskIsSaid) {
  put(port(), "/k", "previous");
  world_.setFull(true);
  const auto refused = put(port(), "/k", std::string(300'000, 'x'));
  EXPECT_EQ(refused.status, 507);
  EXPECT_EQ(refused.field("Mydht-Outcome"), "not-done");
  EXPECT_EQ(get(port(), "/k").body, "previous");
  EXPECT_EQ(remove("/k").status, 204);
}

TEST_F(Values, AnotherMethodIsNotAllowed) {
  const auto answer = ask(port(), {"POST", "/k", {}, "v"});
  EXPECT_EQ(answer.status, 405);
  EXPECT_NE(answer.field("Allow").find("PUT"), std::string::npos);
}

TEST(TrustedValues, MayActInTheRingsOrigin) {
  World world(true);
  put(world.port(), "/k", "v");
  EXPECT_EQ(get(world.port(), "/k").field("Content-Security-Policy"), "");
}

}  // namespace
}  // namespace mydht::api
