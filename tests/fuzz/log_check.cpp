// Fuzzes the judge of RocksDB's log. As it is, any input gets a verdict that lies within it. And since a fuzzer does
// not guess a checksum, the input also says how to write a log: that one is whole; cut anywhere, it is whole or torn,
// since a crash does that; and with one bit changed in front of another write, it is damaged. The input's first two
// bytes say where to cut and to change, each further one is a write.

#include "server/disk/log_check.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result/check.h"

using namespace mydht::disk;

namespace {

constexpr std::size_t kBlock = 32 * 1024;
constexpr std::size_t kHeader = 7;

void little(std::string& bytes, std::uint64_t number, unsigned length) {
  for (unsigned i = 0; i < length; ++i) bytes.push_back(static_cast<char>(number >> (8 * i)));
}

constexpr std::array<std::uint32_t, 256> crcTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82f63b78U : crc >> 1;
    table[i] = crc;
  }
  return table;
}

std::uint32_t crc32c(std::string_view bytes) {
  static constexpr auto kTable = crcTable();
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) crc = kTable[(crc ^ static_cast<std::uint8_t>(byte)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

/// A log as RocksDB writes it: records cut into fragments at the ends of blocks.
class Log {
 public:
  void write(std::uint32_t changes, std::size_t bytes) {
    begins_.push_back(text_.size());
    std::string record;
    little(record, sequence_, 8);
    little(record, changes, 4);
    record.resize(record.size() + bytes, static_cast<char>('a' + bytes % 26));
    sequence_ += changes;
    bool first = true;
    for (std::string_view rest = record; first || !rest.empty();) {
      const std::size_t room = kBlock - text_.size() % kBlock;
      if (room < kHeader) {
        text_.append(room, '\0');
        continue;
      }
      const std::string_view piece = rest.substr(0, room - kHeader);
      rest.remove_prefix(piece.size());
      fragment(first ? (rest.empty() ? 1 : 2) : (rest.empty() ? 4 : 3), piece);
      first = false;
    }
  }
  const std::string& text() const { return text_; }
  const std::vector<std::size_t>& begins() const { return begins_; }

 private:
  void fragment(int type, std::string_view payload) {
    std::string covered(1, static_cast<char>(type));
    covered += payload;
    const std::uint32_t crc = crc32c(covered);
    little(text_, ((crc >> 15) | (crc << 17)) + 0xa282ead8U, 4);
    little(text_, payload.size(), 2);
    text_ += covered;
  }
  std::string text_;
  std::vector<std::size_t> begins_;
  std::uint64_t sequence_ = 1;
};

void judgeMade(std::string_view bytes) {
  const auto byteAt = [bytes](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
  Log log;
  // 30 writes of up to 4 KiB: a few blocks, and quick.
  for (std::size_t i = 2; i < std::min<std::size_t>(bytes.size(), 32); ++i) {
    const std::uint8_t said = byteAt(i);
    log.write(1 + said % 3, said < 230 ? said : std::size_t{said} * 16);
  }
  const std::string& whole = log.text();
  MYDHT_ASSERT(checkLog(whole).state == LogState::Whole);
  const std::size_t cut = whole.size() * byteAt(0) / 255;
  MYDHT_ASSERT(checkLog(std::string_view(whole).substr(0, cut)).state != LogState::Damaged);
  if (log.begins().size() < 2) return;
  std::string changed = whole;
  const std::size_t place = log.begins().back() * byteAt(1) / 256;
  changed[place] ^= 1;
  const LogVerdict verdict = checkLog(changed);
  // Room at the end of a block is not read.
  MYDHT_ASSERT(verdict.state == LogState::Damaged || (whole[place] == '\0' && kBlock - place % kBlock < kHeader));
  MYDHT_ASSERT(verdict.offset <= place);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const LogVerdict verdict = checkLog(bytes);
  MYDHT_ASSERT(verdict.offset <= bytes.size());
  if (size >= 3) judgeMade(bytes);
  return 0;
}
