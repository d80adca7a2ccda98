#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/ring/member_list.h"

namespace mydht::ring {

/// Shares are counted in this fraction of a partition: integers, so that all builds agree.
inline constexpr std::uint64_t kShareUnit = 65536;

/// A present member as placement sees it, with what it may fairly be asked to hold.
struct Candidate {
  NodeId id = 0;
  std::uint64_t tokenSeed = 0;
  std::uint32_t weight = 0;  ///< hundredths, held to 1 to 100,000
  std::uint32_t zone = 0;    ///< index in order of the zones' names
  std::uint64_t share = 0;   ///< kShareUnits of partitions
};

/// How the copies of one partition spread over the zones: every zone has `everywhere` of them (or all of its nodes, if
/// they are fewer), and `extra` different zones have one more. With enough zones that is (0, copies): a zone at most
/// one.
struct ZoneSpread {
  unsigned everywhere = 0;
  unsigned extra = 0;
};

/// Who may hold copies, and what each one's fair share of all copies is.
struct FairShares {
  std::vector<Candidate> candidates;     ///< in order of id
  std::vector<std::uint32_t> zoneSizes;  ///< candidates in each zone
  unsigned copies = 0;                   ///< of each partition: min(replicas, present members)
  ZoneSpread spread;
};

/// Divides all copies among zones by weight, a zone at most one copy of a partition while there are enough zones, then
/// among the nodes of a zone by weight, a node at most one; what is cut off goes to the rest (water filling).
FairShares fairShares(const MemberList& list);

}  // namespace mydht::ring
