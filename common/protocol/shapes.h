#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result/result.h"
#include "common/result/types.h"

/// The JSON of the HTTP interface, written by the server and read by the client. Rules for all of it: a key stands
/// there as `key`, percent-encoded as in a path, which is exact, always ASCII and what is read back; as `text`, the key
/// itself, left out if it is not UTF-8; and as `url`, the path of its value on any node. Identities and hashes are
/// strings of 16 hexadecimal digits, since JavaScript's numbers have only 53 bits. Readers ignore members that they do
/// not know and refuse a missing one or another type with BadRequest. A number 0 or an empty text that says nothing
/// (`copies`, `toFill` of the status, `trouble`, `partitions`, `lastError`) is left out.
namespace mydht::protocol {

/// Where a member stands, as people see it.
enum class MemberState : std::uint8_t { Joining, Active, Leaving, Gone, Removed };

/// "joining", "active", "leaving", "gone" or "removed".
std::string_view memberStateText(MemberState state);

/// Whether a member shows signs of life, as the failure detector has it.
enum class Liveness : std::uint8_t { Alive, Suspect, Down };

/// "alive", "suspect" or "down".
std::string_view livenessText(Liveness liveness);

/// How far a node is with filling what it has become home to.
struct Move {
  std::uint64_t partitions = 0;  ///< to be filled since the ring last changed,
  std::uint64_t done = 0;        ///< of them
  std::uint64_t bytes = 0;       ///< copied for them so far
  std::uint64_t bytesPerSecond = 0;
  std::uint64_t secondsLeft = 0;  ///< if it goes on like this

  bool operator==(const Move&) const = default;
};

/// Whether a node holds the same as the other home nodes of its partitions, as far as it knows. Each partition is
/// counted once, as the first of these that it is.
struct Agreement {
  std::uint64_t lacking = 0;     ///< partitions with a home node that does not answer and misses what is written
  std::uint64_t differing = 0;   ///< that were found to differ from another home node's, and are not equal yet
  std::uint64_t uncompared = 0;  ///< with a home node that has not been compared with since it was absent, or is new
  std::uint64_t seconds = 0;     ///< for how long there has been one of these
  std::uint64_t comparedSecondsAgo = 0;  ///< since the last comparison, with the member where that is longest ago

  bool operator==(const Agreement&) const = default;
};

/// What a member said of its disk. Of the answering node itself DiskStatus says more.
struct DiskUse {
  std::uint64_t totalBytes = 0;     ///< of its file system
  std::uint64_t freeBytes = 0;      ///< that may still be written, the reserve taken off
  std::uint64_t reserveBytes = 0;   ///< kept for deletes; 0: none, or in use
  std::int64_t scrubbedMicros = 0;  ///< when the last scrub ended; printed as `scrubbed`, seconds; 0: none has yet
  std::uint64_t findings = 0;       ///< damaged places that it found
  std::uint64_t waiting = 0;        ///< damaged values that are not repaired yet
  std::uint64_t damagedTables = 0;  ///< tables of its database that stay damaged until it has a new data directory

