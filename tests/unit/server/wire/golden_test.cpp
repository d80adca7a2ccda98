// Proves that version 1 of the protocol between nodes still is what docs/peer-protocol.md says: the bytes of one
// message of each family, with every field different, are written here by hand, field by field. A test that fails here
// says that nodes of two builds no longer understand one another: the protocol's version has to go up.

#include <gtest/gtest.h>

#include "server/wire/envelope.h"
#include "server/wire/gossip.h"
#include "server/wire/hints.h"
#include "server/wire/probe.h"
#include "server/wire/settling.h"

namespace mydht::wire {
namespace {

/// Bytes from hexadecimal digits; blanks are only for the eye.
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
  MYDHT_ASSERT(pair.empty());
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

template <class M>
void expectBytes(const M& message, std::string_view digits) {
  EXPECT_EQ(toHex(payloadOf(message)), toHex(hex(digits)));
  EXPECT_TRUE(readPayload<M>(hex(digits)).has_value());
}

const Version kVersion{0x0102030405060708, 0x11121314, 0x2122232425262728, 0x31323334};
constexpr std::string_view kVersionHex = "0807060504030201 14131211 2827262524232221 34333231";
const Version kSettled{5, 6, 7, 8};
constexpr std::string_view kSettledHex = "0500000000000000 06000000 0700000000000000 08000000";

Entry entry() {
  Entry value;
  value.key = "key";
  value.version = kVersion;
  value.size = 0x1234;
  value.sha256.fill(0xab);
  value.contentType = "a/b";
  value.tombstone = true;
  return value;
}
const std::string kEntryHex = "03000000 6b6579" + std::string(kVersionHex) + "3412000000000000" +
                              "abababababababababababababababababababababababababababababababab" + "03000000 612f62" +
                              "01";

ring::MemberList list() {
  ring::MemberList value;
  value.replicas = 2;
  value.replicasNumber = 4;
  value.algorithm = 1;
  value.members.push_back({0x51, ring::Rank::Present, 3, 0x61, 150, "z"});
  value.members.push_back({0x52, ring::Rank::Removed, 1, 0x62, 100, ""});
  return value;
}
const std::string kListHex =
    "02000000 04000000 01000000 02000000"
    "5100000000000000 00 03000000 6100000000000000 96000000 01000000 7a"
    "5200000000000000 02 01000000 6200000000000000 64000000 00000000";
const std::string kViewHex = "9900000000000000 01" + kListHex + "00";

TEST(GoldenBytes, OfTheEnvelope) {
  const Speaker speaker{1, 2, 3, 4, {5, 6}, {7, 8}, 9, 10, "h:1"};
  const std::string speakerHex =
      "0100000000000000 0200000000000000 03000000 0400000000000000"
      "0500000000000000 0600000000000000 0700000000000000 0800000000000000"
      "0900000000000000 0a00000000000000 03000000 683a31";
  EXPECT_EQ(toHex(packRequest(speaker, 0x77, MessageType::Vote, "pay").view()),
            toHex(hex("01 07 7700000000000000" + speakerHex + "706179")));
  EXPECT_EQ(toHex(packAnswer(speaker, "pay").view()), toHex(hex("01 00" + speakerHex + "706179")));
  EXPECT_EQ(toHex(packError(speaker, {Kind::OlderRing, "no"}, "pay").view()),
            toHex(hex("01 01" + speakerHex + "04 02000000 6e6f 706179")));
}

TEST(GoldenBytes, OfTheTypes) {
  EXPECT_EQ(static_cast<int>(MessageType::Hello), 0);
  EXPECT_EQ(static_cast<int>(MessageType::GetView), 1);
  EXPECT_EQ(static_cast<int>(MessageType::Adopt), 2);
  EXPECT_EQ(static_cast<int>(MessageType::Propose), 3);
  EXPECT_EQ(static_cast<int>(MessageType::Filled), 4);
  EXPECT_EQ(static_cast<int>(MessageType::Join), 5);
  EXPECT_EQ(static_cast<int>(MessageType::Gossip), 6);
  EXPECT_EQ(static_cast<int>(MessageType::Vote), 7);
  EXPECT_EQ(static_cast<int>(MessageType::Offer), 8);
  EXPECT_EQ(static_cast<int>(MessageType::Stage), 9);
  EXPECT_EQ(static_cast<int>(MessageType::Publish), 10);
  EXPECT_EQ(static_cast<int>(MessageType::Discard), 11);
  EXPECT_EQ(static_cast<int>(MessageType::FetchStaged), 12);
  EXPECT_EQ(static_cast<int>(MessageType::FetchBody), 13);
  EXPECT_EQ(static_cast<int>(MessageType::FillPage), 14);
  EXPECT_EQ(static_cast<int>(MessageType::Repair), 15);
  EXPECT_EQ(static_cast<int>(MessageType::CompareTrees), 16);
  EXPECT_EQ(static_cast<int>(MessageType::EntryHeads), 17);
  EXPECT_EQ(static_cast<int>(MessageType::Holds), 18);
  EXPECT_EQ(static_cast<int>(MessageType::Action), 19);
  EXPECT_EQ(static_cast<int>(MessageType::ListKeys), 20);
  EXPECT_EQ(static_cast<int>(MessageType::Standing), 21);
  EXPECT_EQ(static_cast<int>(MessageType::Leave), 22);
  EXPECT_EQ(static_cast<int>(MessageType::Close), 23);
  EXPECT_EQ(static_cast<int>(MessageType::Settle), 24);
  EXPECT_EQ(static_cast<int>(MessageType::Hint), 25);
  EXPECT_EQ(static_cast<int>(MessageType::Probe), 26);
}

TEST(GoldenBytes, OfTheErrorKinds) {
  EXPECT_EQ(static_cast<int>(Kind::NotFound), 0);
  EXPECT_EQ(static_cast<int>(Kind::NotDone), 2);
  EXPECT_EQ(static_cast<int>(Kind::Unknown), 3);
  EXPECT_EQ(static_cast<int>(Kind::OlderRing), 4);
  EXPECT_EQ(static_cast<int>(Kind::Unavailable), 9);
  EXPECT_EQ(static_cast<int>(Kind::Stopped), 13);
}

TEST(GoldenBytes, OfTheMessagesAboutTheRing) {
  expectBytes(HelloAnswer{3, 4}, "03000000 0400000000000000");
  expectBytes(ViewMessage{{0x99, {list()}}}, kViewHex);
  expectBytes(Adopt{{0x99, {list()}}}, kViewHex);
  expectBytes(Propose{list()}, kListHex);
  expectBytes(ProposeAnswer{list(), ring::ViewLists{0x99, {list()}}}, "01" + kListHex + "01" + kViewHex);
  expectBytes(ProposeAnswer{}, "00 00");
  expectBytes(Filled{{5, 6}, list()}, "0500000000000000 0600000000000000" + kListHex);
  expectBytes(Join{list().members.front(), "h:1", 0x44},
              "03000000 01000000 01000000 01000000"
              "5100000000000000 00 03000000 6100000000000000 96000000 01000000 7a"
              "03000000 683a31 4400000000000000");
  expectBytes(Gossip{{{0x51, 2, "h:1"}},
                     {5, 6},
                     "",
                     true,
                     "\x05",
                     {7,
                      8,
                      9,
                      10,
                      "0.1",
                      {11, 12, 13, 14, 15},
                      {29, 16, 17, 18, 19, 20},
                      DiskState::Full,
                      {21, 22, 23, 24, 25, 26, 30, 27, {{0x52, 28, true}}}}},
              "01000000 5100000000000000 02000000 03000000 683a31"
              "0500000000000000 0600000000000000 00000000 01 01000000 05"
              "0700000000000000 0800000000000000 09000000 0a000000 03000000 302e31"
              "0b000000 0c000000 0d00000000000000 0e00000000000000 0f000000"
              "1d00000000000000 10000000 11000000 12000000 13000000 14000000 01"
              "1500000000000000 1600000000000000 1700000000000000 1800000000000000 1900000000000000"
              "1a00000000000000 1e000000 1b00000000000000 01000000 5200000000000000 1c00000000000000 01");
  expectBytes(Standing{Leaving::Wants}, "01");
  expectBytes(StandingAnswer{Leaving::Leaves, {5, 6}, "", ""},
              "02 0500000000000000 0600000000000000 00000000 00000000");
}

TEST(GoldenBytes, OfVotesAndOffers) {
  expectBytes(Vote{"key", 0x1234, VoteFor::Fill}, "03000000 6b6579 3412000000000000 02");
  expectBytes(VoteAnswer{kSettled, entry(), true}, std::string(kSettledHex) + "01" + kEntryHex + "01");
  expectBytes(VoteAnswer{kSettled, std::nullopt, false}, std::string(kSettledHex) + "00 00");
  expectBytes(Offer{entry(), From::Repair, kSettled}, kEntryHex + "02" + std::string(kSettledHex));
  expectBytes(OfferAnswer{OfferOutcome::TooFar, entry(), kSettled}, "02 01" + kEntryHex + std::string(kSettledHex));
}

TEST(GoldenBytes, OfBodiesOnTheirWay) {
  Digest digest{};
  digest.fill(0xcd);
  expectBytes(Stage{0x71, "key"}, "7100000000000000 03000000 6b6579");
  expectBytes(StageAnswer{digest, 0x1234, std::nullopt},
              "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd 3412000000000000 00");
  expectBytes(Publish{0x71, entry(), 0x51}, "7100000000000000" + kEntryHex + "5100000000000000");
  expectBytes(Discard{0x71}, "7100000000000000");
  expectBytes(FetchStaged{0x71}, "7100000000000000");
  expectBytes(FetchBody{entry(), 1, 2}, kEntryHex + "0100000000000000 0200000000000000");
  expectBytes(Repair{entry(), 0x51}, kEntryHex + "5100000000000000");
}

TEST(GoldenBytes, OfAFill) {
  expectBytes(FillPage{{1, 0x1234}, 0x1234, "key", 0x40000, true, true},
              "02000000 0100 3412 3412 03000000 6b6579 00000400 01 01");
  FillPageAnswer page;
  page.rows.push_back({entry(), true, Bytes(std::string("value"))});
  page.rows.push_back({entry(), false, Bytes()});
  page.marks.push_back({0x1234, kVersion, kSettled});
  page.cannotSay = {2};
  page.over = false;
  expectBytes(page, "02000000" + kEntryHex + "01 05000000 76616c7565" + kEntryHex + "00" + "01000000 3412" +
                        std::string(kVersionHex) + std::string(kSettledHex) + "01000000 0200" + "00");
}

TEST(GoldenBytes, OfABalance) {
  expectBytes(CompareTrees{{{0, 0, 0x71}, {14, 0x1234, 0x0102030405060708}}},
              "02000000 00 00000000 7100000000000000 0e 34120000 0807060504030201");
  expectBytes(CompareTreesAnswer{{Compared::Equal, Compared::Differs, Compared::CannotSay}}, "03000000 00 01 02");
  expectBytes(EntryHeads{0x1234, 3, {1, 7}, "key", 0x40000}, "3412 03 02000000 0100 0700 03000000 6b6579 00000400");
  expectBytes(EntryHeadsAnswer{{entry()}, kSettled, false}, "01000000" + kEntryHex + std::string(kSettledHex) + "00");
}

TEST(GoldenBytes, OfSettling) {
  expectBytes(Close{{0x1234, 1}, kSettled}, "02000000 3412 0100" + std::string(kSettledHex));
  expectBytes(CloseAnswer{{{true, 0x0102030405060708}, {}}}, "02000000 01 0807060504030201 00 0000000000000000");
  expectBytes(Settle{{{0x1234, 0x71}}, kSettled}, "01000000 3412 7100000000000000" + std::string(kSettledHex));
}

TEST(GoldenBytes, OfAHint) {
  expectBytes(Hint{"key", kVersion, {0x71, 2}},
              "03000000 6b6579" + std::string(kVersionHex) + "02000000 7100000000000000 0200000000000000");
}

TEST(GoldenBytes, OfAPurgeAndOfActions) {
  expectBytes(Holds{{entry()}}, "01000000" + kEntryHex);
  expectBytes(HoldsAnswer{{Held::Holds, Held::Lacks, Held::CannotSay}}, "03000000 00 01 02");
  expectBytes(Action{ActionKind::CountPurge, 0x71}, "02 7100000000000000");
  expectBytes(ActionAnswer{ActionState::Failed, {1, 2, 3, 4, 5, 6}, "no"},
              "02 0100000000000000 0200000000000000 0300000000000000 0400000000000000 0500000000000000"
              "0600000000000000 02000000 6e6f");
}

TEST(GoldenBytes, OfTheFailureDetector) {
  const std::string dead = "7100000000000000 0500000000000000 02";
  expectBytes(Probe{0x51, {{0x71, 5, Liveness::Dead}}}, "5100000000000000 01000000" + dead);
  expectBytes(ProbeAnswer{true, {{0x71, 5, Liveness::Dead}}}, "01 01000000" + dead);
}

TEST(GoldenBytes, OfAListing) {
  expectBytes(ListKeys{"pre", "from", "/", 0x1234}, "03000000 707265 04000000 66726f6d 01000000 2f 34120000");
  ListKeysAnswer answer;
  answer.covered.assign(2048, '\1');
  answer.entries = {entry()};
  answer.prefixes = {"p/"};
  answer.next = "nx";
  std::string covered = "00080000";
  for (int i = 0; i < 2048; ++i) covered += "01";
  expectBytes(answer, covered + "01000000" + kEntryHex + "01000000 02000000 702f 02000000 6e78");
}

}  // namespace
}  // namespace mydht::wire
