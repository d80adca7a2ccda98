#include "server/disk/blob_format.h"

#include <charconv>

#include <fmt/format.h>

#include "common/hash/checksum.h"
#include "common/result/limits.h"

namespace mydht::disk {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::string_view kMagic = "MyDHTblb";

template <class T>
void put(std::string& bytes, T number) {
  for (unsigned i = 0; i < sizeof(T); ++i) bytes.push_back(static_cast<char>(number >> (8 * i)));
}

template <class T>
T take(std::string_view& bytes) {
  T number = 0;
  for (unsigned i = 0; i < sizeof(T); ++i) number |= static_cast<T>(static_cast<std::uint8_t>(bytes[i])) << (8 * i);
  bytes.remove_prefix(sizeof(T));
  return number;
}

}  // namespace

std::uint64_t chunksOf(std::uint64_t size) {
  return (size + limits::kChunkBytes - 1) / limits::kChunkBytes;
}

std::string encodeChecksums(const std::vector<std::uint64_t>& checksums) {
  std::string bytes;
  bytes.reserve(checksums.size() * 8);
  for (const std::uint64_t checksum : checksums) put(bytes, checksum);
  return bytes;
}

std::optional<std::vector<std::uint64_t>> decodeChecksums(std::string_view bytes, const BlobFooter& footer) {
  if (bytes.size() != chunksOf(footer.size) * 8 || checksumOf(bytes) != footer.checksumsHash) return std::nullopt;
  std::vector<std::uint64_t> checksums;
  checksums.reserve(bytes.size() / 8);
  while (!bytes.empty()) checksums.push_back(take<std::uint64_t>(bytes));
  return checksums;
}

std::string encodeFooter(const BlobFooter& footer) {
  std::string rest;
  put(rest, footer.checksumsHash);
  put(rest, footer.id);
  put(rest, footer.size);
  put(rest, static_cast<std::uint32_t>(limits::kChunkBytes));
  put(rest, kVersion);
  rest += kMagic;
  std::string bytes;
  put(bytes, checksumOf(rest));
  return bytes + rest;
}

std::optional<BlobFooter> decodeFooter(std::string_view bytes) {
  if (bytes.size() != kFooterBytes || !bytes.ends_with(kMagic)) return std::nullopt;
  const auto own = take<std::uint64_t>(bytes);
  if (own != checksumOf(bytes)) return std::nullopt;
  BlobFooter footer;
  footer.checksumsHash = take<std::uint64_t>(bytes);
  footer.id = take<std::uint64_t>(bytes);
  footer.size = take<std::uint64_t>(bytes);
  const auto chunk = take<std::uint32_t>(bytes);
  const auto version = take<std::uint32_t>(bytes);
  if (chunk != limits::kChunkBytes || version != kVersion) return std::nullopt;
  return footer;
}

std::string blobFolder(std::uint8_t folder) {
  return fmt::format("{:02x}", folder);
}

std::string blobName(BlobId id) {
  return fmt::format("{:016x}", id);
}

std::optional<BlobId> blobOfName(std::string_view name) {
  BlobId id = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), id, 16);
  if (name.size() != 16 || parsed.ec != std::errc() || blobName(id) != name) return std::nullopt;
  return id;
}

}  // namespace mydht::disk
