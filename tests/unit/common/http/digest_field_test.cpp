// Proves that Repr-Digest fields and base64 are read strictly and printed as RFC 9530 and RFC 4648 say.

#include "common/http/digest_field.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mydht::http {
namespace {

using std::string;

constexpr char kOfHello[] = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";

TEST(DigestFieldTest, AFieldIsReadAndPrinted) {
  const Result<std::optional<Digest>> digest = parseReprDigest(kOfHello);
  ASSERT_TRUE(digest);
  ASSERT_TRUE(digest->has_value());
  EXPECT_EQ((**digest)[0], 0x2c);
  EXPECT_EQ((**digest)[31], 0x24);
  EXPECT_EQ(reprDigest(**digest), kOfHello);
}

TEST(DigestFieldTest, OtherAlgorithmsAreIgnored) {
  EXPECT_EQ(*parseReprDigest("md5=:XrY7u+Ae7tCTyyK7j1rNww==:"), std::nullopt);
  EXPECT_TRUE(parseReprDigest(string("md5=:XrY7u+Ae7tCTyyK7j1rNww==: ,\t") + kOfHello)->has_value());
}

TEST(DigestFieldTest, WhatIsNoSuchFieldIsRefused) {
  const string hello = kOfHello;
  for (const string& bad :
       {string(), string(","), string("sha-256"), string("sha-256="), string("sha-256=::"), string("=:AAAA:"),
        string("sha-256=LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="), hello.substr(0, hello.size() - 1),
        string("sha-256=:AAAA:"), hello + "," + hello, hello + ",", hello + " " + hello, hello + ";a=1",
        string("sha-256 =:AAAA:"), string("md5=:A:"), string("md5=:AAA*:"),
        string("sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCR=:")}) {
    const Result<std::optional<Digest>> result = parseReprDigest(bad);
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().kind, Kind::BadRequest);
  }
}

TEST(Base64Test, KnownTexts) {
  EXPECT_EQ(encodeBase64(""), "");
  EXPECT_EQ(encodeBase64("f"), "Zg==");
  EXPECT_EQ(encodeBase64("fo"), "Zm8=");
  EXPECT_EQ(encodeBase64("foo"), "Zm9v");
  EXPECT_EQ(encodeBase64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(decodeBase64(""), "");
  EXPECT_EQ(decodeBase64("Zm8="), "fo");
}

TEST(Base64Test, TextsThatWouldStandForBytesASecondTimeAreRefused) {
  for (const char* bad :
       {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8=Zm8=", "====", "=", "Zm 8", "Zm8\n", "Zm-_", "Z=g="}) {
    EXPECT_EQ(decodeBase64(bad), std::nullopt) << bad;
  }
}

RC_GTEST_PROP(Base64Test, AnyBytesComeBack, (const string& bytes)) {
  RC_ASSERT(decodeBase64(encodeBase64(bytes)) == bytes);
}

RC_GTEST_PROP(DigestFieldTest, AnyDigestComesBack, (Digest digest)) {
  RC_ASSERT(parseReprDigest(reprDigest(digest))->value() == digest);
}

}  // namespace
}  // namespace mydht::http
