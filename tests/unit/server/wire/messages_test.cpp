// Proves that every message is read back as it was written, and that a payload which is cut off anywhere, has a byte
// too many or a value out of its range is refused as a whole. How: random messages of each type are written, read and
// written again; then every shorter prefix is read, from memory of exactly its size, so that a sanitizer sees a read
// beyond it. Messages are compared by their bytes; that no field is left out of both ways is golden_test's.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "server/wire/gossip.h"
#include "server/wire/hints.h"
#include "server/wire/probe.h"
#include "server/wire/settling.h"
#include "tests/unit/server/wire/draw.h"

namespace mydht::wire {
namespace {

using namespace test;

template <class M>
void comesBackWhole(const M& message) {
  const std::string bytes = payloadOf(message);
  const auto read = readPayload<M>(bytes);
  RC_ASSERT(read.has_value());
  RC_ASSERT(payloadOf(*read) == bytes);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const std::string cut(bytes, 0, length);
    RC_ASSERT(!readPayload<M>(cut).has_value());
  }
  RC_ASSERT(!readPayload<M>(bytes + '\0').has_value());
}

RC_GTEST_PROP(Messages, AHelloAndItsAnswerComeBackWhole, ()) {
  comesBackWhole(Hello());
  comesBackWhole(HelloAnswer{anyNumber<std::uint32_t>(), anyNumber<std::uint64_t>()});
}

RC_GTEST_PROP(Messages, ViewsComeBackWhole, ()) {
  const ring::ViewLists view = anyView();
  comesBackWhole(GetView());
  comesBackWhole(ViewMessage{view});
  comesBackWhole(Adopt{view});
  RC_ASSERT(readPayload<Adopt>(payloadOf(Adopt{view}))->view == view);
}

RC_GTEST_PROP(Messages, ProposalsComeBackWhole, ()) {
  const ring::MemberList list = anyList();
  comesBackWhole(Propose{list});
  ProposeAnswer answer;
  if (anyFlag()) answer.accepted = list;
  if (anyFlag()) answer.view = anyView();
  comesBackWhole(answer);
  comesBackWhole(Filled{anyName(), list});
  RC_ASSERT(readPayload<Propose>(payloadOf(Propose{list}))->list == list);
}

RC_GTEST_PROP(Messages, AJoinComesBackWhole, ()) {
  Join message;
  message.member = anyMember(anyNumber<NodeId>() | 1);
  message.member.rank = ring::Rank::Present;
  message.hostPort = anyText(0, 60);
  message.replaces = anyNumber<NodeId>();
  comesBackWhole(message);
}

RC_GTEST_PROP(Messages, GossipComesBackWhole, ()) {
  Gossip message;
  const auto addresses = *rc::gen::inRange(0, 4);
  for (int i = 0; i < addresses; ++i) {
    message.addresses.push_back({anyNumber<NodeId>(), anyNumber<std::uint32_t>(), anyText(0, 30)});
  }
  message.filledIn = anyName();
  if (anyFlag()) message.filled = std::string(limits::kPartitions / 8, static_cast<char>(anyNumber<std::uint8_t>()));
  message.whole = anyFlag();
  message.wholeMembers = anyText(0, 125);
  message.summary = {anyNumber<std::uint64_t>(),
                     anyNumber<std::uint64_t>(),
                     anyNumber<std::uint32_t>(),
                     anyNumber<std::uint32_t>(),
                     anyText(0, 20),
                     {anyNumber<std::uint32_t>(), anyNumber<std::uint32_t>(), anyNumber<std::uint64_t>(),
                      anyNumber<std::uint64_t>(), anyNumber<std::uint32_t>()},
                     {anyNumber<std::uint64_t>(), anyNumber<std::uint32_t>(), anyNumber<std::uint32_t>(),
                      anyNumber<std::uint32_t>(), anyNumber<std::uint32_t>(), anyNumber<std::uint32_t>()},
                     anyFlag() ? DiskState::Well : DiskState::Full,
                     {anyNumber<std::uint64_t>(),
                      anyNumber<std::uint64_t>(),
                      anyNumber<std::uint64_t>(),
                      anyNumber<std::uint64_t>(),
                      anyNumber<std::uint64_t>(),
                      anyNumber<std::uint64_t>(),
                      anyNumber<std::uint32_t>(),
                      anyNumber<std::uint64_t>(),
                      {}}};
  message.summary.upkeep.kept.resize(*rc::gen::inRange<std::size_t>(0, kMostKept + 1));
  for (Kept& kept : message.summary.upkeep.kept) {
    kept = {anyNumber<std::uint64_t>(), anyNumber<std::uint64_t>(), anyFlag()};
  }
  comesBackWhole(message);
}

TEST(Messages, AGossipThatTellsOfMoreMembersThanItMayIsRefused) {
  Gossip message;
  message.summary.upkeep.kept.resize(kMostKept + 1);
  Writer out;
  message.write(out);
  const std::string bytes = out.take();
  EXPECT_FALSE(readPayload<Gossip>(bytes).has_value());
}

RC_GTEST_PROP(Messages, AProbeAndItsAnswerComeBackWholeAndMoreRumoursThanThereMayBeAreRefused, ()) {
  std::vector<Rumour> rumours(*rc::gen::inRange<std::size_t>(0, kMostRumours + 1));
  for (Rumour& rumour : rumours) {
    rumour = {anyNumber<NodeId>(), anyNumber<std::uint64_t>(), static_cast<Liveness>(*rc::gen::inRange(0, 3))};
  }
  comesBackWhole(Probe{anyNumber<NodeId>(), rumours});
  comesBackWhole(ProbeAnswer{*rc::gen::arbitrary<bool>(), rumours});
  rumours.resize(kMostRumours + 1);
  RC_ASSERT(!readPayload<Probe>(payloadOf(Probe{1, rumours})));
  rumours = {{1, 1, static_cast<Liveness>(3)}};
  RC_ASSERT(!readPayload<ProbeAnswer>(payloadOf(ProbeAnswer{true, rumours})));
}

RC_GTEST_PROP(Messages, AStandingComesBackWhole, ()) {
  comesBackWhole(Standing{static_cast<Leaving>(*rc::gen::inRange(0, 3))});
  StandingAnswer answer{static_cast<Leaving>(*rc::gen::inRange(0, 3)), anyName(), "", ""};
  if (anyFlag()) answer.filled = std::string(limits::kPartitions / 8, static_cast<char>(anyNumber<std::uint8_t>()));
  if (anyFlag()) answer.sources = std::string(limits::kPartitions / 8, static_cast<char>(anyNumber<std::uint8_t>()));
  comesBackWhole(answer);
}

RC_GTEST_PROP(Messages, VotesComeBackWhole, ()) {
  comesBackWhole(Vote{anyKey(), anyNumber<std::uint64_t>(), static_cast<VoteFor>(*rc::gen::inRange(0, 4))});
  comesBackWhole(VoteAnswer{anyVersion(), maybeEntry(), anyFlag()});
}

RC_GTEST_PROP(Messages, OffersComeBackWhole, ()) {
  comesBackWhole(Offer{anyEntry(), static_cast<From>(*rc::gen::inRange(0, 4)), anyVersion()});
  comesBackWhole(OfferAnswer{static_cast<OfferOutcome>(*rc::gen::inRange(0, 5)), maybeEntry(), anyVersion()});
}

RC_GTEST_PROP(Messages, WhatStagesComesBackWhole, ()) {
  comesBackWhole(Stage{anyNumber<std::uint64_t>(), anyKey()});
  comesBackWhole(StageAnswer{anyDigest(), anyNumber<std::uint64_t>(), maybeEntry()});
  comesBackWhole(Publish{anyNumber<std::uint64_t>(), anyEntry(), anyNumber<NodeId>()});
  comesBackWhole(Discard{anyNumber<std::uint64_t>()});
  comesBackWhole(FetchStaged{anyNumber<std::uint64_t>()});
}

RC_GTEST_PROP(Messages, WhatFetchesAndRepairsComesBackWhole, ()) {
  comesBackWhole(FetchBody{anyEntry(), anyNumber<std::uint64_t>(), anyNumber<std::uint64_t>()});
  comesBackWhole(Repair{anyEntry(), anyNumber<NodeId>()});
}

RC_GTEST_PROP(Messages, PagesOfAFillComeBackWhole, ()) {
  FillPage ask;
  ask.partitions = anyPartitions();
  ask.startPartition = *rc::gen::inRange<PartitionId>(0, static_cast<PartitionId>(limits::kPartitions));
  ask.after = anyText(0, 40);
  ask.mostBytes = anyNumber<std::uint32_t>();
  ask.unfilledToo = anyFlag();
  ask.entriesOnly = anyFlag();
  comesBackWhole(ask);
  FillPageAnswer page;
  const auto rows = *rc::gen::inRange(0, 3);
  for (int i = 0; i < rows; ++i) {
    FillRow row{anyEntry(), anyFlag(), Bytes()};
    if (row.withValue) row.value = Bytes(anyText(0, 50));
    page.rows.push_back(std::move(row));
  }
  if (anyFlag()) page.marks.push_back({7, anyVersion(), anyVersion()});
  page.cannotSay = anyPartitions();
  page.over = anyFlag();
  comesBackWhole(page);
}

std::vector<Entry> anyEntries() {
  std::vector<Entry> entries(*rc::gen::inRange<std::size_t>(0, 3));
  for (Entry& entry : entries) entry = anyEntry();
  return entries;
}

RC_GTEST_PROP(Messages, WhatABalanceComparesComesBackWhole, ()) {
  CompareTrees trees;
  trees.parts.resize(*rc::gen::inRange<std::size_t>(0, 4));
  for (TreePart& part : trees.parts) {
    part.depth = *rc::gen::inRange<std::uint8_t>(0, kDeepestPart + 1);
    part.prefix = *rc::gen::inRange<std::uint32_t>(0, 1U << part.depth);
    part.digest = anyNumber<std::uint64_t>();
  }
  comesBackWhole(trees);
  comesBackWhole(CompareTreesAnswer{{Compared::Differs, static_cast<Compared>(*rc::gen::inRange(0, 3))}});
  EntryHeads heads;
  heads.partition = *rc::gen::inRange<PartitionId>(0, static_cast<PartitionId>(limits::kPartitions));
  heads.leafBits = *rc::gen::inRange<std::uint8_t>(0, kMostLeafBits + 1);
  heads.leaves.resize(*rc::gen::inRange<std::size_t>(0, 4));
  for (std::uint16_t& leaf : heads.leaves) {
    leaf = static_cast<std::uint16_t>(*rc::gen::inRange<std::uint32_t>(0, 1U << heads.leafBits));
  }
  heads.after = anyText(0, 40);
  heads.mostBytes = anyNumber<std::uint32_t>();
  comesBackWhole(heads);
  comesBackWhole(EntryHeadsAnswer{anyEntries(), anyVersion(), anyFlag()});
}

RC_GTEST_PROP(Messages, WhatPurgesAndActionsSayComesBackWhole, ()) {
  comesBackWhole(Holds{anyEntries()});
  comesBackWhole(HoldsAnswer{{Held::Holds, static_cast<Held>(*rc::gen::inRange(0, 3))}});
  comesBackWhole(Action{static_cast<ActionKind>(*rc::gen::inRange(0, 3)), anyNumber<std::uint64_t>()});
  ActionAnswer answer;
  answer.state = static_cast<ActionState>(*rc::gen::inRange(0, 3));
  answer.counts.taken = anyNumber<std::uint64_t>();
  answer.counts.keptBytes = anyNumber<std::uint64_t>();
  answer.problem = anyText(0, 40);
  comesBackWhole(answer);
}

RC_GTEST_PROP(Messages, WhatSettlesComesBackWhole, ()) {
  const auto anyPartition = [] { return *rc::gen::inRange<PartitionId>(0, PartitionId{limits::kPartitions}); };
  Close close{{}, anyVersion()};
  CloseAnswer answer;
  Settle settle{{}, anyVersion()};
  const auto partitions = *rc::gen::inRange<std::size_t>(0, kMostSettled + 1);
  for (std::size_t i = 0; i < partitions; ++i) {
    close.partitions.push_back(anyPartition());
    answer.partitions.push_back({anyFlag(), anyNumber<std::uint64_t>()});
    settle.partitions.push_back({anyPartition(), anyNumber<std::uint64_t>()});
  }
  comesBackWhole(close);
  comesBackWhole(answer);
  comesBackWhole(settle);
}

RC_GTEST_PROP(Messages, AHintComesBackWhole, ()) {
  Hint hint{anyKey(), anyVersion(), {}};
  hint.missed.resize(*rc::gen::inRange<std::size_t>(0, kMostMissed + 1));
  for (NodeId& node : hint.missed) node = anyNumber<NodeId>();
  comesBackWhole(hint);
}

TEST(Messages, AHintIsOfAKeyAndOfNoMoreNodesThanCanBeHome) {
  Hint hint{"k", {5, 0, 1, 1}, std::vector<NodeId>(kMostMissed, 1)};
  EXPECT_TRUE(readPayload<Hint>(payloadOf(hint)).has_value());
  hint.missed.push_back(2);
  EXPECT_FALSE(readPayload<Hint>(payloadOf(hint)).has_value());
  hint.missed.clear();
  hint.key.clear();
  EXPECT_FALSE(readPayload<Hint>(payloadOf(hint)).has_value());
}

RC_GTEST_PROP(Messages, AListingComesBackWhole, ()) {
  comesBackWhole(ListKeys{anyText(0, 20), anyText(0, 20), anyText(0, 3), anyNumber<std::uint32_t>()});
  ListKeysAnswer answer;
  if (anyFlag()) answer.covered.assign(limits::kPartitions / 8, static_cast<char>(anyNumber<std::uint8_t>()));
  const auto entries = *rc::gen::inRange(0, 3);
  for (int i = 0; i < entries; ++i) answer.entries.push_back(anyEntry());
  const auto prefixes = *rc::gen::inRange(0, 3);
  for (int i = 0; i < prefixes; ++i) answer.prefixes.push_back(anyKey());
  answer.next = anyText(0, 40);
  comesBackWhole(answer);
}

RC_GTEST_PROP(Messages, AnyBytesAreReadOrRefused, (const std::string& bytes)) {
  (void)readPayload<HelloAnswer>(bytes);
  (void)readPayload<ViewMessage>(bytes);
  (void)readPayload<ProposeAnswer>(bytes);
  (void)readPayload<Join>(bytes);
  (void)readPayload<Gossip>(bytes);
  (void)readPayload<VoteAnswer>(bytes);
  (void)readPayload<OfferAnswer>(bytes);
  (void)readPayload<FillPageAnswer>(bytes);
  (void)readPayload<CompareTrees>(bytes);
  (void)readPayload<EntryHeads>(bytes);
  (void)readPayload<EntryHeadsAnswer>(bytes);
  (void)readPayload<ActionAnswer>(bytes);
  (void)readPayload<ListKeysAnswer>(bytes);
}

/// A payload with its byte at that place (from the end, if negative) replaced.
template <class M>
bool isRefusedWith(const M& message, std::ptrdiff_t place, char byte) {
  std::string bytes = payloadOf(message);
  MYDHT_ASSERT(readPayload<M>(bytes).has_value());
  bytes[static_cast<std::size_t>(place < 0 ? place + static_cast<std::ptrdiff_t>(bytes.size()) : place)] = byte;
  return !readPayload<M>(bytes).has_value();
}

Entry smallEntry() {
  Entry entry;
  entry.key = "k";
  entry.version = {5, 0, 1, 1};
  return entry;
}

TEST(Messages, ValuesOutOfTheirRangeAreRefused) {
  EXPECT_TRUE(isRefusedWith(Vote{"k", 0, VoteFor::FillAny}, -1, 4));
  EXPECT_TRUE(isRefusedWith(OfferAnswer{OfferOutcome::Settled, std::nullopt, {}}, 0, 5));
  EXPECT_TRUE(isRefusedWith(OfferAnswer{OfferOutcome::Accepted, smallEntry(), {}}, 1, 2)) << "optional entry";
  EXPECT_TRUE(isRefusedWith(VoteAnswer{{}, std::nullopt, true}, -1, 2)) << "flag";
  EXPECT_TRUE(isRefusedWith(Offer{smallEntry(), From::Fill, {}}, -25, 4)) << "who brings it";
  EXPECT_TRUE(isRefusedWith(Repair{smallEntry(), 9}, -9, 2)) << "tombstone";
  EXPECT_TRUE(isRefusedWith(FillPage{{16383}, 0, "", 1, false, false}, 5, 0x40)) << "partition 16384";
  EXPECT_TRUE(isRefusedWith(FillPage{{16383}, 0, "", 1, false, false}, 3, 0x7f)) << "more partitions than bytes";
}

TEST(Messages, PartsAndLeavesThatNoHashTreeHasAreRefused) {
  EXPECT_TRUE(isRefusedWith(CompareTrees{{{kDeepestPart, 1, 0}}}, 4, kDeepestPart + 1)) << "too deep";
  EXPECT_TRUE(isRefusedWith(CompareTrees{{{3, 1, 0}}}, 5, 8)) << "more than three bits";
  EXPECT_TRUE(isRefusedWith(EntryHeads{1, kMostLeafBits, {}, "", 1}, 2, kMostLeafBits + 1)) << "too many leaves";
  EXPECT_TRUE(isRefusedWith(EntryHeads{1, 2, {3}, "", 1}, 7, 4)) << "a leaf that there is not";
  EXPECT_TRUE(isRefusedWith(CompareTreesAnswer{{Compared::Equal}}, 4, 3));
  EXPECT_TRUE(isRefusedWith(HoldsAnswer{{Held::Holds}}, 4, 3));
  EXPECT_TRUE(isRefusedWith(Action{ActionKind::Balance, 1}, 0, 3));
  EXPECT_TRUE(isRefusedWith(ActionAnswer{ActionState::Done, {}, ""}, 0, 3));
}

TEST(Messages, MoreIsNotSettledAtOnceThanMayBeAndNoPartitionThatThereIsNot) {
  Close close{std::vector<PartitionId>(kMostSettled, 1), {}};
  CloseAnswer answer{std::vector<Closed>(kMostSettled)};
  Settle settle{std::vector<Settled>(kMostSettled), {}};
  EXPECT_TRUE(readPayload<Close>(payloadOf(close)).has_value());
  EXPECT_TRUE(readPayload<CloseAnswer>(payloadOf(answer)).has_value());
  EXPECT_TRUE(readPayload<Settle>(payloadOf(settle)).has_value());
  close.partitions.push_back(1);
  answer.partitions.emplace_back();
  settle.partitions.emplace_back();
  EXPECT_FALSE(readPayload<Close>(payloadOf(close)).has_value());
  EXPECT_FALSE(readPayload<CloseAnswer>(payloadOf(answer)).has_value());
  EXPECT_FALSE(readPayload<Settle>(payloadOf(settle)).has_value());
  EXPECT_TRUE(isRefusedWith(Close{{0}, {}}, 5, 0x40)) << "partition 16384";
  EXPECT_TRUE(isRefusedWith(Settle{{{0, 0}}, {}}, 5, 0x40)) << "partition 16384";
  EXPECT_TRUE(isRefusedWith(CloseAnswer{{{true, 0}}}, 4, 2)) << "neither yes nor no";
}

TEST(Messages, AListingSaysOfEachPartitionWhetherItCoversItOrOfNone) {
  ListKeysAnswer answer;
  EXPECT_TRUE(readPayload<ListKeysAnswer>(payloadOf(answer)).has_value());
  answer.covered.assign(limits::kPartitions / 8, '\0');
  EXPECT_TRUE(readPayload<ListKeysAnswer>(payloadOf(answer)).has_value());
  answer.covered.pop_back();
  EXPECT_FALSE(readPayload<ListKeysAnswer>(payloadOf(answer)).has_value());
}

TEST(Messages, AJoinSaysNothingOfTheRingsReplicasAndNamesOneNode) {
  const Join join{{1}, "h:1", 0};
  EXPECT_TRUE(isRefusedWith(join, 0, 2)) << "replicas";
  EXPECT_TRUE(isRefusedWith(join, 4, 2)) << "their number";
  Writer two;
  ring::MemberList both;
  both.put({1});
  both.put({2});
  two.list(both).text("h:1").number(NodeId{0});
  EXPECT_FALSE(readPayload<Join>(two.bytes()).has_value());
}

TEST(Messages, AVersionThatNoDateCanSayIsRefused) {
  Entry entry = smallEntry();
  entry.version.physicalMicros = limits::kLastMicros;
  EXPECT_TRUE(readPayload<Repair>(payloadOf(Repair{entry, 1})).has_value());
  entry.version.physicalMicros = limits::kLastMicros + 1;
  EXPECT_FALSE(readPayload<Repair>(payloadOf(Repair{entry, 1})).has_value()) << "the year 10000";
  entry.version.physicalMicros = -1;
  EXPECT_FALSE(readPayload<Repair>(payloadOf(Repair{entry, 1})).has_value()) << "before 1970";
}

TEST(Messages, APageOfTheLeastRowsThereAreComesBackWhole) {
  FillPageAnswer page;
  for (char name = 'a'; name <= 'z'; ++name) {
    Entry entry = smallEntry();
    entry.key = std::string(1, name);
    page.rows.push_back({entry, name % 2 == 0, Bytes()});
  }
  const auto read = readPayload<FillPageAnswer>(payloadOf(page));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->rows.size(), page.rows.size());
}

