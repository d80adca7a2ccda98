// Proves that a request's signature verifies for exactly the parts, time, nonce and secret that it was made of, that it
// survives being printed and read, and that nothing but its one spelling is read.

#include "common/protocol/signature.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mydht::protocol {
namespace {

constexpr std::string_view kNonce = "00112233445566778899aabbccddeeff";
constexpr std::int64_t kTime = 1'795'000'000'123'456;
const SignedParts kParts{.method = "PUT", .target = "/some/key?consistency=one", .host = "node:50140", .digest = ""};

TEST(Signature, IsOverOneLineForEachPart) {
  EXPECT_EQ(stringToSign(kParts, kTime, kNonce),
            "mydht-hmac 1\nPUT\n/some/key?consistency=one\nnode:50140\n\n1795000000123456\n"
            "00112233445566778899aabbccddeeff\n");
}

TEST(Signature, SurvivesBeingPrintedAndRead) {
  const Signature made = sign("secret", kParts, kTime, kNonce);
  const std::string text = printSignature(made);
  EXPECT_TRUE(text.starts_with("Mydht-Hmac time=1795000000123456,nonce=00112233445566778899aabbccddeeff,mac=")) << text;
  const auto read = parseSignature(text);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, made);
  EXPECT_TRUE(matches("secret", kParts, *read));
}

TEST(Signature, DoesNotCarryTheSecret) {
  const std::string text = printSignature(sign("hunter2", kParts, kTime, kNonce));
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
}

TEST(Signature, HoldsForNothingElseThanWhatWasSigned) {
  const Signature made = sign("secret", kParts, kTime, kNonce);
  EXPECT_FALSE(matches("Secret", kParts, made));
  EXPECT_FALSE(matches("", kParts, made));

  std::vector<SignedParts> others(4, kParts);
  others[0].method = "GET";
  others[1].target = "/some/key";
  others[2].host = "node:50141";
  others[3].digest = "sha-256=:x:";
  for (const SignedParts& other : others) EXPECT_FALSE(matches("secret", other, made));

  Signature later = made;
  ++later.timeMicros;
  EXPECT_FALSE(matches("secret", kParts, later));
  Signature again = made;
  again.nonce.back() = 'e';
  EXPECT_FALSE(matches("secret", kParts, again));
  Signature forged = made;
  forged.mac[31] ^= 1;
  EXPECT_FALSE(matches("secret", kParts, forged));
}

TEST(Signature, IsReadInItsOneSpellingOnly) {
  const std::string right = printSignature(sign("secret", kParts, kTime, kNonce));
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string changed = right;
    return changed.replace(changed.find(from), from.size(), to);
  };
  const std::vector<std::string> wrong = {
      "",
      "Bearer secret",
      with("Mydht-Hmac", "mydht-hmac"),
      with(" time", "  time"),
      with("time=1", "time=+1"),
      with("time=1", "time=-1"),
      with("time=1", "time=01"),
      with("time=1795000000123456", "time="),
      with("time=1795000000123456", "time=0"),
      with("time=1795000000123456", "time=99999999999999999999"),
      with("aabb", "AABB"),
      with("nonce=00", "nonce=0"),
      with("nonce=00", "nonce=000"),
      with("mac=", "mac=0"),
      with(",mac", ", mac"),
      right + " ",
      right + ",",
      right.substr(0, right.size() - 1),
  };
  for (const std::string& text : wrong) EXPECT_FALSE(parseSignature(text).has_value()) << text;
}

TEST(Secret, IsTheFirstLineOfItsFileWithoutBlanksAround) {
  EXPECT_EQ(secretOf("open sesame\n"), "open sesame");
  EXPECT_EQ(secretOf(" \topen sesame \r\nsecond line\n"), "open sesame");
  EXPECT_EQ(secretOf("no line end"), "no line end");
  EXPECT_EQ(secretOf("\nsecond"), "");
  EXPECT_EQ(secretOf(""), "");
}

}  // namespace
}  // namespace mydht::protocol
