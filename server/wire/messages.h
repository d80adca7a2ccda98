#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/result/limits.h"
#include "common/ring/view.h"
#include "common/version/entry.h"
#include "server/task/bytes.h"
#include "server/wire/codec.h"

/// What nodes say to one another. Each message knows its type and its bytes; docs/peer-protocol.md says the same in
/// prose. A body, where there is one, is streamed beside the message.
namespace mydht::wire {

enum class MessageType : std::uint8_t {
  Hello,         ///< who are you, and what do you remember of me (R7)
  GetView,       ///< hand over your view of the ring
  Adopt,         ///< take this view, synced (R4)
  Propose,       ///< merge this member list with what you accepted, synced (R2)
  Filled,        ///< hold the fact that this version is complete, synced (R6)
  Join,          ///< take me in
  Gossip,        ///< addresses, and which partitions are filled
  Vote,          ///< which version of this key do you hold (R10)
  Offer,         ///< take this entry (the one door); the body is its value
  Stage,         ///< keep this body aside, not visible yet; the body is streamed
  Publish,       ///< make what was staged visible as this entry
  Discard,       ///< forget what was staged
  FetchStaged,   ///< hand over a staged body, for a home node that was not there when it was staged
  FetchBody,     ///< hand over the value of exactly this version, or a range of it
  FillPage,      ///< some entries of these partitions in order (R5)
  Repair,        ///< fetch this entry from that node and take it
  CompareTrees,  ///< which of these parts of your hash tree differ from mine
  EntryHeads,    ///< the entries, without values, in these leaves of a partition's hash tree
  Holds,         ///< do your disks hold these entries, or newer ones
  Action,        ///< do this, or say how it goes
  ListKeys,      ///< some of the keys for which you are a filled home node, in order
  Standing,      ///< what have you filled, and do you want to leave
  Leave,         ///< hand over what you have and leave
  Close,         ///< take no client's write up to this time any more, and say what you hold up to there (R12)
  Settle,        ///< all home nodes hold the same up to this time (R12)
  Hint,          ///< these home nodes have missed what you have: bring it to them
  Probe,         ///< are you there, or is that one (SWIM)
};
inline constexpr MessageType kLastMessageType = MessageType::Probe;

/// Whether a message is about the ring, and not about data.
constexpr bool isAboutRing(MessageType type) {
  return type < MessageType::Vote || type == MessageType::Standing || type == MessageType::Leave ||
         type == MessageType::Probe;
}

/// Whether a message is about keeping home nodes equal, and no client waits for it.
constexpr bool isUpkeep(MessageType type) {
  return (type >= MessageType::CompareTrees && type <= MessageType::Action) ||
         (type >= MessageType::Close && type <= MessageType::Hint);
}

/// The name of a type for log lines, for example `vote`.
std::string_view messageName(MessageType type);

/// Nothing to say beyond the envelope.
struct Empty {
  void write(Writer&) const {}
  static Empty read(Reader&) { return {}; }
};

/// What the asked node remembers of the asker (R7).
struct HelloAnswer {
  std::uint32_t rememberedBoot = 0;  ///< of the asker; 0: never heard of
  std::uint64_t rememberedSynced = 0;
  void write(Writer& out) const;
  static HelloAnswer read(Reader& in);
};
/// Who answers here? Needs no common ring.
struct Hello {
  static constexpr MessageType kType = MessageType::Hello;
  using Answer = HelloAnswer;
  void write(Writer&) const {}
  static Hello read(Reader&) { return {}; }
};

/// A view of the ring.
struct ViewMessage {
  ring::ViewLists view;
  void write(Writer& out) const { out.view(view); }
  static ViewMessage read(Reader& in) { return {in.view()}; }
};
/// Hand over your view of the ring.
struct GetView {
  static constexpr MessageType kType = MessageType::GetView;
  using Answer = ViewMessage;
  void write(Writer&) const {}
  static GetView read(Reader&) { return {}; }
};
/// Take this view; answered once it is on disk (R4).
struct Adopt {
  static constexpr MessageType kType = MessageType::Adopt;
  using Answer = Empty;
  ring::ViewLists view;
  void write(Writer& out) const { out.view(view); }
  static Adopt read(Reader& in) { return {in.view()}; }
};

/// What an acceptor of R2 answers. In a large ring a list is tens of KiB, and all members answer one node at once: it
/// is told only what it cannot know.
struct ProposeAnswer {
  /// Everything that the asked node has accepted, what was just proposed included; none: exactly what was proposed.
  std::optional<ring::MemberList> accepted;
  /// The asked node's own view, so that no active version is overlooked; none: the asker has named all of it.
  std::optional<ring::ViewLists> view;
  void write(Writer& out) const;
  static ProposeAnswer read(Reader& in);
};
/// A change of the ring on its way to a majority (R2).
struct Propose {
  static constexpr MessageType kType = MessageType::Propose;
  using Answer = ProposeAnswer;
  ring::MemberList list;
  void write(Writer& out) const { out.list(list); }
  static Propose read(Reader& in) { return {in.list()}; }
};
/// This version is complete: hold that fact (R6).
struct Filled {
  static constexpr MessageType kType = MessageType::Filled;
  using Answer =
      ProposeAnswer;  ///< it is a proposal too: what was accepted under an older version may not be forgotten
  ring::VersionName version;
  ring::MemberList agreed;
  void write(Writer& out) const { out.name(version).list(agreed); }
  static Filled read(Reader& in);
};
/// HOST:PORT, at most.
inline constexpr std::size_t kHostPortBytes = 300;

/// A node that wants to be taken in, as its member record will say.
struct Join {
  static constexpr MessageType kType = MessageType::Join;
  using Answer = ViewMessage;
  ring::Member member;
  std::string hostPort;  ///< where the joiner can be called; called back before anything else
  NodeId replaces = 0;   ///< the identity whose place the joiner knows to be its own; 0: found by its address, or none
  void write(Writer& out) const;
  static Join read(Reader& in);
};

/// What a vote is for.
enum class VoteFor : std::uint8_t {
  Quorum,   ///< it counts towards a quorum: a home node that has not filled the key does so first (R5)
  Copy,     ///< consistency=one: any filled home node's copy
  Fill,     ///< a new home node fills this key: who has not filled it itself cannot say
  FillAny,  ///< the same where filled or not does not matter: of a version between, or next to a destroyed node (R8)
};
/// One of the three votes (R10); "cannot say" is an error instead.
struct VoteAnswer {
  Version settled;
  std::optional<Entry> entry;
  bool withValue = false;  ///< the body is the entry's value
  void write(Writer& out) const;
  static VoteAnswer read(Reader& in);
};
/// Which version of this key do you hold?
struct Vote {
  static constexpr MessageType kType = MessageType::Vote;
  using Answer = VoteAnswer;
  Key key;
  std::uint64_t valueUpTo = 0;  ///< send the value too if it has at most that many bytes
  VoteFor purpose = VoteFor::Quorum;
  void write(Writer& out) const;
  static Vote read(Reader& in);
};

/// Who brings an entry: a client's write may be refused for its time, a copy never (R9, R12).
enum class From : std::uint8_t { Client, Hint, Repair, Fill };

enum class OfferOutcome : std::uint8_t {
  Accepted,  ///< synced; or held already, to the letter
  Newer,     ///< an equal or newer version is held, nothing was applied
  TooFar,    ///< a client's write from the future: `limit` is the latest time that would be taken
  Closed,    ///< a client's write at or below the closed mark `limit` (R12)
  Settled,   ///< a copy at or below the settled mark `limit`, from one that is not settled as far (R12)
};
/// What became of an offer.
struct OfferAnswer {
  OfferOutcome outcome = OfferOutcome::Accepted;
  std::optional<Entry> held;  ///< what was here before, or what is newer
  Version limit;
  void write(Writer& out) const;
  static OfferAnswer read(Reader& in);
};
/// Take this entry; its value is the body.
struct Offer {
  static constexpr MessageType kType = MessageType::Offer;
  using Answer = OfferAnswer;
  Entry entry;
  From from = From::Client;
  Version settled;  ///< of the sender, for copies
  void write(Writer& out) const;
  static Offer read(Reader& in);
};

/// What was staged, and what the home node holds of that key.
struct StageAnswer {
  Digest sha256{};
  std::uint64_t size = 0;
  std::optional<Entry> held;
  void write(Writer& out) const;
  static StageAnswer read(Reader& in);
};
/// Keep the body aside under this number.
struct Stage {
  static constexpr MessageType kType = MessageType::Stage;
  using Answer = StageAnswer;
  std::uint64_t upload = 0;  ///< random, made by the coordinator
  Key key;
  void write(Writer& out) const { out.number(upload).text(key); }
  static Stage read(Reader& in);
};
/// Make visible what was staged.
struct Publish {
  static constexpr MessageType kType = MessageType::Publish;
  using Answer = OfferAnswer;
  std::uint64_t upload = 0;
  Entry entry;
  NodeId stagedAt = 0;  ///< a home node that has the body, for one that has not
  void write(Writer& out) const { out.number(upload).entry(entry).number(stagedAt); }
  static Publish read(Reader& in);
};
/// Forget what was staged.
struct Discard {
  static constexpr MessageType kType = MessageType::Discard;
  using Answer = Empty;
  std::uint64_t upload = 0;
  void write(Writer& out) const { out.number(upload); }
  static Discard read(Reader& in) { return {in.number<std::uint64_t>()}; }
};
/// Hand over what was staged.
struct FetchStaged {
  static constexpr MessageType kType = MessageType::FetchStaged;
  using Answer = Empty;
  std::uint64_t upload = 0;
  void write(Writer& out) const { out.number(upload); }
  static FetchStaged read(Reader& in) { return {in.number<std::uint64_t>()}; }
};
/// Hand over a range of the value of one version.
struct FetchBody {
  static constexpr MessageType kType = MessageType::FetchBody;
  using Answer = Empty;
  Entry entry;  ///< the version and SHA-256 that are wanted, no other
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  void write(Writer& out) const { out.entry(entry).number(offset).number(length); }
  static FetchBody read(Reader& in);
};

/// One entry on its way to a new home node; small values travel along, larger ones are fetched.
struct FillRow {
  Entry entry;
  bool withValue = false;
  Bytes value;
};
/// The marks of one partition, which travel with a fill (R12).
struct FillMarks {
  PartitionId partition = 0;
  Version closed;
  Version settled;
};
/// Some entries in order, tombstones included.
struct FillPageAnswer {
  std::vector<FillRow> rows;
  std::vector<FillMarks> marks;        ///< of the partitions that have any
  std::vector<PartitionId> cannotSay;  ///< partitions that it has not filled itself, or has damage in: not covered
  bool over = true;                    ///< nothing comes after these rows
  void write(Writer& out) const;
  static FillPageAnswer read(Reader& in);
};
/// Which entries lie in these partitions?
struct FillPage {
  static constexpr MessageType kType = MessageType::FillPage;
  using Answer = FillPageAnswer;
  std::vector<PartitionId> partitions;  ///< rising
  PartitionId startPartition = 0;       ///< go on in this one,
  Key after;                            ///< after this key
  std::uint32_t mostBytes = 0;
  bool unfilledToo =
      false;  ///< also what lies in partitions that the asked node has not filled (they still cannot say)
  bool entriesOnly = false;  ///< no values: the asker has most of them
  void write(Writer& out) const;
  static FillPage read(Reader& in);
};
/// Bring yourself up to date with this entry, from that node.
struct Repair {
  static constexpr MessageType kType = MessageType::Repair;
  using Answer = Empty;
  Entry entry;
  NodeId source = 0;
  void write(Writer& out) const { out.entry(entry).number(source); }
  static Repair read(Reader& in);
};

/// A part of the hash tree: the keys whose positions begin with these bits, and the sum of their entries' digests. Down
/// to limits' 14 bits a part is made of whole partitions, below them of leaves.
struct TreePart {
  std::uint8_t depth = 0;    ///< how many bits, at most kDeepestPart
  std::uint32_t prefix = 0;  ///< those bits, below 2^depth
  std::uint64_t digest = 0;
};
/// A partition has at most 2^kMostLeafBits leaves: 32 KiB of digests while it is being compared.
inline constexpr unsigned kMostLeafBits = 12;
inline constexpr unsigned kDeepestPart = limits::kPartitionBits + kMostLeafBits;

enum class Compared : std::uint8_t {
  Equal,
  Differs,
  CannotSay,  ///< the asked node has not filled all of it
};
/// One word for each part that was asked about.
struct CompareTreesAnswer {
  std::vector<Compared> parts;
  void write(Writer& out) const;
  static CompareTreesAnswer read(Reader& in);
};
/// Are these parts the same at yours? Of the partitions that both nodes are home to in the newest version.
struct CompareTrees {
  static constexpr MessageType kType = MessageType::CompareTrees;
  using Answer = CompareTreesAnswer;
  std::vector<TreePart> parts;
  void write(Writer& out) const;
  static CompareTrees read(Reader& in);
};

/// Some entries in order, tombstones included.
struct EntryHeadsAnswer {
  std::vector<Entry> entries;
  Version settled;   ///< of the partition
  bool over = true;  ///< nothing comes after these entries
  void write(Writer& out) const;
  static EntryHeadsAnswer read(Reader& in);
};
/// Which entries lie in these leaves of a partition?
struct EntryHeads {
  static constexpr MessageType kType = MessageType::EntryHeads;
  using Answer = EntryHeadsAnswer;
  PartitionId partition = 0;
  std::uint8_t leafBits = 0;          ///< the partition has 2^leafBits leaves, at most 2^kMostLeafBits
  std::vector<std::uint16_t> leaves;  ///< rising
  Key after;                          ///< go on after this key
  std::uint32_t mostBytes = 0;
  void write(Writer& out) const;
  static EntryHeads read(Reader& in);
};

enum class Held : std::uint8_t {
  Holds,      ///< this version or a newer one is on the asked node's disk, or is settled there
  Lacks,      ///< it is a filled home node and holds neither
  CannotSay,  ///< it is no filled home node of that key
};
/// One word for each entry that was asked about.
struct HoldsAnswer {
  std::vector<Held> entries;
  void write(Writer& out) const;
  static HoldsAnswer read(Reader& in);
};
/// Do you, as a filled home node, hold these entries or newer ones on your disk?
struct Holds {
  static constexpr MessageType kType = MessageType::Holds;
  using Answer = HoldsAnswer;
  std::vector<Entry> entries;
  void write(Writer& out) const;
  static Holds read(Reader& in);
};

/// What a person may ask of one node or of all of them in turn.
enum class ActionKind : std::uint8_t { Balance, Purge, CountPurge };
enum class ActionState : std::uint8_t { Running, Done, Failed };
/// What an action has done so far.
struct ActionCounts {
  std::uint64_t taken = 0;         ///< entries fetched from others
  std::uint64_t sent = 0;          ///< entries given to others
  std::uint64_t dropped = 0;       ///< entries purged, or that would be
  std::uint64_t droppedBytes = 0;  ///< of their values
  std::uint64_t kept = 0;          ///< entries that do not belong here, and too few home nodes hold
  std::uint64_t keptBytes = 0;
  auto operator<=>(const ActionCounts&) const = default;
};
/// How an action goes on the node that was told to do it.
struct ActionAnswer {
  ActionState state = ActionState::Running;
  ActionCounts counts;
  std::string problem;  ///< why it failed, or what it could not do; at most kProblemBytes
  void write(Writer& out) const;
  static ActionAnswer read(Reader& in);
};
inline constexpr std::size_t kProblemBytes = 1000;
/// Do this, or, if it was begun under that number, say how it goes.
struct Action {
  static constexpr MessageType kType = MessageType::Action;
  using Answer = ActionAnswer;
  ActionKind kind = ActionKind::Balance;
  std::uint64_t run = 0;  ///< random, made by the node that was asked first
  void write(Writer& out) const { out.number(static_cast<std::uint8_t>(kind)).number(run); }
  static Action read(Reader& in);
};

/// Some keys of the partitions for which the asked node is a filled home node, in the order of their bytes.
struct ListKeysAnswer {
  std::string covered;         ///< those partitions, a bit each; empty: none
  std::vector<Entry> entries;  ///< tombstones included: they hide what another node holds
  std::vector<Key> prefixes;   ///< what keys were rolled up into
  Key next;                    ///< the least key of which nothing was said yet; empty at the end
  void write(Writer& out) const;
  static ListKeysAnswer read(Reader& in);
};
/// Which keys are there, as of a listing?
struct ListKeys {
  static constexpr MessageType kType = MessageType::ListKeys;
  using Answer = ListKeysAnswer;
  std::string prefix;       ///< keys that begin with it
  Key from;                 ///< and are not before this one
  std::string delimiter;    ///< keys that have it behind the prefix are rolled up; empty: none is
  std::uint32_t limit = 0;  ///< entries and prefixes together, at most
  void write(Writer& out) const { out.text(prefix).text(from).text(delimiter).number(limit); }
  static ListKeys read(Reader& in);
};

/// How far a node's wish to leave has come.
enum class Leaving : std::uint8_t { No, Wants, Leaves };
/// What a change that takes nodes away has to know of the others (R8).
struct StandingAnswer {
  Leaving leaving = Leaving::No;
  ring::VersionName newest;  ///< of the asked node; what follows is as of that version
  std::string filled;        ///< a bit a partition, empty if none: what it has filled,
  std::string sources;       ///< and what others may fill from it
  void write(Writer& out) const;
  static StandingAnswer read(Reader& in);
};
/// Where do you stand? Says too how far the asker's own wish to leave is: nodes leave one after the other.
struct Standing {
  static constexpr MessageType kType = MessageType::Standing;
  using Answer = StandingAnswer;
  Leaving leaving = Leaving::No;
  void write(Writer& out) const { out.number(static_cast<std::uint8_t>(leaving)); }
  static Standing read(Reader& in);
};
/// Hand over what you have, leave the ring, and end. Answered once the node has begun to.
struct Leave {
  static constexpr MessageType kType = MessageType::Leave;
  using Answer = Empty;
  void write(Writer&) const {}
  static Leave read(Reader&) { return {}; }
};

/// The bytes of a message's payload.
template <class M>
std::string payloadOf(const M& message) {
  Writer out;
  message.write(out);
  return out.take();
}

/// A message from its payload; none if it is not one, to the last byte.
template <class M>
std::optional<M> readPayload(std::string_view payload) {
  Reader in(payload);
  M message = M::read(in);
  if (!in.whole()) return std::nullopt;
  return message;
}

}  // namespace mydht::wire
