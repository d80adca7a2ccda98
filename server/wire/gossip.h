#pragma once

#include <string>
#include <vector>

#include "server/wire/messages.h"

/// What members tell one another all the time: where they can be called, what they have filled, and how they are.
namespace mydht::wire {

/// Where a node can be called.
struct Address {
  NodeId node = 0;
  std::uint32_t boot = 0;  ///< the highest boot counter wins (R1)
  std::string hostPort;
  bool operator==(const Address&) const = default;
};
/// How far a node is with filling the partitions that it has become home to; all 0 when it has none to fill.
struct Move {
  std::uint32_t partitions = 0;  ///< to be filled since the ring last changed,
  std::uint32_t done = 0;        ///< of them
  std::uint64_t bytes = 0;       ///< copied for them so far
  std::uint64_t bytesPerSecond = 0;
  std::uint32_t secondsLeft = 0;  ///< if it goes on like this
  bool operator==(const Move&) const = default;
};
/// Whether a node holds the same as the other home nodes of its partitions, as far as it knows. Each partition is
/// counted once, as the first of these that it is.
struct Agreement {
  std::uint64_t table = 0;       ///< fingerprint of the ring's table that it was counted with; 0: not counted yet
  std::uint32_t lacking = 0;     ///< with a home node that does not answer: it misses what is written meanwhile
  std::uint32_t differing = 0;   ///< found to differ from another home node's, and not made equal yet
  std::uint32_t uncompared = 0;  ///< with a home node that has not been compared with since it was absent, or is new
  std::uint32_t seconds = 0;     ///< for how long there has been one of these
  std::uint32_t comparedSecondsAgo = 0;  ///< when the last comparison ended with the one where that is longest ago
  bool operator==(const Agreement&) const = default;
};
/// How a node's disk is: a full one takes no more values, a failed one nothing until its node is started again.
enum class DiskState : std::uint8_t { Well, Full, Failed };

/// What a node keeps for a member that is not there, or has something to fill.
struct Kept {
  NodeId member = 0;
  std::uint64_t hints = 0;  ///< notes of what it missed
  bool tombstones = false;  ///< whether deleted keys are remembered for it
  bool operator==(const Kept&) const = default;
};
/// Of more members a summary does not say what is kept for them: it has to stay small.
inline constexpr std::size_t kMostKept = 32;

/// How a node's disk is, what the scrub has found on it, and what it keeps for others: for people.
struct Upkeep {
  std::uint64_t diskTotal = 0;
  std::uint64_t diskFree = 0;         ///< that may still be written, the reserve taken off
  std::uint64_t diskReserve = 0;      ///< 0: none, or in use
  std::uint64_t scrubbedSeconds = 0;  ///< when its last scrub ended, since 1970; 0: none has yet
  std::uint64_t findings = 0;         ///< damaged places that this one found
  std::uint64_t damaged = 0;          ///< values that wait to be repaired
  std::uint32_t damagedTables = 0;    ///< tables of its database that are damaged: it needs a new data directory
  std::uint64_t tombstones = 0;       ///< deleted keys that it remembers
  std::vector<Kept> kept;             ///< at most kMostKept
  bool operator==(const Upkeep&) const = default;
};

/// What a node says of itself, for people, and so that nobody sends it what it cannot store.
struct Summary {
  std::uint64_t keys = 0;    ///< live ones that lie there
  std::uint64_t bytes = 0;   ///< of their values
  std::uint32_t toFill = 0;  ///< partitions that it has still to fill
  std::uint32_t uptimeSeconds = 0;
  std::string programVersion;  ///< at most 64 bytes
  Move move{};
  Agreement agreement{};
  DiskState disk = DiskState::Well;
  Upkeep upkeep{};
  bool operator==(const Summary&) const = default;
};
/// Goes both ways: the answer has the same shape.
struct Gossip {
  static constexpr MessageType kType = MessageType::Gossip;
  using Answer = Gossip;
  std::vector<Address> addresses;
  ring::VersionName filledIn;  ///< names the active versions of the sender: what it has filled is of those
  /// A bit a partition: what the sender has filled and has nothing to repair in; empty when no change is under way, or
  /// when that is all.
  std::string filled;
  bool whole = false;  ///< the sender has filled everything that it is home to in any active version
  /// Which members have, as far as the sender knows: a bit each, in the order of the members of all active versions
  /// together; empty when no change is under way.
  std::string wholeMembers{};
  Summary summary;  ///< of the sender
  void write(Writer& out) const;
  static Gossip read(Reader& in);
};

}  // namespace mydht::wire
