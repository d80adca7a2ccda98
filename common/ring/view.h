#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "common/ring/ring.h"

namespace mydht::ring {

/// While so many versions are active, further changes wait (R3).
inline constexpr std::size_t kActiveVersions = 3;
/// So many are active at most: changes that began at once, each before it could know of the others, may bring about a
/// few more than wanted.
inline constexpr std::size_t kMostActiveVersions = 8;

/// So many past versions are remembered: a node that was away for more changes of the ring fills anew.
inline constexpr std::size_t kPastVersions = 8;

/// A view as bytes carry it: without the tables, which everybody computes alike.
struct ViewLists {
  std::uint64_t ringIdentity = 0;
  std::vector<MemberList> active;
  std::vector<MemberList> past{};  ///< the last versions that were active before, oldest first, at most kPastVersions

  bool operator==(const ViewLists&) const = default;
};

/// The past of a view: of all these lists those that its complete version contains, itself left out, each once, oldest
/// first, the last kPastVersions of them.
std::vector<MemberList> pastOf(std::vector<MemberList> lists, const MemberList& complete);

/// Whether lists that came from outside can be a view: each a version of the ring, in the order that View wants.
bool canBeView(const ViewLists& lists);

/// What one node knows of its ring: the active versions, from the newest complete one (first) to the newest (last),
/// each containing the one before. An immutable value, shared as snapshot; a change makes a new view. Any thread.
class View {
 public:
  /// `active` must pass canBeActive: whoever has it from outside asks first.
  View(std::uint64_t ringIdentity, std::vector<RingPtr> active);

  /// The ring's identity: random, made by its first node. Rings of different identity never merge.
  std::uint64_t ringIdentity() const { return ringIdentity_; }
  const std::vector<RingPtr>& active() const { return active_; }
  const Ring& complete() const { return *active_.front(); }
  const Ring& newest() const { return *active_.back(); }
  /// The same without the tables.
  ViewLists lists() const;
  /// Names all active versions together: two views have the same name only if they have the same active versions.
  VersionName activeName() const;
  bool changing() const { return active_.size() > 1; }

  /// Nodes that the newest version declares destroyed are left out of all of the following (R8): nothing waits for
  /// them, in no version.

  /// Distinct home nodes of the partition over all active versions; those of the newest version first, in ring order.
  std::vector<NodeId> homes(PartitionId partition) const;
  /// The home nodes of the partition in one active version (an index into active()), in ring order.
  std::vector<NodeId> homesIn(std::size_t version, PartitionId partition) const;
  /// Whether a home node of the partition in the complete version is destroyed: what only that one had is lost.
  bool hasLost(PartitionId partition) const;
  /// Distinct members over all active versions, in order. Valid while the view lives.
  const std::vector<NodeId>& members() const { return members_; }

  /// Whether these nodes hold a quorum of the partition's home nodes in EACH active version (R3). Nobody is needed
  /// where all home nodes are destroyed.
  bool quorumInEach(PartitionId partition, const std::set<NodeId>& nodes) const;
  /// Whether these nodes hold a majority of the members of each active version (R2), when those that `next` declares
  /// destroyed are left out too.
  bool majorityInEach(const std::set<NodeId>& nodes, const MemberList& next) const;
  bool majorityInEach(const std::set<NodeId>& nodes) const { return majorityInEach(nodes, newest().list()); }
  /// Whether these nodes are enough to make `next` the next version: a majority in each active one, and of those that
  /// stay too. The word of who is taken out counts for the former alone: with it a change could come about of which
  /// those that are left hardly know, and that they could never go on from.
  bool mayMake(const MemberList& next, const std::set<NodeId>& nodes) const;

  /// Whether somebody whose newest and newest complete versions are these knows less than this view in a way that
  /// matters for the partition (R4): a version here above its newest one gives the partition other home nodes, or may
  /// have, since its newest one is no longer known here. False if it knows more: who is asked adopts that first.
  bool changesSince(const VersionName& newest, const VersionName& complete, PartitionId partition) const;

 private:
  std::uint64_t ringIdentity_;
  std::vector<RingPtr> active_;
  std::vector<NodeId> destroyed_;  // by the newest version, in order
  std::vector<NodeId> members_;
};

using ViewPtr = std::shared_ptr<const View>;

/// Whether these can be a view's active versions: not empty, at most kMostActiveVersions, rising, each containing the
/// one before.
bool canBeActive(const std::vector<RingPtr>& versions);

/// What both know together: the higher complete version up to the highest newest one. The views must be of one ring and
/// their versions comparable (R2 makes them so); nullopt when they are not, which a caller reports and refuses.
std::optional<View> mergeViews(const View& a, const View& b);

}  // namespace mydht::ring
