#pragma once

#include "server/cluster/home_node.h"

namespace mydht::cluster {

/// What a node says when it is asked for a page of a listing, by its own coordinator or another node's: the entries of
/// the partitions that it has filled. Owned by the node; any loop; borrows everything it is given.
class ListAnswerer {
 public:
  ListAnswerer(Membership& membership, HomeNode& home, store::Store& store)
      : membership_(membership), home_(home), store_(store) {}

  /// Refuses (OlderRing) an asker that knows less of the ring, after adopting what it knows more: which nodes cover the
  /// ring is said of one version. Unavailable: this node cannot say yet.
  Task<Result<wire::ListKeysAnswer>> answer(wire::Speaker from, wire::ListKeys message, Deadline deadline);
  /// What lies on this node, whoever is home to it; no vote and no promise.
  Task<Result<wire::ListKeysAnswer>> answerHere(wire::ListKeys message, Deadline deadline);

 private:
  Task<Result<wire::ListKeysAnswer>> read(wire::ListKeys message, std::shared_ptr<const store::PartitionSet> partitions,
                                          Deadline deadline);
  Status fits(const wire::Speaker& from) const;

  Membership& membership_;
  HomeNode& home_;
  store::Store& store_;
};

}  // namespace mydht::cluster
