// Proves that each kind of error has its HTTP status and each consistency its name, and that problems go to JSON and
// back whatever bytes are in them.

#include "common/protocol/problem.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "common/protocol/consistency.h"

namespace mydht::protocol {
namespace {

TEST(ProblemTest, EachKindHasItsStatus) {
  EXPECT_EQ(statusOf(Kind::NotFound), 404);
  EXPECT_EQ(statusOf(Kind::Conflict), 409);
  EXPECT_EQ(statusOf(Kind::NotDone), 503);
  EXPECT_EQ(statusOf(Kind::Unknown), 503);
  EXPECT_EQ(statusOf(Kind::OlderRing), 503);
  EXPECT_EQ(statusOf(Kind::Unavailable), 503);
  EXPECT_EQ(statusOf(Kind::Stopped), 503);
  EXPECT_EQ(statusOf(Kind::TooLarge), 413);
  EXPECT_EQ(statusOf(Kind::BadRequest), 400);
  EXPECT_EQ(statusOf(Kind::Unauthorized), 401);
  EXPECT_EQ(statusOf(Kind::Forbidden), 403);
  EXPECT_EQ(statusOf(Kind::Corrupt), 500);
  EXPECT_EQ(statusOf(Kind::Io), 500);
  EXPECT_EQ(statusOf(Kind::NoSpace), 507);
}

TEST(ProblemTest, AProblemIsPrintedAsRfc9457Says) {
  EXPECT_EQ(toJson(problemOf({Kind::NotDone, "1 of 3 home nodes can be reached"}, {"b:50141", "c:50142"})),
            R"({"title":"Service Unavailable","status":503,"detail":"1 of 3 home nodes can be reached",)"
            R"("outcome":"not-done","nodes":["b:50141","c:50142"]})");
  EXPECT_EQ(toJson(problemOf({Kind::Unknown, ""})),
            R"({"title":"Service Unavailable","status":503,"detail":"","outcome":"unknown"})");
  EXPECT_EQ(toJson(problemOf(kPreconditionFailed, "it has changed")),
            R"({"title":"Precondition Failed","status":412,"detail":"it has changed"})");
}

TEST(ProblemTest, NoByteOfADetailCanLeaveItsText) {
  EXPECT_EQ(toJson(problemOf(400, "a\"b\\c\n\x01\x7f</script>&\xff\xc3\xa4\xed\xa0\x80")),
            R"({"title":"Bad Request","status":400,"detail":"a\"b\\c\u000a\u0001\u007f\u003c/script\u003e\u0026\ufffd)"
            "\xc3\xa4"
            R"(\ufffd\ufffd\ufffd"})");
}

TEST(ProblemTest, WhatIsNotAProblemIsRefused) {
  for (const char* bad : {"", "{", "[]", "null", "7", "\"x\"", "{}", "{\"title\":1,\"status\":400,\"detail\":\"\"}",
                          R"({"title":"x","status":"400","detail":""})", R"({"title":"x","status":4e2,"detail":""})",
                          R"({"title":"x","status":-1,"detail":""})", R"({"title":"x","status":600,"detail":""})",
                          R"({"title":"x","status":true,"detail":""})", R"({"title":"x","status":null,"detail":""})",
                          R"({"title":"x","status":99999999999999999999999,"detail":""})",
                          R"({"title":"x","status":400,"detail":"","nodes":[1]})",
                          R"({"title":"x","status":400,"detail":"","nodes":{}})"}) {
    const Result<Problem> problem = problemFromJson(bad);
    ASSERT_FALSE(problem) << bad;
    EXPECT_EQ(problem.error().kind, Kind::BadRequest);
  }
}

TEST(ProblemTest, JsonThatIsDeepOrLongIsRefused) {
  EXPECT_FALSE(problemFromJson(std::string(100'000, '[')));
  std::string deep =
      R"({"title":"x","status":400,"detail":"","more":)" + std::string(20, '[') + std::string(20, ']') + "}";
  EXPECT_FALSE(problemFromJson(deep));
  EXPECT_FALSE(problemFromJson(R"({"title":")" + std::string(2'000'000, 'x') + R"(","status":400,"detail":""})"));
}

TEST(ProblemTest, MembersThatAReaderDoesNotKnowAreIgnored) {
  const Result<Problem> problem =
      problemFromJson(R"({"type":"about:blank","title":"x","status":400,"detail":"y","z":[{}]})");
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->detail, "y");
}

RC_GTEST_PROP(ProblemTest, AnyTextInJsonNeverThrows, (const std::string& bytes)) {
  const Result<Problem> problem = problemFromJson(R"({"title":")" + bytes + R"(","status":400,"detail":""})");
  if (problem) RC_ASSERT(problem->status == 400);
  RC_ASSERT(!problemFromJson(bytes));
}

RC_GTEST_PROP(ProblemTest, AProblemComesBackFromItsJson, ()) {
  const auto ascii = rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
  const Problem problem{*rc::gen::inRange(100, 600), *ascii, *ascii, *ascii,
                        *rc::gen::container<std::vector<std::string>>(ascii)};
  const Result<Problem> back = problemFromJson(toJson(problem));
  RC_ASSERT(back.ok());
  RC_ASSERT(*back == problem);
}

TEST(ConsistencyTest, NamesAreReadAndOthersRefused) {
  for (Consistency consistency : {Consistency::One, Consistency::Quorum, Consistency::All}) {
    EXPECT_EQ(*parseConsistency(consistencyText(consistency)), consistency);
  }
  EXPECT_FALSE(parseConsistency("two"));
  EXPECT_FALSE(parseConsistency("One"));
  EXPECT_EQ(*consistencyOfQuery(""), Consistency::Quorum);
  EXPECT_EQ(*consistencyOfQuery("key=x&consistency=one"), Consistency::One);
  EXPECT_EQ(consistencyOfQuery("consistency=").error().kind, Kind::BadRequest);
  EXPECT_EQ(consistencyOfQuery("consistency=one&consistency=all").error().kind, Kind::BadRequest);
}

}  // namespace
}  // namespace mydht::protocol
