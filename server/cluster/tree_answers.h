#pragma once

#include <optional>

#include "server/cluster/home_node.h"
#include "server/cluster/membership.h"
#include "server/store/store.h"

namespace mydht::cluster {

/// Whether both nodes are home to a partition in the newest version: then their copies of it are to be equal.
bool areBothHome(const ring::View& view, NodeId a, NodeId b, PartitionId partition);

/// What a node tells others of what it holds, without values: parts of its hash trees and entries' heads for a balance,
/// and whether its disk holds an entry for a purge. Answers only who knows the same newest version of the ring, so that
/// both speak of the same home nodes, and only for partitions that it has filled. Owned by the node; any loop; borrows
/// what it is given.
class TreeAnswers {
 public:
  TreeAnswers(const DeliberateBugs& bugs, const Membership& membership, HomeNode& home, store::Store& store)
      : bugs_(bugs), membership_(membership), home_(home), store_(store) {}

  /// The digest of a part made of whole partitions, of those that this node and the other one are home to; none: not
  /// all of them are filled here.
  Task<Result<std::optional<std::uint64_t>>> sumOf(StandingPtr standing, NodeId other, unsigned depth,
                                                   std::uint32_t prefix, Deadline deadline);

  Task<Result<wire::CompareTreesAnswer>> compareTrees(wire::Speaker from, wire::CompareTrees message,
                                                      Deadline deadline);
  Task<Result<wire::EntryHeadsAnswer>> entryHeads(wire::Speaker from, wire::EntryHeads message, Deadline deadline);
  Task<Result<wire::HoldsAnswer>> holds(wire::Speaker from, wire::Holds message, Deadline deadline);

  /// The standing of this node if it knows the same versions of the ring as the speaker, whom it has heard out first.
  Task<Result<StandingPtr>> agree(wire::Speaker from, Deadline deadline);
  /// Whether what was read under that standing may be said still.
  Status changedSince(const Standing& standing) const;

  /// In one question of a balance, so many partitions may be added up leaf by leaf, since each is read for it.
  static constexpr std::size_t kLeafyPartitions = 16;

 private:
  /// The leaves that were added up last: neighbours in a message ask for the same ones.
  struct Leaves {
    PartitionId partition = 0;
    unsigned bits = 0;  // 0: none yet
    std::vector<std::uint64_t> sums;
  };
  Task<Result<wire::Compared>> compare(StandingPtr standing, NodeId other, wire::TreePart part, Leaves& leaves,
                                       Deadline deadline);
  Task<Result<wire::Held>> holdsOne(StandingPtr standing, Entry entry, Deadline deadline);

  const DeliberateBugs& bugs_;
  const Membership& membership_;
  HomeNode& home_;
  store::Store& store_;
};

}  // namespace mydht::cluster
