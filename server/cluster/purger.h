#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/cluster/copier.h"
#include "server/ports/journal.h"
#include "server/task/gate.h"

namespace mydht::cluster {

/// Forgets the entries of partitions that this node is not home to in any active version. Only while the ring is not
/// changing, only as a confirmed member of it, and an entry only once a quorum of its home nodes, filled, have said
/// that their disks hold it or a newer one; what they lack is sent to them first. The view is looked at again where the
/// entry goes, in the lane of its partition's writes. Runs by itself and when it is asked to. On loop 0; owned by the
/// node; borrows what it is given.
class Purger {
 public:
  Purger(Executor& loop, const Settings& settings, const Membership& membership, Peers& peers, Copier& copier,
         store::Store& store, Journal& journal);

  /// What a purge has done, or would do, and why it could not do more (empty: it did all).
  struct Outcome {
    wire::ActionCounts counts;
    std::string problem;
  };
  /// `dryRun`: counts, sends and drops nothing.
  Task<Outcome> purge(bool dryRun);
  /// The background duty; returns once stop() was called.
  Task<> run();
  /// Nothing new begins; what has begun ends within the time of a call.
  void stop();
  /// Waits until nothing is under way.
  Task<> stopped() { return background_.close(); }

 private:
  struct Page;
  using PagePtr = std::shared_ptr<Page>;

  Status mayPurge(const Standing& standing) const;
  bool isForeign(const ring::View& view, PartitionId partition) const;
  bool hasForeign() const;
  Task<Status> purgePartition(ring::ViewPtr view, PartitionId partition, bool dryRun, bool paced, Outcome& outcome);
  Task<Status> purgePage(PagePtr page, Outcome& outcome);
  Task<> askHomes(PagePtr page, std::vector<NodeId> nodes);
  Task<> askHome(PagePtr page, NodeId node);
  Task<std::vector<NodeId>> sendLacking(PagePtr page);
  Task<> send(PagePtr page, NodeId node, store::RowPtr row);
  Task<> dropHeld(PagePtr page);
  Task<> drop(PagePtr page, store::RowPtr row);
  void countOnly(Page& page) const;
  Task<Outcome> purgeNow(bool dryRun, bool paced);

  Executor& loop_;
  const Settings& settings_;
  const Membership& membership_;
  Peers& peers_;
  Copier& copier_;
  store::Store& store_;
  Journal& journal_;
  bool stopping_ = false;
  bool busy_ = false;  // one at a time
  Signal wake_;
  Gate background_;
};

}  // namespace mydht::cluster
