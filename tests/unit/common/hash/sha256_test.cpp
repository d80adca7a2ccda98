// Proves that Sha256 computes FIPS 180-4, however the bytes are cut into pieces and however often one object is used:
// by NIST's published vectors and by comparing cut inputs with whole ones.

#include "common/hash/sha256.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace mydht {
namespace {

struct Vector {
  std::string input;
  std::string digest;
};

const std::vector<Vector>& nistVectors() {
  static const std::vector<Vector> kVectors = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrst"
       "nopqrstu",
       "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
      {std::string("\xbd"), "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"},
      {std::string(1'000'000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
  return kVectors;
}

TEST(Sha256, GivesTheDigestsThatNistPublished) {
  for (const Vector& vector : nistVectors()) EXPECT_EQ(hexOf(sha256Of(vector.input)), vector.digest);
}

TEST(Sha256, OneObjectServesOneComputationAfterAnother) {
  Sha256 sha;
  for (const Vector& vector : nistVectors()) {
    sha.update(vector.input);
    EXPECT_EQ(hexOf(sha.finish()), vector.digest);
  }
}

TEST(Sha256, FinishedTwiceGivesTheDigestOfNothing) {
  Sha256 sha;
  sha.update("abc");
  sha.finish();
  EXPECT_EQ(sha.finish(), sha256Of(""));
}

TEST(Sha256, GoesOnAfterBeingMoved) {
  Sha256 first;
  first.update("ab");
  Sha256 second = std::move(first);
  second.update("c");
  EXPECT_EQ(second.finish(), sha256Of("abc"));
}

RC_GTEST_PROP(Sha256, DoesNotCareHowTheBytesAreCut, (const std::vector<std::string>& pieces)) {
  Sha256 sha;
  std::string whole;
  for (const std::string& piece : pieces) {
    sha.update(piece);
    whole += piece;
  }
  RC_ASSERT(sha.finish() == sha256Of(whole));
}

TEST(Sha256, AnObjectWhoseContextIsGoneIsNotUsedQuietly) {
  Sha256 first;
  const Sha256 second = std::move(first);
  EXPECT_DEATH(first.update("x"), "context_");  // NOLINT: the moved-from use is what is tested
}

}  // namespace
}  // namespace mydht
