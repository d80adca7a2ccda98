#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/ports/disk.h"

namespace mydht::disk {

// What follows a blob's value in its file: checksums of its chunks, then a footer. Pure functions; the bytes are
// specified in docs/storage-format.md.

inline constexpr std::size_t kFooterBytes = 48;

/// What a blob's footer says.
struct BlobFooter {
  BlobId id = 0;
  std::uint64_t size = 0;           ///< bytes of the value
  std::uint64_t checksumsHash = 0;  ///< XXH3-64 of the chunk checksums' bytes
};

/// How many chunks a value of this size has.
std::uint64_t chunksOf(std::uint64_t size);
/// The chunk checksums as they stand in the file.
std::string encodeChecksums(const std::vector<std::uint64_t>& checksums);
/// None when these are not the bytes that the footer means.
std::optional<std::vector<std::uint64_t>> decodeChecksums(std::string_view bytes, const BlobFooter& footer);
std::string encodeFooter(const BlobFooter& footer);
/// None when it is no footer, is damaged or is of another version.
std::optional<BlobFooter> decodeFooter(std::string_view bytes);

/// `a7` for 0x..a7: the folder that a blob lies in.
std::string blobFolder(std::uint8_t folder);
inline std::uint8_t folderOf(BlobId id) {
  return static_cast<std::uint8_t>(id & 0xff);
}
/// The 16 hexadecimal digits.
std::string blobName(BlobId id);
/// None when it is not the name of a blob's file.
std::optional<BlobId> blobOfName(std::string_view name);

}  // namespace mydht::disk
