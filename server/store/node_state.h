#pragma once

#include <bitset>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/result/limits.h"
#include "common/ring/view.h"
#include "server/ports/disk.h"

namespace mydht::store {

/// Who a data directory is (R7): made once, at random; `boot` counts its starts.
struct Identity {
  NodeId node = 0;
  std::uint32_t boot = 0;
  std::uint64_t tokenSeed = 0;
  NodeId replaces = 0;  ///< the identity whose place this one takes, because its disk was behind; 0: none
};

using PartitionSet = std::bitset<limits::kPartitions>;

/// What a node knows of its ring, written as one row so that a change of it is one atomic, synced step.
struct RingState {
  ring::ViewLists view;       ///< without versions: a member of no ring
  ring::MemberList accepted;  ///< everything ever accepted by R2, the join of all proposals seen
  PartitionSet filled;        ///< partitions that this node is home to and has filled (R5)
  PartitionSet owed;          ///< filled, and to be filled again before the newest version is complete (R5)
  PartitionSet sources;       ///< of the complete version's, or of one that is to be: others may fill from here (R5)
  ring::VersionName completeHeld;  ///< the fact that this version is complete, held by R6
  std::string hostPort;            ///< under which name it was a member last
  std::uint64_t formerRing = 0;    ///< the ring that this directory's node was a member of before it lost its place
};

/// What is remembered of another node: where it was, and the greatest boot counter and batch number heard from it.
struct PeerState {
  std::string hostPort;
  std::uint32_t boot = 0;
  std::uint64_t synced = 0;
  auto operator<=>(const PeerState&) const = default;
};

/// All of it, as found on the disk at a start.
struct NodeState {
  std::optional<Identity> identity;  ///< none: an empty directory
  RingState ring;
  std::map<NodeId, PeerState> peers;
  std::int64_t clockFloorMicros = 0;  ///< no version made before the restart is above this
};

/// Reads everything of a node. Corrupt if any row is damaged: a node that forgot its ring must not guess.
Task<Result<NodeState>> loadNodeState(Disk& disk, Deadline deadline);

Bytes encodeIdentity(const Identity& identity);
std::optional<Identity> decodeIdentity(std::string_view content);
Bytes encodeRingState(const RingState& state);
std::optional<RingState> decodeRingState(std::string_view content);
Bytes encodePeerState(const PeerState& peer);
std::optional<PeerState> decodePeerState(std::string_view content);

std::string bitsOf(const PartitionSet& set);
/// `bits` has kPartitions / 8 bytes, or is empty for the empty set.
PartitionSet setOf(std::string_view bits);

}  // namespace mydht::store
