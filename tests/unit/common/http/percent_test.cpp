// Proves that any bytes can be a key: encoded and decoded they are the same, and what is badly encoded is refused by
// name.

#include "common/http/percent.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace mydht::http {
namespace {

using std::string;
using namespace std::string_literals;

TEST(PercentTest, APathIsDecodedOnceAndAPlusStaysAPlus) {
  EXPECT_EQ(*decodePercent("a%20b/c%2Fd+%2b%252F"), "a b/c/d++%2F");
  EXPECT_EQ(*decodePercent("%00%ff%C3%a4"), "\0\xff\xc3\xa4"s);
  EXPECT_EQ(*decodePercent(""), "");
}

TEST(PercentTest, BadEncodingIsRefused) {
  for (const char* bad : {"%", "%4", "a%", "%g0", "%0g", "%%41", "% 1", "%-1", "%u0041"}) {
    const Result<string> result = decodePercent(bad);
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().kind, Kind::BadRequest);
  }
}

TEST(PercentTest, SlashesStayInAPathAndNotInAQuery) {
  EXPECT_EQ(encodePath("a b/\"<>&'+%~\n\xc3"), "a%20b/%22%3C%3E%26%27%2B%25~%0A%C3");
  EXPECT_EQ(encodeQueryValue("a/b&c"), "a%2Fb%26c");
}

TEST(PercentTest, AParameterIsFoundAmongOthers) {
  EXPECT_EQ(*queryValue("a=1&key=x%2By+z&b", "key"), "x+y z");
  EXPECT_EQ(*queryValue("key=a=b", "key"), "a=b");
  EXPECT_EQ(*queryValue("key", "key"), "");
  EXPECT_EQ(*queryValue("key=", "key"), "");
  EXPECT_EQ(*queryValue("keys=1&akey=2", "key"), std::nullopt);
  EXPECT_EQ(*queryValue("", "key"), std::nullopt);
  EXPECT_EQ(*queryValue("bad=%zz&key=1", "key"), "1") << "other parameters are not looked at";
}

TEST(PercentTest, AParameterThatIsThereTwiceOrBadIsRefusedByName) {
  EXPECT_EQ(queryValue("key=1&x&key=1", "key").error().text, "the parameter 'key' is there twice");
  const Result<std::optional<string>> bad = queryValue("key=%", "key");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind, Kind::BadRequest);
  EXPECT_NE(bad.error().text.find("'key'"), string::npos);
}

bool isPlain(const string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '<'; });
}

RC_GTEST_PROP(PercentTest, AnyKeyEncodedAndDecodedIsTheSame, (const string& key)) {
  RC_ASSERT(*decodePercent(encodePath(key)) == key);
  RC_ASSERT(isPlain(encodePath(key)));
  RC_ASSERT(*queryValue("a=b&key=" + encodeQueryValue(key) + "&c=d", "key") == key);
  RC_ASSERT(isPlain(encodeQueryValue(key)));
}

}  // namespace
}  // namespace mydht::http