TEST(Messages, EntriesWithoutAKeyOrWithTooLongOnesAreRefused) {
  Entry entry = smallEntry();
  entry.key.clear();
  EXPECT_FALSE(readPayload<Repair>(payloadOf(Repair{entry, 1})).has_value());
  entry.key.assign(limits::kKeyBytes, 'k');
  EXPECT_TRUE(readPayload<Repair>(payloadOf(Repair{entry, 1})).has_value());
  entry.key.push_back('k');
  EXPECT_FALSE(readPayload<Repair>(payloadOf(Repair{entry, 1})).has_value());
}

TEST(Messages, ListsThatCannotBeAVersionOfTheRingAreRefused) {
  ring::MemberList good;
  good.put({1});
  good.put({2});
  EXPECT_TRUE(readPayload<Propose>(payloadOf(Propose{good})).has_value());
  ring::MemberList bad = good;
  std::swap(bad.members[0], bad.members[1]);
  EXPECT_FALSE(readPayload<Propose>(payloadOf(Propose{bad})).has_value()) << "not in order";
  bad = good;
  bad.replicas = 0;
  EXPECT_FALSE(readPayload<Propose>(payloadOf(Propose{bad})).has_value()) << "no replicas";
  bad = good;
  bad.members.clear();
  EXPECT_FALSE(readPayload<Propose>(payloadOf(Propose{bad})).has_value()) << "nobody is there";
  ring::MemberList bigger = good;
  bigger.put({3});
  EXPECT_TRUE(readPayload<Adopt>(payloadOf(Adopt{{1, {good, bigger}}})).has_value());
  EXPECT_FALSE(readPayload<Adopt>(payloadOf(Adopt{{1, {bigger, good}}})).has_value()) << "falling";
  EXPECT_FALSE(readPayload<Adopt>(payloadOf(Adopt{{1, {}}})).has_value()) << "no version";
}

}  // namespace
}  // namespace mydht::wire
