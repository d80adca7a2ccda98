#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "common/result/types.h"
#include "common/ring/member_list.h"

namespace mydht::model {

inline constexpr unsigned kNodes = 16;  ///< identities in one run, 1 to 15
inline constexpr unsigned kKeys = 2;
inline constexpr unsigned kPartitions = 2;
inline constexpr unsigned kVersions = 12;  ///< of the ring in one run
inline constexpr unsigned kMostCopies = 5;

/// Some nodes, a bit for each identity.
using Nodes = std::uint32_t;
constexpr Nodes bitOf(NodeId node) {
  return Nodes{1} << node;
}
constexpr bool holds(Nodes nodes, NodeId node) {
  return (nodes & bitOf(node)) != 0;
}

/// A version of the ring by its place in the chain of agreed versions.
using RingRef = std::uint8_t;

/// What a node or a coordinator knows of the ring: the active versions are complete .. newest.
struct View {
  RingRef complete = 0;
  RingRef newest = 0;

  bool operator==(const View&) const = default;
};

/// The home nodes of one partition in one version.
struct Homes {
  std::array<NodeId, kMostCopies> ids{};
  unsigned count = 0;
  Nodes mask = 0;

  std::span<const NodeId> span() const { return {ids.data(), count}; }
};

/// One agreed version with a small made-up table in place of the real one: the model is about who must agree, not about
/// where partitions lie, and 16,384 of them would be a thousand times the work.
struct RingVersion {
  ring::MemberList list;
  ring::VersionName name;
  Nodes present = 0;
  std::array<Homes, kPartitions> homes;
};

/// The chain of agreed versions of one run. That any two contain one another is what R2 promises; it is asserted here.
class Rings {
 public:
  void clear() { versions_.clear(); }
  /// Adds the version that contains the newest one and this list. `salt` moves partitions about: a version with another
  /// salt has other homes for the same members.
  RingRef add(const ring::MemberList& list, std::uint64_t salt);
  /// The same with the homes said, for scenarios.
  RingRef add(const ring::MemberList& list, const std::array<std::vector<NodeId>, kPartitions>& homes);

  const RingVersion& operator[](RingRef version) const { return versions_[version]; }
  RingRef last() const { return static_cast<RingRef>(versions_.size() - 1); }
  bool full() const { return versions_.size() >= kVersions; }

  bool isHome(RingRef version, NodeId node, unsigned partition) const {
    return holds(versions_[version].homes[partition].mask, node);
  }
  /// Home in any active version.
  bool isHome(const View& view, NodeId node, unsigned partition) const { return holds(homes(view, partition), node); }
  /// The homes of all active versions.
  Nodes homes(const View& view, unsigned partition) const;
  bool sameHomes(RingRef a, RingRef b, unsigned partition) const;
  /// A quorum of the homes in one version.
  bool quorumIn(RingRef version, unsigned partition, Nodes nodes) const;
  /// R3: a quorum in each active version.
  bool quorumInEach(const View& view, unsigned partition, Nodes nodes) const;
  /// A majority of the members of each active version.
  bool majorityInEach(const View& view, Nodes nodes) const;
  /// R4, as View::changesSince: whether who knows `theirs` has to be refused by who knows `ours`.
  bool changesSince(const View& ours, const View& theirs, unsigned partition) const;

 private:
  RingVersion& append(const ring::MemberList& list);

  std::vector<RingVersion> versions_;
};

/// The later of both in each part. Agreed versions are a chain, so this is what both know together.
constexpr View mergeViews(const View& a, const View& b) {
  return {a.complete > b.complete ? a.complete : b.complete, a.newest > b.newest ? a.newest : b.newest};
}

}  // namespace mydht::model