  bool operator==(const DiskUse&) const = default;
};

/// One member of the ring, as one node sees it.
struct NodeStatus {
  NodeId id = 0;
  std::string name;  ///< host:port; empty if no address is known
  MemberState state = MemberState::Active;
  std::uint32_t weightHundredths = 100;
  std::string zone;
  std::optional<bool>
      lastCallOk;           ///< whether the last call to it succeeded; nothing before the first and for the node itself
  std::string lastError{};  ///< and if not, why
  std::uint32_t partitions = 0;  ///< that it is home to, in the newest version
  std::uint64_t hints = 0;       ///< notes at the answering node of what it missed; left out while there are none
  std::uint64_t hintsInAll = 0;  ///< and at all nodes that said so
  std::string tombstonesWait{};  ///< why tombstones of the answering node are kept for it; left out while they are not
  std::uint64_t tombstonesWaitAt = 0;  ///< at how many nodes tombstones are kept for it
  std::optional<Liveness> liveness{};  ///< left out for the node itself
  // What the member said of itself last; left out while it is not known.
  std::optional<std::uint64_t> keys{};              ///< live values that lie there
  std::optional<std::uint64_t> bytes{};             ///< their sizes together
  std::optional<std::uint64_t> toFill{};            ///< partitions that it has still to fill
  std::optional<Move> move{};                       ///< while it has some
  std::optional<Agreement> agreement{};             ///< with the other home nodes
  std::optional<std::uint64_t> uptimeSeconds{};     ///< since its start
  std::optional<std::int64_t> clockOffsetMicros{};  ///< its clock less the answering node's
  bool clockOff = false;                            ///< it is off from the ring's by more than it may be
  std::optional<std::uint64_t> fingerprint{};       ///< of its newest table
  std::string version{};                            ///< of its program; left out while empty
  std::string disk{};                               ///< "full" or "failed"; left out while all is well
  std::optional<DiskUse> diskUse{};
  std::optional<std::uint64_t> tombstones{};  ///< deleted keys that it remembers

  bool operator==(const NodeStatus&) const = default;
};

/// What one node did lately: the totals of each step, the oldest first, the step under way left out.
struct Traffic {
  std::uint64_t secondsPerStep = 5;
  std::vector<std::uint64_t> requests;  ///< answered to clients
  std::vector<std::uint64_t> bytesIn;   ///< received from clients and from nodes that called
  std::vector<std::uint64_t> bytesOut;  ///< sent to them

  bool operator==(const Traffic&) const = default;
};

/// Something that happened, as the journal tells it.
struct Event {
  std::int64_t atMicros = 0;  ///< since 1970; printed as `at`, seconds with six decimals
  std::string severity;       ///< "INFO", "WARN" or "ERROR"
  std::string event;          ///< for example "member.silent"
  std::string fields;         ///< `name=value` pairs

  bool operator==(const Event&) const = default;
};

/// A node's disk, and what the scrub, which reads everything on it, has found. Times since 1970.
struct DiskStatus {
  std::string state = "ok";         ///< or "full": takes deletes only; or "failed": takes nothing until a restart
  std::uint64_t totalBytes = 0;     ///< of its file system
  std::uint64_t freeBytes = 0;      ///< that may still be written, the reserve taken off
  std::uint64_t reserveBytes = 0;   ///< kept for deletes; 0: none, or in use
  std::uint64_t scrubs = 0;         ///< rounds ended since its start
  std::int64_t scrubbedMicros = 0;  ///< when the last one ended; printed as `scrubbed`, seconds; 0: none has yet
  std::uint64_t scrubbedBytes = 0;  ///< read by it
  std::uint64_t findings = 0;       ///< damaged places that it found
  bool scrubbing = false;           ///< one is under way
  std::uint64_t damaged = 0;        ///< values found damaged since its start, by reads and scrubs
  std::uint64_t repaired = 0;       ///< of them, from another home node
  std::uint64_t waiting = 0;        ///< of them, not yet
  std::uint64_t damagedTables = 0;  ///< tables of the database that were damaged when they were last checked

  bool operator==(const DiskStatus&) const = default;
};

/// One node and its ring, as it sees it.
struct RingStatus {
  NodeId self = 0;
  std::string selfName;        ///< host:port
  std::string programVersion;  ///< for example "0.1.0"
  std::uint64_t ringIdentity = 0;
  std::uint64_t height = 0;          ///< of the newest version
  std::uint64_t listHash = 0;        ///< of the newest version
  std::uint64_t fingerprint = 0;     ///< of the newest version's table
  std::uint32_t activeVersions = 1;  ///< over 1 while the ring changes
  std::uint32_t replicas = 3;
  std::uint32_t copies = 0;  ///< of them, as many as there are members for
  std::vector<NodeStatus> members;
  std::uint64_t keys = 0;   ///< live values on this node
  std::uint64_t bytes = 0;  ///< their sizes together
  std::vector<Key> firstKeys;
  std::uint64_t tombstones = 0;      ///< deleted keys that this node still remembers; left out while there are none
  std::uint64_t toFill = 0;          ///< partitions that this node has still to fill
  std::string trouble;               ///< why it does not serve as it should; empty: all well
  std::optional<Traffic> traffic{};  ///< of this node; left out by /_mydht/ring,
  std::vector<Event> lately{};       ///< as is what happened on it lately, the oldest first
  std::optional<DiskStatus> disk{};  ///< of this node

