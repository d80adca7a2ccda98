// Proves which keys clients may use, that every refusal names its limit, and that a key's URL leads back to the key.
// How: keys at the limits, and random keys through their URLs.

#include "common/protocol/key_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "common/http/percent.h"
#include "common/protocol/paths.h"
#include "common/result/limits.h"

namespace mydht::protocol {
namespace {

using std::string;
using testing::HasSubstr;

void expectRefused(const Status& status, const string& saying) {
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, Kind::BadRequest);
  EXPECT_THAT(status.error().text, HasSubstr(saying));
}

TEST(KeyRulesTest, KeysOutsideTheLimitsAreRefusedByName) {
  EXPECT_TRUE(checkKey(string(limits::kKeyBytes, 'k')));
  EXPECT_TRUE(checkKey(string(1, '\0')));
  EXPECT_TRUE(checkKey("_mydht"));
  EXPECT_TRUE(checkKey("a/_mydht/x"));
  expectRefused(checkKey(""), "1 to 2048 bytes");
  expectRefused(checkKey(string(limits::kKeyBytes + 1, 'k')), "1 to 2048 bytes, this one 2049");
  expectRefused(checkKey("_mydht/"), "_mydht/");
  expectRefused(checkKey("_mydht/status"), "_mydht/");
}

TEST(KeyRulesTest, TheKeyOfAPathIsWhatFollowsTheFirstSlash) {
  EXPECT_EQ(*keyOfPath("/some%20key/x"), "some key/x");
  EXPECT_EQ(*keyOfPath("//x"), "/x");
  EXPECT_FALSE(keyOfPath("/"));
  EXPECT_FALSE(keyOfPath("*"));
  EXPECT_FALSE(keyOfPath("/%zz"));
  EXPECT_FALSE(keyOfPath("/%5fmydht/x")) << "an encoded reserved key is reserved too";
}

TEST(KeyRulesTest, TheKeyOfAQueryMustBeThere) {
  EXPECT_EQ(*keyOfQuery("consistency=one&key=..%2Fx"), "../x");
  EXPECT_THAT(keyOfQuery("consistency=one").error().text, HasSubstr("?key=KEY"));
  EXPECT_FALSE(keyOfQuery("key="));
  EXPECT_FALSE(keyOfQuery("key=_mydht/x"));
}

TEST(PathsTest, KeysThatClientsWouldChangeAsAPathGoIntoAQuery) {
  EXPECT_EQ(urlOf("some key/x"), "/some%20key/x");
  EXPECT_EQ(urlOf("a//b..c/.d"), "/a//b..c/.d");
  EXPECT_EQ(urlOf("../x"), "/_mydht/value?key=..%2Fx");
  EXPECT_EQ(urlOf("a/."), "/_mydht/value?key=a%2F.");
  EXPECT_EQ(urlOf("/x"), "/_mydht/value?key=%2Fx");
  EXPECT_EQ(urlOf("\"><script>"), "/%22%3E%3Cscript%3E");
}

RC_GTEST_PROP(PathsTest, TheUrlOfAnyKeyLeadsBackToIt, ()) {
  const string key = *rc::gen::nonEmpty(
      rc::gen::oneOf(rc::gen::arbitrary<string>(), rc::gen::container<string>(rc::gen::elementOf(string("a./%")))));
  const string url = urlOf(key);
  const string valueFront = string(kValuePath) + "?";
  const Result<string> back = url.starts_with(valueFront) ? keyOfQuery(url.substr(valueFront.size())) : keyOfPath(url);
  RC_ASSERT(*back == key);
}

}  // namespace
}  // namespace mydht::protocol
