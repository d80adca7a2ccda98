#pragma once

#include <cstdint>
#include <span>

#include "common/version/entry.h"

/// The two marks of a home node for one partition, and every decision that rests on them (R9, R12), as comparisons:
/// no memory per key, no clock, no state. That is how a delete stays deleted after its tombstone is dropped.
namespace mydht {

/// What a home node has promised for one partition. Both only grow; settled never exceeds closed.
struct Marks {
  Version closed;   ///< no client's write at or below it is taken any more
  Version settled;  ///< all home nodes agreed on everything up to it: tombstones up to it may be dropped

  bool operator==(const Marks&) const = default;
};

/// The marks of a node that takes over what both know (a fill): each maximum by itself, so merging is commutative,
/// associative and idempotent, and no mark ever falls.
Marks mergeMarks(const Marks& a, const Marks& b);

/// Whether a client's write with this version may still be taken. False: the coordinator is told `closed` and goes
/// above. Monotone: what one mark refuses, every higher mark refuses.
inline bool mayTakeClientWrite(const Version& written, const Version& closed) {
  return written > closed;
}

/// Whether a client's write lies more than limits::kFutureMicros beyond all of: the home node's clock, the version that
/// it stores of the key, its closed mark. Only clients' writes are asked this, never copies: a ring that once booted in
/// 2030 has stored versions and marks of 2030, and goes on above them.
bool isTooFarAhead(const Version& written, std::int64_t clockMicros, const Version& stored, const Version& closed);

/// Whether a copy (fill, hint, repair, write-back) may be taken by a node whose mark is `settled`. `senderSettled` is
/// the mark of the filled home node that the copy comes from; the zero version if it comes from anybody else (a hint
/// of a former home node, a restored backup), so that nothing settled ever comes back from there.
/// Monotone: a higher senderSettled takes no less, a higher settled takes no more; a node always takes its own copy
/// back.
inline bool mayTakeCopy(const Version& copied, const Version& senderSettled, const Version& settled) {
  return copied > settled || senderSettled >= settled;
}

/// Whether a home node may forget this tombstone: all agreed on it. A value is never forgotten this way.
inline bool mayReap(const Entry& held, const Version& settled) {
  return held.tombstone && held.version <= settled;
}

/// What one filled home node says of a key: its entry or none, and how far its partition is settled.
struct Vote {
  const Entry* entry = nullptr;  ///< borrowed from the caller; null says "none"
  Version settled;
};

/// The answer of a quorum: the newest entry among the votes that still count, null for none. A vote for an entry at or
/// below the highest `settled` among the votes counts only if its voter's mark is as high: "none, settled 406" beats
/// "version 305", for whoever settled 406 had dropped a tombstone, while the other missed it.
/// Does not depend on the order of the votes; a vote said twice changes nothing.
const Entry* newestOfVotes(std::span<const Vote> votes);

}  // namespace mydht
