// Proves that the bytes behind a blob's value are those of docs/storage-format.md, version 1, and that no harmed ones
// are taken for it. How: against bytes that an earlier build wrote, and with each bit flipped.

#include "server/disk/blob_format.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "common/hash/checksum.h"
#include "common/result/limits.h"

namespace mydht::disk {
namespace {

std::string hexOf(const std::string& bytes) {
  std::string hex;
  for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

const BlobFooter kFooter{0x0000020000000007, 300'000, 0x1122334455667788};

TEST(BlobFormat, TheFooterHasTheBytesOfVersionOne) {
  EXPECT_EQ(hexOf(encodeFooter(kFooter)),
            "60de3d8da780e01188776655443322110700000000020000e09304000000000000000400010000004d79444854626c62");
}

TEST(BlobFormat, AFooterIsReadBackAndNoFlippedBitIsTakenForOne) {
  const std::string bytes = encodeFooter(kFooter);
  ASSERT_EQ(bytes.size(), kFooterBytes);
  const auto footer = decodeFooter(bytes);
  ASSERT_TRUE(footer.has_value());
  EXPECT_EQ(footer->id, kFooter.id);
  EXPECT_EQ(footer->size, kFooter.size);
  EXPECT_EQ(footer->checksumsHash, kFooter.checksumsHash);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string harmed = bytes;
    harmed[bit / 8] = static_cast<char>(harmed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(decodeFooter(harmed).has_value()) << bit;
  }
}

TEST(BlobFormat, ChecksumsAreReadBackOnlyWithTheirOwnFooter) {
  const std::vector<std::uint64_t> checksums{1, 0xffffffffffffffff};
  const std::string bytes = encodeChecksums(checksums);
  EXPECT_EQ(hexOf(bytes), "0100000000000000ffffffffffffffff");
  BlobFooter footer{1, limits::kChunkBytes + 1, checksumOf(bytes)};
  EXPECT_EQ(decodeChecksums(bytes, footer), checksums);
  footer.size = limits::kChunkBytes;
  EXPECT_FALSE(decodeChecksums(bytes, footer).has_value());
  footer = {1, limits::kChunkBytes + 1, 5};
  EXPECT_FALSE(decodeChecksums(bytes, footer).has_value());
}

TEST(BlobFormat, NamesAreSixteenDigitsAndNothingElseIsOne) {
  EXPECT_EQ(blobName(0x20000000007), "0000020000000007");
  EXPECT_EQ(blobFolder(folderOf(0x200000000a7)), "a7");
  EXPECT_EQ(blobOfName("0000020000000007"), 0x20000000007U);
  for (const char* name : {"", "7", "000002000000000G", "00000200000000071", "0000020000000A07", " 00002000000007"}) {
    EXPECT_FALSE(blobOfName(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace mydht::disk
