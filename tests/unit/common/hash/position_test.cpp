// Proves that places on the ring and checksums never change from one build to the next: golden values of XXH3-64, one
// for each of its code paths by length, and the arithmetic of partitions. A change of these loses every stored key.

#include "common/hash/position.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "common/hash/checksum.h"
#include "common/result/limits.h"

namespace mydht {
namespace {

std::string countingBytes(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(i % 251));
  return bytes;
}

TEST(Position, IsXxh3OfTheKeysBytes) {
  EXPECT_EQ(positionOf(""), 0x2d06800538d394c2U);
  EXPECT_EQ(positionOf("a"), 0xe6c632b61e964e1fU);
  EXPECT_EQ(positionOf("abc"), 0x78af5f94892f3950U);
  EXPECT_EQ(positionOf(std::string_view("\0", 1)), 0xc44bdff4074eecdbU);
}

TEST(Checksum, IsXxh3ForEveryLengthClass) {
  EXPECT_EQ(checksumOf(countingBytes(8)), 0x3a1c2d7c85af88f8U);
  EXPECT_EQ(checksumOf(countingBytes(16)), 0x8355e3a6f61770dbU);
  EXPECT_EQ(checksumOf(countingBytes(100)), 0x4e4f921a64bd1cU);
  EXPECT_EQ(checksumOf(countingBytes(200)), 0xf42a8864feaf0703U);
  EXPECT_EQ(checksumOf(countingBytes(1000)), 0x33ef703fb2b20ed1U);
  EXPECT_EQ(checksumOf(countingBytes(limits::kChunkBytes)), 0x19e33139f5534930U);
}

TEST(Partition, IsTheTopFourteenBitsOfThePosition) {
  EXPECT_EQ(partitionOfPosition(0), 0);
  EXPECT_EQ(partitionOfPosition((std::uint64_t{1} << 50) - 1), 0);
  EXPECT_EQ(partitionOfPosition(std::uint64_t{1} << 50), 1);
  EXPECT_EQ(partitionOfPosition(~std::uint64_t{0}), 16383);
  EXPECT_EQ(partitionOf("abc"), 0x78af5f94892f3950U >> 50);
}

RC_GTEST_PROP(Partition, IsBelowTheLimitAndInRingOrder, (std::uint64_t a, std::uint64_t b)) {
  RC_ASSERT(partitionOfPosition(a) < limits::kPartitions);
  if (a <= b) RC_ASSERT(partitionOfPosition(a) <= partitionOfPosition(b));
}

}  // namespace
}  // namespace mydht
