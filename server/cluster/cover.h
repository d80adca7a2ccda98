#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "common/ring/ring.h"
#include "server/store/node_state.h"

namespace mydht::cluster {

/// Which partitions still lack home nodes while nodes are added to a set one after the other: a listing needs one that
/// has so many home nodes of every partition in it. A plain value in the eyes of one version of the ring, which it
/// borrows.
class Cover {
 public:
  /// `needed` home nodes of each partition.
  Cover(const ring::Ring& ring, unsigned needed);

  /// Adds a node that covers all that it is home to.
  void add(NodeId node);
  /// Adds a node that covers these partitions, of those that it is home to.
  void add(NodeId node, const store::PartitionSet& covered);
  /// Whether every partition has as many home nodes as it needs.
  bool whole() const { return lacking_ == 0; }
  /// The candidates that make it whole, or as whole as they can: each the one that covers most of what is still
  /// lacking, of equal ones the first. Adds them.
  std::vector<NodeId> choose(const std::vector<NodeId>& candidates);

 private:
  std::size_t gain(NodeId node) const;
  void take(PartitionId partition);

  const ring::Ring& ring_;
  std::map<NodeId, std::vector<PartitionId>> homes_;  // what each node is home to
  std::vector<std::uint8_t> lacks_;                   // home nodes, by partition
  std::size_t lacking_;                               // partitions that lack some
};

}  // namespace mydht::cluster
