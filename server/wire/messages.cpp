#include "server/wire/messages.h"

#include "common/result/limits.h"

namespace mydht::wire {
namespace {

// A fill's least row: an entry with a key of one byte and without a content type, and the flag that no value follows.
constexpr std::size_t kLeastRow = 75;
constexpr std::size_t kLeastEntry = kLeastRow - 1;
constexpr std::size_t kTreePart = 13;
// The least key above a key of the greatest length has one byte more.
constexpr std::size_t kFromBytes = limits::kKeyBytes + 1;

void writeOptional(Writer& out, const std::optional<Entry>& entry) {
  out.number<std::uint8_t>(entry ? 1 : 0);
  if (entry) out.entry(*entry);
}

std::optional<Entry> readOptional(Reader& in) {
  const auto there = in.number<std::uint8_t>();
  if (there == 0) return std::nullopt;
  if (there > 1) in.fail();
  return in.entry();
}

Leaving readLeaving(Reader& in) {
  const auto leaving = in.number<std::uint8_t>();
  if (leaving > static_cast<std::uint8_t>(Leaving::Leaves)) in.fail();
  return static_cast<Leaving>(leaving);
}

PartitionId readPartition(Reader& in) {
  const auto partition = in.number<PartitionId>();
  if (partition >= limits::kPartitions) in.fail();
  return partition;
}

void writePartitions(Writer& out, const std::vector<PartitionId>& partitions) {
  out.number(static_cast<std::uint32_t>(partitions.size()));
  for (const PartitionId partition : partitions) out.number(partition);
}

template <class E>
E readEnum(Reader& in, E last) {
  const auto value = in.number<std::uint8_t>();
  if (value > static_cast<std::uint8_t>(last)) in.fail();
  return static_cast<E>(value);
}

/// One byte each.
template <class E>
void writeEnums(Writer& out, const std::vector<E>& values) {
  out.number(static_cast<std::uint32_t>(values.size()));
  for (const E value : values) out.number(static_cast<std::uint8_t>(value));
}

template <class E>
std::vector<E> readEnums(Reader& in, E last) {
  std::vector<E> values(in.count(1));
  for (E& value : values) value = readEnum(in, last);
  return values;
}

void writeEntries(Writer& out, const std::vector<Entry>& entries) {
  out.number(static_cast<std::uint32_t>(entries.size()));
  for (const Entry& entry : entries) out.entry(entry);
}

std::vector<Entry> readEntries(Reader& in) {
  std::vector<Entry> entries;
  const std::size_t count = in.count(kLeastEntry);
  for (std::size_t i = 0; i < count && in.ok(); ++i) entries.push_back(in.entry());
  return entries;
}

std::vector<PartitionId> readPartitions(Reader& in) {
  std::vector<PartitionId> partitions(in.count(sizeof(PartitionId)));
  for (PartitionId& partition : partitions) partition = readPartition(in);
  return partitions;
}

}  // namespace

std::string_view messageName(MessageType type) {
  switch (type) {
    case MessageType::Hello:
      return "hello";
    case MessageType::GetView:
      return "get-view";
    case MessageType::Adopt:
      return "adopt";
    case MessageType::Propose:
      return "propose";
    case MessageType::Filled:
      return "filled";
    case MessageType::Join:
      return "join";
    case MessageType::Gossip:
      return "gossip";
    case MessageType::Vote:
      return "vote";
    case MessageType::Offer:
      return "offer";
    case MessageType::Stage:
      return "stage";
    case MessageType::Publish:
      return "publish";
    case MessageType::Discard:
      return "discard";
    case MessageType::FetchStaged:
      return "fetch-staged";
    case MessageType::FetchBody:
      return "fetch-body";
    case MessageType::FillPage:
      return "fill-page";
    case MessageType::Repair:
      return "repair";
    case MessageType::CompareTrees:
      return "compare-trees";
    case MessageType::EntryHeads:
      return "entry-heads";
    case MessageType::Holds:
      return "holds";
    case MessageType::Action:
      return "action";
    case MessageType::ListKeys:
      return "list-keys";
    case MessageType::Standing:
      return "standing";
    case MessageType::Leave:
      return "leave";
    case MessageType::Close:
      return "close";
    case MessageType::Settle:
      return "settle";
    case MessageType::Hint:
      return "hint";
    case MessageType::Probe:
      return "probe";
  }
  return "unknown";
}

void HelloAnswer::write(Writer& out) const {
  out.number(rememberedBoot).number(rememberedSynced);
}

HelloAnswer HelloAnswer::read(Reader& in) {
  HelloAnswer answer;
  in.number(answer.rememberedBoot);
  in.number(answer.rememberedSynced);
  return answer;
}

void ProposeAnswer::write(Writer& out) const {
  out.number<std::uint8_t>(accepted ? 1 : 0);
  if (accepted) out.list(*accepted);
  out.number<std::uint8_t>(view ? 1 : 0);
  if (view) out.view(*view);
}

ProposeAnswer ProposeAnswer::read(Reader& in) {
  ProposeAnswer answer;
  if (in.flag()) answer.accepted = in.list();
  if (in.flag()) answer.view = in.view();
  return answer;
}

Filled Filled::read(Reader& in) {
  Filled message;
  message.version = in.name();
  message.agreed = in.list();
  return message;
}

namespace {

/// Of a list a joiner has only its own record to say: the rest has one form, whatever ring it joins.
ring::MemberList alone(const ring::Member& member) {
  ring::MemberList list;
  list.algorithm = 1;
  list.put(member);
  return list;
}

}  // namespace

void Join::write(Writer& out) const {
  out.list(alone(member)).text(hostPort).number(replaces);
}

Join Join::read(Reader& in) {
  Join message;
  const ring::MemberList one = in.list();
  if (one.members.size() == 1) {
    message.member = one.members.front();
  } else {
    in.fail();
  }
  if (one != alone(message.member)) in.fail();
  message.hostPort = in.text(kHostPortBytes);
  in.number(message.replaces);
  return message;
}

void VoteAnswer::write(Writer& out) const {
  out.version(settled);
  writeOptional(out, entry);
  out.number<std::uint8_t>(withValue ? 1 : 0);
}

VoteAnswer VoteAnswer::read(Reader& in) {
  VoteAnswer answer;
  answer.settled = in.version();
  answer.entry = readOptional(in);
  answer.withValue = in.flag();
  return answer;
}

void Vote::write(Writer& out) const {
  out.text(key).number(valueUpTo).number(static_cast<std::uint8_t>(purpose));
}

Vote Vote::read(Reader& in) {
  Vote message;
  message.key = in.text(limits::kKeyBytes);
  in.number(message.valueUpTo);
  const auto purpose = in.number<std::uint8_t>();
  if (purpose > static_cast<std::uint8_t>(VoteFor::FillAny)) in.fail();
  message.purpose = static_cast<VoteFor>(purpose);
  return message;
}

void OfferAnswer::write(Writer& out) const {
  out.number(static_cast<std::uint8_t>(outcome));
  writeOptional(out, held);
  out.version(limit);
}

OfferAnswer OfferAnswer::read(Reader& in) {
  OfferAnswer answer;
  const auto outcome = in.number<std::uint8_t>();
  if (outcome > static_cast<std::uint8_t>(OfferOutcome::Settled)) in.fail();
  answer.outcome = static_cast<OfferOutcome>(outcome);
  answer.held = readOptional(in);
  answer.limit = in.version();
  return answer;
}

void Offer::write(Writer& out) const {
  out.entry(entry).number(static_cast<std::uint8_t>(from)).version(settled);
}

Offer Offer::read(Reader& in) {
  Offer message;
  message.entry = in.entry();
  const auto from = in.number<std::uint8_t>();
  if (from > static_cast<std::uint8_t>(From::Fill)) in.fail();
  message.from = static_cast<From>(from);
  message.settled = in.version();
  return message;
}

void StageAnswer::write(Writer& out) const {
  out.digest(sha256).number(size);
  writeOptional(out, held);
}

StageAnswer StageAnswer::read(Reader& in) {
  StageAnswer answer;
  answer.sha256 = in.digest();
  in.number(answer.size);
  answer.held = readOptional(in);
  return answer;
}

Stage Stage::read(Reader& in) {
  Stage message;
  in.number(message.upload);
  message.key = in.text(limits::kKeyBytes);
  return message;
}

Publish Publish::read(Reader& in) {
  Publish message;
  in.number(message.upload);
  message.entry = in.entry();
  in.number(message.stagedAt);
  return message;
}

FetchBody FetchBody::read(Reader& in) {
  FetchBody message;
  message.entry = in.entry();
  in.number(message.offset);
  in.number(message.length);
  return message;
}

void FillPageAnswer::write(Writer& out) const {
  out.number(static_cast<std::uint32_t>(rows.size()));
  for (const FillRow& row : rows) {
    out.entry(row.entry).number<std::uint8_t>(row.withValue ? 1 : 0);
    if (row.withValue) out.text(row.value.view());
  }
  out.number(static_cast<std::uint32_t>(marks.size()));
  for (const FillMarks& mark : marks) out.number(mark.partition).version(mark.closed).version(mark.settled);
  writePartitions(out, cannotSay);
  out.number<std::uint8_t>(over ? 1 : 0);
}

FillPageAnswer FillPageAnswer::read(Reader& in) {
  FillPageAnswer answer;
  const std::size_t rows = in.count(kLeastRow);
  for (std::size_t i = 0; i < rows && in.ok(); ++i) {
    FillRow row;
    row.entry = in.entry();
    row.withValue = in.flag();
    if (row.withValue) row.value = Bytes(std::string(in.text(limits::kInlineBytes)));
    answer.rows.push_back(std::move(row));
  }
  const std::size_t marks = in.count(50);
  for (std::size_t i = 0; i < marks && in.ok(); ++i) {
    FillMarks mark;
    mark.partition = readPartition(in);
    mark.closed = in.version();
    mark.settled = in.version();
    answer.marks.push_back(mark);
  }
  answer.cannotSay = readPartitions(in);
  answer.over = in.flag();
  return answer;
}

void FillPage::write(Writer& out) const {
  writePartitions(out, partitions);
  out.number(startPartition).text(after).number(mostBytes).number<std::uint8_t>(unfilledToo ? 1 : 0);
  out.number<std::uint8_t>(entriesOnly ? 1 : 0);
}

FillPage FillPage::read(Reader& in) {
  FillPage message;
  message.partitions = readPartitions(in);
  message.startPartition = readPartition(in);
  message.after = in.text(limits::kKeyBytes);
  in.number(message.mostBytes);
  message.unfilledToo = in.flag();
  message.entriesOnly = in.flag();
  return message;
}

Repair Repair::read(Reader& in) {
  Repair message;
  message.entry = in.entry();
  in.number(message.source);
  return message;
}

void CompareTreesAnswer::write(Writer& out) const {
  writeEnums(out, parts);
}

CompareTreesAnswer CompareTreesAnswer::read(Reader& in) {
  return {readEnums(in, Compared::CannotSay)};
}

void CompareTrees::write(Writer& out) const {
  out.number(static_cast<std::uint32_t>(parts.size()));
  for (const TreePart& part : parts) out.number(part.depth).number(part.prefix).number(part.digest);
}

CompareTrees CompareTrees::read(Reader& in) {
  CompareTrees message;
  message.parts.resize(in.count(kTreePart));
  for (TreePart& part : message.parts) {
    in.number(part.depth);
    in.number(part.prefix);
    in.number(part.digest);
    if (part.depth > kDeepestPart || part.prefix >> part.depth != 0) in.fail();
  }
  return message;
}

void EntryHeadsAnswer::write(Writer& out) const {
  writeEntries(out, entries);
  out.version(settled).number<std::uint8_t>(over ? 1 : 0);
}

EntryHeadsAnswer EntryHeadsAnswer::read(Reader& in) {
  EntryHeadsAnswer answer;
  answer.entries = readEntries(in);
  answer.settled = in.version();
  answer.over = in.flag();
  return answer;
}

void EntryHeads::write(Writer& out) const {
  out.number(partition).number(leafBits).number(static_cast<std::uint32_t>(leaves.size()));
  for (const std::uint16_t leaf : leaves) out.number(leaf);
  out.text(after).number(mostBytes);
}

EntryHeads EntryHeads::read(Reader& in) {
  EntryHeads message;
  message.partition = readPartition(in);
  in.number(message.leafBits);
  if (message.leafBits > kMostLeafBits) in.fail();
  message.leaves.resize(in.count(sizeof(std::uint16_t)));
  for (std::uint16_t& leaf : message.leaves) {
    in.number(leaf);
    if (leaf >> message.leafBits != 0) in.fail();
  }
  message.after = in.text(limits::kKeyBytes);
  in.number(message.mostBytes);
  return message;
}

void HoldsAnswer::write(Writer& out) const {
  writeEnums(out, entries);
}

HoldsAnswer HoldsAnswer::read(Reader& in) {
  return {readEnums(in, Held::CannotSay)};
}

void Holds::write(Writer& out) const {
  writeEntries(out, entries);
}

Holds Holds::read(Reader& in) {
  return {readEntries(in)};
}

void ActionAnswer::write(Writer& out) const {
  out.number(static_cast<std::uint8_t>(state)).number(counts.taken).number(counts.sent).number(counts.dropped);
  out.number(counts.droppedBytes).number(counts.kept).number(counts.keptBytes).text(problem);
}

ActionAnswer ActionAnswer::read(Reader& in) {
  ActionAnswer answer;
  answer.state = readEnum(in, ActionState::Failed);
  in.number(answer.counts.taken);
  in.number(answer.counts.sent);
  in.number(answer.counts.dropped);
  in.number(answer.counts.droppedBytes);
  in.number(answer.counts.kept);
  in.number(answer.counts.keptBytes);
  answer.problem = in.text(kProblemBytes);
  return answer;
}

Action Action::read(Reader& in) {
  Action message;
  message.kind = readEnum(in, ActionKind::CountPurge);
  in.number(message.run);
  return message;
}

void ListKeysAnswer::write(Writer& out) const {
  out.text(covered);
  writeEntries(out, entries);
  out.number(static_cast<std::uint32_t>(prefixes.size()));
  for (const Key& prefix : prefixes) out.text(prefix);
  out.text(next);
}

ListKeysAnswer ListKeysAnswer::read(Reader& in) {
  ListKeysAnswer answer;
  answer.covered = in.text(limits::kPartitions / 8);
  if (!answer.covered.empty() && answer.covered.size() != limits::kPartitions / 8) in.fail();
  answer.entries = readEntries(in);
  const std::size_t prefixes = in.count(4);
  for (std::size_t i = 0; i < prefixes && in.ok(); ++i) answer.prefixes.emplace_back(in.text(limits::kKeyBytes));
  answer.next = in.text(kFromBytes);
  return answer;
}

ListKeys ListKeys::read(Reader& in) {
  ListKeys message;
  message.prefix = in.text(limits::kKeyBytes);
  message.from = in.text(kFromBytes);
  message.delimiter = in.text(limits::kKeyBytes);
  in.number(message.limit);
  return message;
}

void StandingAnswer::write(Writer& out) const {
  out.number(static_cast<std::uint8_t>(leaving)).name(newest).text(filled).text(sources);
}

StandingAnswer StandingAnswer::read(Reader& in) {
  StandingAnswer answer;
  answer.leaving = readLeaving(in);
  answer.newest = in.name();
  answer.filled = in.partitionBits();
  answer.sources = in.partitionBits();
  return answer;
}

Standing Standing::read(Reader& in) {
  return {readLeaving(in)};
}

}  // namespace mydht::wire
