#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/hash/position.h"
#include "common/ring/member_list.h"
#include "common/ring/quorum.h"

namespace mydht::ring {

/// One version of the ring with its computed table: who is home to a key. Immutable, shared, any thread. A pure
/// function of the member list (consistent hashing with bounded loads: Mirrokni, Thorup, Zadimoghaddam 2016; zones and
/// weights by water-filled shares): every node computes the same table, none decides it.
class Ring {
 public:
  /// Computes the table. The list needs at least one present member.
  explicit Ring(MemberList list);
  /// Test only: a version with the table of another one of the same members, as a node would have it that computes
  /// wrongly.
  Ring(MemberList list, const MemberList& placed);

  const MemberList& list() const { return list_; }
  const VersionName& name() const { return name_; }
  /// Hash of the table: differs if two builds round differently (R1).
  std::uint64_t fingerprint() const { return fingerprint_; }

  /// The home nodes of a partition in ring order, min(replicas, present members) distinct ones. Valid while the ring
  /// lives.
  std::span<const NodeId> homes(PartitionId partition) const {
    return {&table_[static_cast<std::size_t>(partition) * copies_], copies_};
  }
  std::span<const NodeId> homesOf(std::string_view key) const { return homes(partitionOf(key)); }
  bool isHome(NodeId node, PartitionId partition) const;

  /// Copies of each key: min(replicas, present members).
  unsigned copies() const { return copies_; }
  /// Home nodes that make a quorum, for reading and for writing.
  unsigned quorum() const { return quorumOf(copies_); }
  /// Members that make a majority.
  unsigned majority() const { return quorumOf(present_.size()); }
  const std::vector<NodeId>& present() const { return present_; }

  /// How many partitions a node is home to.
  unsigned partitionsOf(NodeId node) const;

 private:
  MemberList list_;
  VersionName name_;
  std::vector<NodeId> present_;
  unsigned copies_ = 0;
  std::vector<NodeId> table_;         ///< kPartitions rows of copies_ home nodes
  std::vector<unsigned> partitions_;  ///< of each of present_, in its order
  std::uint64_t fingerprint_ = 0;
};

using RingPtr = std::shared_ptr<const Ring>;

/// Whether the two versions give this partition the same home nodes in the same number.
bool sameHomes(const Ring& a, const Ring& b, PartitionId partition);

}  // namespace mydht::ring
