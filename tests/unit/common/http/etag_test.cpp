// Proves how entity tags and conditions are weighed (RFC 9110, 13). How: tables of lists, and requests with conditions
// against a value or none.

#include "common/http/etag.h"

#include <gtest/gtest.h>

#include <string>

#include "common/http/date.h"

namespace mydht::http {
namespace {

using std::string;
using std::string_view;

constexpr string_view kTag = "\"abc\"";

struct Row {
  string_view list;
  TagMatch strong;  // If-Match
  TagMatch weak;    // If-None-Match
};

constexpr Row kRows[] = {
    {"\"abc\"", TagMatch::Matches, TagMatch::Matches},
    {"\"x\", \"abc\"", TagMatch::Matches, TagMatch::Matches},
    {"\"abc\",\"x\"", TagMatch::Matches, TagMatch::Matches},
    {", ,\"abc\" ,", TagMatch::Matches, TagMatch::Matches},
    {"W/\"abc\"", TagMatch::Differs, TagMatch::Matches},
    {"\"ABC\"", TagMatch::Differs, TagMatch::Differs},
    {"\"a,b\", \"\"", TagMatch::Differs, TagMatch::Differs},
    {"*", TagMatch::Matches, TagMatch::Matches},
    {"\"*\"", TagMatch::Differs, TagMatch::Differs},
    {"", TagMatch::Malformed, TagMatch::Malformed},
    {",", TagMatch::Malformed, TagMatch::Malformed},
    {"abc", TagMatch::Malformed, TagMatch::Malformed},
    {"\"abc", TagMatch::Malformed, TagMatch::Malformed},
    {"\"abc\" \"x\"", TagMatch::Malformed, TagMatch::Malformed},
    {"\"abc\", x", TagMatch::Malformed, TagMatch::Malformed},
    {"w/\"abc\"", TagMatch::Malformed, TagMatch::Malformed},
    {"\"a b\"", TagMatch::Malformed, TagMatch::Malformed},
    {"*, \"abc\"", TagMatch::Malformed, TagMatch::Malformed},
    {"\"abc\", *", TagMatch::Malformed, TagMatch::Malformed},
};

TEST(EtagTest, ListsAreComparedStronglyForIfMatchAndWeaklyForIfNoneMatch) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.list);
    EXPECT_EQ(ifMatch(row.list, kTag), row.strong);
    EXPECT_EQ(ifNoneMatch(row.list, kTag), row.weak);
  }
}

TEST(EtagTest, NothingMatchesAValueThatIsNotThere) {
  EXPECT_EQ(ifMatch("*", std::nullopt), TagMatch::Differs);
  EXPECT_EQ(ifNoneMatch("*", std::nullopt), TagMatch::Differs);
  EXPECT_EQ(ifMatch("\"abc\"", std::nullopt), TagMatch::Differs);
  EXPECT_EQ(ifMatch("abc", std::nullopt), TagMatch::Malformed);
}

TEST(EtagTest, AValuesTagIsItsDigestInQuotes) {
  Digest digest{};
  digest[0] = 0xab;
  digest[31] = 0x01;
  EXPECT_EQ(Etag(digest).text(), "\"ab" + string(60, '0') + "01\"");
}

constexpr std::int64_t kModified = 1'795'166'100;

Precondition check(const string& method, const string& lines, bool exists = true) {
  const string text = method + " /k HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n";
  RequestHead head;
  EXPECT_TRUE(parseRequestHead(text, head).done());
  const std::optional<Current> current = exists ? std::optional(Current{kTag, kModified}) : std::nullopt;
  return checkPreconditions(head, current, kModified + 100);
}

string dated(const string& name, std::int64_t seconds) {
  return name + ": " + string(HttpDate(seconds).text()) + "\r\n";
}

TEST(PreconditionTest, WithoutConditionsARequestProceeds) {
  EXPECT_EQ(check("GET", ""), Precondition::Proceed);
  EXPECT_EQ(check("PUT", "", false), Precondition::Proceed);
}

TEST(PreconditionTest, IfMatchGuardsAWrite) {
  EXPECT_EQ(check("PUT", "If-Match: \"abc\"\r\n"), Precondition::Proceed);
  EXPECT_EQ(check("PUT", "If-Match: \"x\"\r\n"), Precondition::Failed);
  EXPECT_EQ(check("PUT", "If-Match: *\r\n", false), Precondition::Failed);
  EXPECT_EQ(check("PUT", "If-Match: \"x\"\r\nif-match: \"abc\"\r\n"), Precondition::Proceed)
      << "two lines are one list";
  EXPECT_EQ(check("PUT", "If-Match: \"abc\"\r\nIf-Match: x\r\n"), Precondition::Malformed);
  EXPECT_EQ(check("GET", "If-Match: \"x\"\r\n"), Precondition::Failed);
}

TEST(PreconditionTest, IfNoneMatchIsNotModifiedForReadsAndFailsWrites) {
  EXPECT_EQ(check("GET", "If-None-Match: \"abc\"\r\n"), Precondition::NotModified);
  EXPECT_EQ(check("HEAD", "If-None-Match: W/\"abc\"\r\n"), Precondition::NotModified);
  EXPECT_EQ(check("GET", "If-None-Match: \"x\"\r\n"), Precondition::Proceed);
  EXPECT_EQ(check("PUT", "If-None-Match: *\r\n"), Precondition::Failed);
  EXPECT_EQ(check("PUT", "If-None-Match: *\r\n", false), Precondition::Proceed);
  EXPECT_EQ(check("PUT", "If-None-Match: nonsense\r\n"), Precondition::Malformed);
}

TEST(PreconditionTest, DatesCountOnlyWithoutTagsAndOnlyIfTheyAreDates) {
  EXPECT_EQ(check("GET", dated("If-Modified-Since", kModified)), Precondition::NotModified);
  EXPECT_EQ(check("GET", dated("If-Modified-Since", kModified - 1)), Precondition::Proceed);
  EXPECT_EQ(check("PUT", dated("If-Modified-Since", kModified)), Precondition::Proceed);
  EXPECT_EQ(check("GET", dated("If-Modified-Since", kModified) + "If-None-Match: \"x\"\r\n"), Precondition::Proceed);
  EXPECT_EQ(check("PUT", dated("If-Unmodified-Since", kModified - 1)), Precondition::Failed);
  EXPECT_EQ(check("PUT", dated("If-Unmodified-Since", kModified)), Precondition::Proceed);
  EXPECT_EQ(check("PUT", dated("If-Unmodified-Since", kModified - 1) + "If-Match: \"abc\"\r\n"), Precondition::Proceed);
  EXPECT_EQ(check("PUT", dated("If-Unmodified-Since", kModified - 1), false), Precondition::Proceed);
  EXPECT_EQ(check("GET", "If-Modified-Since: yesterday\r\n"), Precondition::Proceed);
  EXPECT_EQ(check("GET", dated("If-Modified-Since", kModified) + dated("If-Modified-Since", kModified)),
            Precondition::Proceed);
}

}  // namespace
}  // namespace mydht::http