  bool operator==(const RingStatus&) const = default;
};

/// The home nodes of a key.
struct WhereIs {
  Key key;
  PartitionId partition = 0;
  std::vector<std::string> nodes;  ///< host:port, in ring order

  bool operator==(const WhereIs&) const = default;
};

/// Whether a key has a value, and which.
struct HasKey {
  Key key;
  bool found = false;
  std::int64_t timestampMicros = 0;  ///< of its version, since 1970, never negative; 0 if there is none
  std::uint64_t size = 0;
  std::string sha256;  ///< hexadecimal; empty if there is none

  bool operator==(const HasKey&) const = default;
};

/// One key of a listing.
struct ListedKey {
  Key key;
  std::uint64_t size = 0;
  std::int64_t modifiedMicros = 0;  ///< of its version, since 1970; printed as `modified`, seconds with six decimals
  std::string sha256;               ///< hexadecimal
  std::string contentType;          ///< printed as `type`, left out if it is empty

  bool operator==(const ListedKey&) const = default;
};

/// One page of a listing. Keys and prefixes are in the order of their bytes, each list by itself.
struct Listing {
  std::vector<ListedKey> keys;
  std::vector<Key> prefixes;  ///< of keys that were rolled up, the delimiter included
  std::optional<Key> next;    ///< to be given as `after` for the next page; none: this was the last one

  bool operator==(const Listing&) const = default;
};

/// A page holds at most this many keys and prefixes, and less when they are long.
inline constexpr std::size_t kListingItems = 1000;
/// The JSON of a page is shorter than this, however many bytes of its keys have to be escaped.
inline constexpr std::size_t kListingBytes = 8 * 1024 * 1024;

/// What an action would do that was only asked about. Copies are of one partition each.
struct Forecast {
  std::uint64_t partitions = 0;  ///< that would get another home node
  std::uint64_t copies = 0;      ///< that would have to be made
  std::uint64_t least = 0;       ///< of them no table of home nodes could do without
  std::uint64_t bytes = 0;       ///< that they have, about: as many as a copy has on average
  std::string refused{};         ///< why it would be refused; left out if it would not be

  bool operator==(const Forecast&) const = default;
};

/// What an action on the ring has done, or begun to do.
struct RingAction {
  std::string action;                  ///< "leave", "remove", "replicas" or "join"
  std::vector<std::string> nodes;      ///< that it was about, as they were named
  std::uint64_t mayBeLost = 0;         ///< partitions of which good copies may be lost, when it was forced
  std::optional<Forecast> forecast{};  ///< instead of doing it: printed as `dryRun`

  bool operator==(const RingAction&) const = default;
};

std::string toJson(const RingAction& action);
Result<RingAction> ringActionFromJson(std::string_view json);

std::string toJson(const RingStatus& status);
std::string toJson(const WhereIs& whereIs);
std::string toJson(const HasKey& hasKey);
std::string toJson(const ListedKey& listed);
std::string toJson(const Listing& listing);

Result<RingStatus> ringStatusFromJson(std::string_view json);
Result<WhereIs> whereIsFromJson(std::string_view json);
Result<HasKey> hasKeyFromJson(std::string_view json);
Result<Listing> listingFromJson(std::string_view json);

}  // namespace mydht::protocol
