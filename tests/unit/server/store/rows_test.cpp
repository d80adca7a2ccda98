// Proves that rows on the disk come back as they were written, that damaged ones are Corrupt and never something else,
// and that format 1 still is what docs/storage-format.md says: golden bytes, field by field, written by hand. A golden
// test that fails says that old data directories can no longer be read: the format's number has to go up.

#include "server/store/rows.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "common/hash/position.h"
#include "server/store/node_state.h"
#include "tests/unit/server/store/world.h"

namespace mydht::store {
namespace {

using namespace test;

std::string hex(std::string_view digits) {
  std::string bytes;
  std::string pair;
  for (const char digit : digits) {
    if (digit == ' ') continue;
    pair.push_back(digit);
    if (pair.size() < 2) continue;
    bytes.push_back(static_cast<char>(std::stoi(pair, nullptr, 16)));
    pair.clear();
  }
  return bytes;
}

std::string toHex(std::string_view bytes) {
  std::string digits;
  for (const char byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    digits.push_back(kDigits[static_cast<unsigned char>(byte) >> 4]);
    digits.push_back(kDigits[static_cast<unsigned char>(byte) & 15]);
  }
  return digits;
}

const Version kVersion{0x0102030405060708, 0x11121314, 0x2122232425262728, 0x31323334};
constexpr std::string_view kVersionHex = "0807060504030201 14131211 2827262524232221 34333231";

Row exampleRow() {
  Row row;
  row.entry.key = "key";
  row.entry.version = kVersion;
  row.entry.size = 5;
  row.entry.sha256.fill(0xab);
  row.entry.contentType = "a/b";
  row.value = Bytes(std::string("value"));
  return row;
}

std::string entryHex(std::string_view flags, std::string_view size, std::string_view tail) {
  return "01" + std::string(flags) + std::string(kVersionHex) + std::string(size) +
         "abababababababababababababababababababababababababababababababab" + "03000000 612f62" + std::string(tail);
}

TEST(GoldenRows, OfAnEntry) {
  Row row = exampleRow();
  EXPECT_EQ(toHex(encodeEntryRow(row).view()), toHex(hex(entryHex("00", "0500000000000000", "05000000 76616c7565"))));
  row.blob = 0x1234;
  row.value = Bytes();
  row.entry.size = 0x20000;
  EXPECT_EQ(toHex(encodeEntryRow(row).view()), toHex(hex(entryHex("02", "0000020000000000", "3412000000000000"))));
  row.blob = 0;
  row.entry.size = 0;
  row.entry.tombstone = true;
  EXPECT_EQ(toHex(encodeEntryRow(row).view()), toHex(hex(entryHex("01", "0000000000000000", "00000000"))));
}

TEST(GoldenRows, OfTheListing) {
  Entry entry = exampleRow().entry;
  const std::string digest = "abababababababababababababababababababababababababababababababab";
  const std::string tail = std::string(kVersionHex) + "0500000000000000" + digest + "03000000 612f62";
  EXPECT_EQ(toHex(encodeListRow(entry).view()), toHex(hex("01 00" + tail)));
  entry.tombstone = true;
  EXPECT_EQ(toHex(encodeListRow(entry).view()), toHex(hex("01 01" + tail)));
}

TEST(GoldenRows, OfAPartition) {
  PartitionRow row{kVersion, {5, 6, 7, 8}, 9, 10, 11};
  const std::string rest = std::string(kVersionHex) +
                           "0500000000000000 06000000 0700000000000000 08000000"
                           "0900000000000000 0a00000000000000 0b00000000000000";
  EXPECT_EQ(toHex(encodePartitionRow(row).view()), toHex(hex("01" + rest)));
  row.digest = 0x0102030405060708;
  EXPECT_EQ(toHex(encodePartitionRow(row).view()), toHex(hex("02" + rest + "0807060504030201")));
}

TEST(GoldenRows, OfAPartitionInTheFormatBeforeAreReadWithoutADigest) {
  const auto row = decodePartitionRow(encodePartitionRow({kVersion, {5, 6, 7, 8}, 9, 10, 11}).view());
  ASSERT_TRUE(row.ok());
  EXPECT_FALSE(row->digest.has_value());
  EXPECT_EQ(row->bytes, 11U);
}

TEST(GoldenRows, OfTheNode) {
  EXPECT_EQ(toHex(encodeIdentity({1, 2, 3, 4}).view()),
            toHex(hex("01 0100000000000000 02000000 0300000000000000 0400000000000000")));
  EXPECT_EQ(toHex(encodePeerState({"h:1", 2, 3}).view()), toHex(hex("01 03000000 683a31 02000000 0300000000000000")));
  RingState state;
  ring::MemberList list;
  list.algorithm = 1;
  list.put({0x51, ring::Rank::Present, 3, 0x61, 150, "z"});
  const std::string listHex =
      "03000000 01000000 01000000 01000000"
      "5100000000000000 00 03000000 6100000000000000 96000000 01000000 7a";
  state.accepted = list;
  state.completeHeld = {5, 6};
  state.hostPort = "h:1";
  const std::string tail = "0500000000000000 0600000000000000 03000000 683a31";
  const std::string newTail = "00000000 2200000000000000";
  state.formerRing = 0x22;
  EXPECT_EQ(toHex(encodeRingState(state).view()),
            toHex(hex("02 00 01" + listHex + "00000000" + "00000000" + tail + newTail)));
  state.view = {0x99, {list}, {list}};
  state.filled.set(0);
  state.filled.set(9);
  std::string bits(4096, '0');
  bits.replace(0, 4, "0102");
  EXPECT_EQ(toHex(encodeRingState(state).view()),
            toHex(hex("02 01 9900000000000000 01" + listHex + "01" + listHex + "01" + listHex + "00080000" + bits +
                      "00000000" + tail + newTail)));
}

TEST(GoldenRows, OfTheNames) {
  const PartitionId partition = partitionOf("key");
  const std::string two{static_cast<char>(partition >> 8), static_cast<char>(partition & 0xff)};
  EXPECT_EQ(entryRowName("key"), "e" + two + "key");
  EXPECT_EQ(listRowName("key"), "kkey");
  EXPECT_EQ(partitionRowName(0x1234), std::string("p\x12\x34"));
  EXPECT_EQ(peerRowName(0x0102030405060708), std::string("r\x01\x02\x03\x04\x05\x06\x07\x08"));
  EXPECT_EQ(kIdentityRow, "n.identity");
  EXPECT_EQ(kRingRow, "n.ring");
  EXPECT_EQ(kClockRow, "n.clock");
}

Row anyRow() {
  Row row;
  row.entry.key = *rc::gen::nonEmpty(rc::gen::arbitrary<std::string>());
  row.entry.version = {*rc::gen::inRange<std::int64_t>(0, limits::kLastMicros + 1),
                       *rc::gen::arbitrary<std::uint32_t>(), *rc::gen::arbitrary<NodeId>(),
                       *rc::gen::arbitrary<std::uint32_t>()};
  for (auto& byte : row.entry.sha256) byte = *rc::gen::arbitrary<std::uint8_t>();
  row.entry.contentType = *rc::gen::arbitrary<std::string>();
  row.entry.tombstone = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>()) {
    row.blob = *rc::gen::nonZero<BlobId>();
    row.entry.size = *rc::gen::arbitrary<std::uint64_t>();
  } else {
    row.value = Bytes(*rc::gen::arbitrary<std::string>());
    row.entry.size = row.value.size();
  }
  return row;
}

RC_GTEST_PROP(Rows, AnEntryComesBackAsItWasWritten, ()) {
  const Row row = anyRow();
  const auto read = decodeEntryRow(entryRowName(row.entry.key), encodeEntryRow(row).view());
  RC_ASSERT(read.ok());
  RC_ASSERT((*read)->entry == row.entry);
  RC_ASSERT((*read)->blob == row.blob);
  RC_ASSERT((*read)->value == row.value);
}

RC_GTEST_PROP(Rows, ACutOrLongerEntryIsCorrupt, ()) {
  const Row row = anyRow();
  const std::string name = entryRowName(row.entry.key);
  const std::string content(encodeEntryRow(row).view());
  for (std::size_t length = 0; length < content.size(); ++length) {
    const std::string cut(content, 0, length);
    const auto read = decodeEntryRow(name, cut);
    RC_ASSERT(!read.ok());
    RC_ASSERT(read.error().kind == Kind::Corrupt);
  }
  RC_ASSERT(!decodeEntryRow(name, content + '\0').ok());
}

RC_GTEST_PROP(Rows, AnyBytesAreAnEntryOrCorrupt, (const std::string& name, const std::string& content)) {
  const auto read = decodeEntryRow(name, content);
  if (!read) RC_ASSERT(read.error().kind == Kind::Corrupt);
  const auto listed = decodeListRow(name, content);
  if (!listed) RC_ASSERT(listed.error().kind == Kind::Corrupt);
  const auto partition = decodePartitionRow(content);
  if (!partition) RC_ASSERT(partition.error().kind == Kind::Corrupt);
}

RC_GTEST_PROP(Rows, ARowOfTheListingComesBackAndACutOrLongerOneIsCorrupt, ()) {
  const Entry entry = anyRow().entry;
  const std::string name = listRowName(entry.key);
  const std::string content(encodeListRow(entry).view());
  const auto read = decodeListRow(name, content);
  RC_ASSERT(read.ok());
  RC_ASSERT(*read == entry);
  for (std::size_t length = 0; length < content.size(); ++length) {
    RC_ASSERT(!decodeListRow(name, content.substr(0, length)).ok());
  }
  RC_ASSERT(!decodeListRow(name, content + '\0').ok());
  RC_ASSERT(!decodeListRow("k", content).ok());
  std::string other = content;
  other[0] = 2;
  RC_ASSERT(!decodeListRow(name, other).ok());
  other = content;
  other[1] = 2;
  RC_ASSERT(!decodeListRow(name, other).ok());
}

TEST(Rows, AnEntryUnderAnotherKeysNameIsCorrupt) {
  const Bytes content = encodeEntryRow(exampleRow());
  EXPECT_TRUE(decodeEntryRow(entryRowName("key"), content.view()).ok());
  EXPECT_TRUE(decodeEntryRow(entryRowName("other"), content.view()).ok()) << "the name holds the key";
  std::string wrongPartition = entryRowName("key");
  wrongPartition[2] = static_cast<char>(wrongPartition[2] ^ 1);
  EXPECT_FALSE(decodeEntryRow(wrongPartition, content.view()).ok());
  EXPECT_FALSE(decodeEntryRow("e", content.view()).ok());
}

TEST(Rows, ANewerFormatAndASizeThatIsNotTheValuesAreCorrupt) {
  std::string content(encodeEntryRow(exampleRow()).view());
  content[0] = 2;
  EXPECT_FALSE(decodeEntryRow(entryRowName("key"), content).ok());
  Row row = exampleRow();
  row.entry.size = 6;
  EXPECT_FALSE(decodeEntryRow(entryRowName("key"), encodeEntryRow(row).view()).ok());
}

TEST(Rows, UnknownFlagsAndABlobThatIsNoneAreCorrupt) {
  std::string content(encodeEntryRow(exampleRow()).view());
  content[1] = 4;
  EXPECT_FALSE(decodeEntryRow(entryRowName("key"), content).ok());
  Row row = exampleRow();
  row.blob = 1;
  std::string large(encodeEntryRow(row).view());
  EXPECT_TRUE(decodeEntryRow(entryRowName("key"), large).ok());
  large[large.size() - 8] = 0;
  EXPECT_FALSE(decodeEntryRow(entryRowName("key"), large).ok());
}

TEST(Rows, APartitionsRowComesBackAndACutOneIsCorrupt) {
  const std::string content(encodePartitionRow({at(5), at(4), 3, 2, 1, 7}).view());
  const auto read = decodePartitionRow(content);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->closed, at(5));
  EXPECT_EQ(read->settled, at(4));
  EXPECT_EQ(read->keys, 3U);
  EXPECT_EQ(read->tombstones, 2U);
  EXPECT_EQ(read->bytes, 1U);
  EXPECT_EQ(read->digest, 7U);
  for (std::size_t length = 0; length < content.size(); ++length) {
    EXPECT_FALSE(decodePartitionRow(content.substr(0, length)).ok());
  }
}

TEST(Rows, APartitionsEntriesLieBetweenItsFirstNameAndItsEnd) {
  for (const char* key : {"a", "zz", "\xff\xff", "some/longer/key"}) {
    const PartitionId partition = partitionOf(key);
    EXPECT_LE(entryRowAfter(partition, ""), entryRowName(key));
    EXPECT_LT(entryRowName(key), entryRowAfter(partition, key));
    EXPECT_LT(entryRowName(key), entryRowsEnd(partition));
  }
  EXPECT_EQ(entryRowsEnd(limits::kPartitions - 1), "f");
}

}  // namespace
}  // namespace mydht::store
