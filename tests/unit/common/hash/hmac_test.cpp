// Proves that hmacSha256 is HMAC-SHA256: the answers to the test cases of RFC 4231, which cover short, long and
// binary keys; and that the comparison tells every single differing bit.

#include "common/hash/hmac.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>

namespace mydht {
namespace {

std::string hex(const Digest& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

TEST(Hmac, AnswersTheTestCasesOfRfc4231) {
  EXPECT_EQ(hex(hmacSha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex(hmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(hmacSha256(std::string(20, '\xaa'), std::string(50, '\xdd'))),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(hex(hmacSha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hmac, TakesAnEmptyKeyAndNoBytes) {
  EXPECT_EQ(hex(hmacSha256({}, {})), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Hmac, TellsEverySingleBitThatDiffers) {
  const Digest right = hmacSha256("key", "bytes");
  EXPECT_TRUE(equalInConstantTime(right, right));
  for (std::size_t bit = 0; bit < right.size() * 8; ++bit) {
    Digest wrong = right;
    wrong[bit / 8] = static_cast<std::uint8_t>(wrong[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_FALSE(equalInConstantTime(right, wrong)) << "bit " << bit;
  }
}

}  // namespace
}  // namespace mydht
