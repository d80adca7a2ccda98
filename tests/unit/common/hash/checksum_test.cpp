// The checksum of a value's chunks: XXH3-64 as others compute it, and the same however the bytes come.
#include "common/hash/checksum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace mydht {
namespace {

TEST(Checksum, IsXxh3) {
  EXPECT_EQ(checksumOf(""), 0x2d06800538d394c2U);
}

TEST(Checksum, DoesNotDependOnThePiecesThatItComesIn) {
  std::string bytes;
  for (unsigned i = 0; i < 100'000; ++i) bytes.push_back(static_cast<char>(i * 2654435761U >> 24));
  for (const std::size_t piece : {1U, 7U, 256U, 1024U, 32'768U, 99'999U, 100'000U}) {
    Checksum checksum;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      checksum.add(std::string_view(bytes).substr(at, std::min(piece, bytes.size() - at)));
    }
    EXPECT_EQ(checksum.value(), checksumOf(bytes)) << "pieces of " << piece;
  }
  EXPECT_EQ(Checksum().value(), checksumOf(""));
}

}  // namespace
}  // namespace mydht
