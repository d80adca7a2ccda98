#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "common/result/result.h"
#include "common/ring/member.h"

namespace mydht::ring {

/// Names a version of the ring in every message (R1): its height orders agreed versions, the hash tells others apart.
struct VersionName {
  std::uint64_t height = 0;
  std::uint64_t hash = 0;

  auto operator<=>(const VersionName&) const = default;
};

/// The number of the newest placement algorithm, which new rings get; older ones keep theirs (common/ring/placement.h).
inline constexpr std::uint32_t kPlacementAlgorithm = 2;

/// A version of the ring as a value: its member records (also those of members that are gone, so that they stay gone),
/// the number of replicas and the number of the placement algorithm. A join semilattice under mergeLists.
struct MemberList {
  std::vector<Member> members;  ///< sorted by id, each id once
  std::uint32_t replicas = 3;
  std::uint32_t replicasNumber = 1;               ///< grows with each change of replicas; the higher one wins a merge
  std::uint32_t algorithm = kPlacementAlgorithm;  ///< the higher one wins a merge

  bool operator==(const MemberList&) const = default;

  const Member* find(NodeId id) const;
  /// Whether it is a member: one of present().
  bool hasPresent(NodeId id) const;
  /// Puts a record in, merged with the one that is there.
  void put(const Member& member);
  /// The ids with rank Present, in order. When all have left or were removed, which several changes that did not know
  /// of one another can bring about together, the one with the greatest id of those with the least rank stays: a ring
  /// always has a member, or no further change of it could ever be agreed.
  std::vector<NodeId> present() const;
  /// The ids with rank Destroyed that are no members, in order.
  std::vector<NodeId> destroyed() const;
};

/// The least list that contains both: commutative, associative, idempotent.
MemberList mergeLists(const MemberList& a, const MemberList& b);

/// Whether a contains b: merging b into a changes nothing.
bool contains(const MemberList& a, const MemberList& b);

/// Whether a list that came from outside can be a version of the ring: records sorted, each once and within their
/// limits, 1 to limits::kMembers members, replicas within limits, and an algorithm that this program knows. BadRequest
/// says what is wrong. Whoever decodes a list asks this before making a Ring of it.
Status checkList(const MemberList& list);

/// Height = sum of all ranks and numbers (+1 a record), which only grow, with the number of copies behind its own
/// number, so that a list that contains another one is higher as long as no node gives two records one number; hash =
/// XXH3 of the list's canonical bytes.
VersionName nameOf(const MemberList& list);

}  // namespace mydht::ring
