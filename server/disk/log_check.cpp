#include "server/disk/log_check.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <boost/filesystem.hpp>
#include <optional>

#include "server/disk/posix_file.h"

// A log is a row of blocks of 32 KiB. A block holds fragments: masked CRC-32C (4 bytes), length (2), type (1), payload;
// a block's last bytes are zeros when no header fits. Type 1 is a whole record; 2, 3 and 4 are its first, middle and
// last fragment; type 0 with length 0 is room that was allocated and not yet written. The CRC covers type and payload.
// A record begins with its write's first sequence number (8 bytes) and the count of its changes (4). All little-endian.

namespace mydht::disk {
namespace {

namespace fs = boost::filesystem;

constexpr std::size_t kBlock = 32 * 1024;
constexpr std::size_t kHeader = 7;
constexpr std::size_t kRecordHead = 12;
constexpr std::uint8_t kFull = 1;
constexpr std::uint8_t kFirst = 2;
constexpr std::uint8_t kLast = 4;

constexpr std::array<std::uint32_t, 256> crcTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0);
    table[i] = crc;
  }
  return table;
}

constexpr auto kCrcTable = crcTable();

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) crc = kCrcTable[(crc ^ static_cast<std::uint8_t>(byte)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

std::uint64_t numberAt(std::string_view bytes, std::size_t at, unsigned length) {
  std::uint64_t number = 0;
  for (unsigned i = 0; i < length; ++i) number |= std::uint64_t{static_cast<std::uint8_t>(bytes[at + i])} << (8 * i);
  return number;
}

struct Fragment {
  std::uint8_t type;
  std::string_view payload;
};

/// The fragment whose header stands here, if it matches its checksum.
std::optional<Fragment> fragmentAt(std::string_view bytes, std::size_t at) {
  const std::size_t room = std::min(bytes.size(), (at / kBlock + 1) * kBlock) - at;
  if (room < kHeader) return std::nullopt;
  const auto type = static_cast<std::uint8_t>(bytes[at + 6]);
  const auto length = static_cast<std::size_t>(numberAt(bytes, at + 4, 2));
  if (type < kFull || type > kLast || length > room - kHeader) return std::nullopt;
  const std::uint32_t crc = crc32c(bytes.substr(at + 6, 1 + length));
  const std::uint32_t masked = ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
  if (masked != numberAt(bytes, at, 4)) return std::nullopt;
  return Fragment{type, bytes.substr(at + kHeader, length)};
}

/// Where the next fragment's header may stand: not in the last bytes of a block.
std::size_t skipTrailer(std::size_t at) {
  return kBlock - at % kBlock < kHeader ? (at / kBlock + 1) * kBlock : at;
}

/// Whether any record begins at or after this place. In the block of the bad place lengths can't be trusted, so every
/// byte is tried; further blocks begin with a header.
bool recordBeginsAfter(std::string_view bytes, std::size_t at) {
  const auto begins = [](const std::optional<Fragment>& found) {
    return found && (found->type == kFull || found->type == kFirst);
  };
  const std::size_t blockEnd = std::min(bytes.size(), (at / kBlock + 1) * kBlock);
  for (; at < blockEnd; ++at) {
    if (begins(fragmentAt(bytes, at))) return true;
  }
  while (at < bytes.size()) {
    const auto found = fragmentAt(bytes, at);
    if (begins(found)) return true;
    at = found ? skipTrailer(at + kHeader + found->payload.size()) : (at / kBlock + 1) * kBlock;
  }
  return false;
}

}  // namespace

LogVerdict checkLog(std::string_view bytes, LogRecords records) {
  std::uint64_t expected = 0;  // the next record's sequence number; 0 before the first
  bool inside = false;         // between a first fragment and its last
  std::size_t recordAt = 0;
  std::string head;  // of the record, which a block's end may cut in two
  for (std::size_t at = 0; at < bytes.size();) {
    const auto found = fragmentAt(bytes, at);
    const bool begins = found && (found->type == kFull || found->type == kFirst);
    if (!found || begins == inside) {
      const std::size_t bad = inside ? recordAt : at;
      const bool rest = bytes.substr(at).find_first_not_of('\0') != std::string_view::npos;
      if (!rest && !inside) return {};
      return {recordBeginsAfter(bytes, begins ? at : at + 1) ? LogState::Damaged : LogState::Torn, bad};
    }
    if (begins) {
      recordAt = at;
      head.clear();
    }
    inside = found->type != kFull && found->type != kLast;
    if (records == LogRecords::Writes && head.size() < kRecordHead) {
      head += found->payload.substr(0, kRecordHead - head.size());
      if (head.size() == kRecordHead) {
        const std::uint64_t sequence = numberAt(head, 0, 8);
        if (expected != 0 && sequence != expected) return {LogState::Damaged, recordAt};
        expected = sequence + numberAt(head, 8, 4);
      } else if (!inside) {
        return {LogState::Damaged, recordAt};
      }
    }
    at = skipTrailer(at + kHeader + found->payload.size());
  }
  return inside ? LogVerdict{LogState::Torn, recordAt} : LogVerdict{};
}

Result<> checkLogs(const std::string& directory) {
  boost::system::error_code error;
  for (fs::directory_iterator at(directory, error); !error && at != fs::directory_iterator(); at.increment(error)) {
    if (at->path().extension() != ".log") continue;
    const auto bytes = readWholeFile(at->path().string());
    if (!bytes) return bytes.error();
    const LogVerdict verdict = checkLog(*bytes);
    if (verdict.state == LogState::Damaged) {
      return Error{Kind::Corrupt, at->path().string() + " is damaged at byte " + std::to_string(verdict.offset) +
                                      ": writes that were acknowledged are missing"};
    }
  }
  if (error && error != boost::system::errc::no_such_file_or_directory) {
    return Error{Kind::Io, "read " + directory + ": " + error.message()};
  }
  return {};
}

Result<> cutTornFileList(const std::string& directory) {
  boost::system::error_code error;
  if (!fs::exists(directory + "/CURRENT", error)) return {};
  auto name = readWholeFile(directory + "/CURRENT");
  if (!name) return name.error();
  while (name->ends_with('\n')) name->pop_back();
  const std::string path = directory + "/" + *name;
  // Whatever else is wrong with it RocksDB finds by itself.
  if (!name->starts_with("MANIFEST-") || !fs::exists(path, error)) return {};
  const auto bytes = readWholeFile(path);
  if (!bytes) return bytes.error();
  const LogVerdict verdict = checkLog(*bytes, LogRecords::FileChanges);
  if (verdict.state != LogState::Torn) return {};
  auto file = PosixFile::open(path, O_WRONLY);
  if (!file) return file.error();
  auto done = file->cutAt(verdict.offset);
  if (done) done = file->syncAll();
  if (!done) return done.error().within(path);
  return {};
}

}  // namespace mydht::disk
