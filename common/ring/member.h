#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/result/types.h"

namespace mydht::ring {

/// How far a member's life has come; it only grows. Joining and leaving are not ranks: a member is joining while it
/// stands in the newest version but not in the newest complete one, and leaving the other way round.
enum class Rank : std::uint8_t {
  Present = 0,
  Gone = 1,       ///< has left
  Removed = 2,    ///< its place was given to others; while that change is under way it may still count, if it answers
  Destroyed = 3,  ///< declared never to come back, or out since an earlier version: it counts in no quorum of any (R8)
};

/// Weights, in hundredths: from a small disk to a thousand ordinary ones.
inline constexpr std::uint32_t kLeastWeight = 1;
inline constexpr std::uint32_t kMostWeight = 100'000;

/// A zone's name, at most: room for any data center's, while 1,000 members still fit one message.
inline constexpr std::size_t kZoneBytes = 255;

/// One node as the ring's versions know it: what decides placement, nothing that changes without moving data.
/// Addresses, liveness and clock offsets are gossip, not part of it.
struct Member {
  NodeId id = 0;
  Rank rank = Rank::Present;
  std::uint32_t number = 1;              ///< grows with each change of the fields below; the higher one wins a merge
  std::uint64_t tokenSeed = 0;           ///< the identity's own, or that of the node which it replaces
  std::uint32_t weightHundredths = 100;  ///< 1 to 100,000; 100 = a weight of 1
  std::string zone{};                    ///< empty: the default zone

  bool operator==(const Member&) const = default;
};

/// The number of the record with which a node asks to be taken in, by how often it has been started. The next two are
/// for the other records that can come from the same start: with the tokens of who was at its address before, and with
/// a new weight or zone.
constexpr std::uint32_t recordNumberOf(std::uint32_t boot) {
  return 3 * boot;
}

/// The greater of two records of one member: the higher rank, then the higher number, then the rest in order, so that
/// merging is commutative, associative and idempotent. (rank and number grow separately: the merge takes each maximum.)
Member mergeMembers(const Member& a, const Member& b);

}  // namespace mydht::ring
