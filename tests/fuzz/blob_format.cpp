// Fuzzes what follows a value in its file: a footer is taken only if printing it gives the same bytes again, checksums
// only if they are the footer's, and a file's name only if it is the one that its number has. A fuzzer does not guess a
// checksum, so the same bytes are also made into a file that matches, and one of them is changed.

#include "server/disk/blob_format.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/hash/checksum.h"
#include "common/result/check.h"
#include "common/result/limits.h"

using namespace mydht;
using namespace mydht::disk;

namespace {

void readAsItIs(std::string_view bytes) {
  const auto footer = decodeFooter(bytes.substr(bytes.size() - std::min(bytes.size(), kFooterBytes)));
  if (footer) MYDHT_ASSERT(bytes.ends_with(encodeFooter(*footer)));
  const auto checksums = decodeChecksums(bytes, BlobFooter{1, bytes.size() / 8 * limits::kChunkBytes, 0});
  MYDHT_ASSERT(!checksums || encodeChecksums(*checksums) == bytes);
  const auto blob = blobOfName(bytes);
  MYDHT_ASSERT(!blob || blobName(*blob) == bytes);
}

/// What a value of as many chunks as there are whole numbers in the input would be followed by.
void readMade(std::string_view bytes) {
  std::vector<std::uint64_t> wanted;
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) wanted.push_back(checksumOf(bytes.substr(at, 8)));
  const std::string text = encodeChecksums(wanted);
  BlobFooter footer;
  footer.id = bytes.size() * 0x9e3779b97f4a7c15;
  footer.size = wanted.empty() ? 0 : wanted.size() * limits::kChunkBytes - bytes.size() % 8;
  footer.checksumsHash = checksumOf(text);
  std::string printed = encodeFooter(footer);
  const auto read = decodeFooter(printed);
  MYDHT_ASSERT(read && read->id == footer.id && read->size == footer.size);
  MYDHT_ASSERT(decodeChecksums(text, *read) == wanted);
  if (bytes.empty()) return;
  const auto flip = static_cast<unsigned char>(bytes.front());
  printed[bytes.size() % printed.size()] ^= static_cast<char>(flip);
  MYDHT_ASSERT(decodeFooter(printed).has_value() == (flip == 0));
  if (text.empty()) return;
  std::string other = text;
  other[flip % other.size()] ^= 1;
  MYDHT_ASSERT(!decodeChecksums(other, footer));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  readAsItIs(bytes);
  readMade(bytes);
  return 0;
}
