#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "server/cluster/copier.h"
#include "server/cluster/membership.h"
#include "server/cluster/peers.h"
#include "server/cluster/throttle.h"
#include "server/task/gate.h"

namespace mydht::cluster {

/// Fills the partitions that this node has become home to, and those that it owes because copies become fewer, from a
/// read quorum of the newest complete version's home nodes (R5), at a bounded rate. A background duty on loop 0; owned
/// by the node.
class Filler {
 public:
  Filler(Executor& loop, const Settings& settings, Membership& membership, Peers& peers, Copier& copier,
         store::Store& store, Journal& journal);

  /// Fills what can be filled now. What could not be is tried again by the next call.
  Task<Status> fill();
  Task<> stop();
  /// How far it is; any loop.
  wire::Move move() const;

 private:
  /// The home nodes of a partition in each active version but the newest, the complete one first.
  struct Sources {
    std::vector<std::vector<NodeId>> homes;
    bool held = false;  ///< most of it lies here already: only what differs is worth sending
    auto operator<=>(const Sources&) const = default;
  };
  /// Partitions with the same sources travel together.
  using Group = std::vector<PartitionId>;
  /// One reading of a source: what is asked for, and how.
  struct Reading {
    bool filledOnly = false;
    bool entriesOnly = false;
  };
  std::map<Sources, Group> missing(const Standing& standing) const;
  struct Work;
  Task<> fillGroups(std::shared_ptr<Work> work, ring::ViewPtr view);
  Task<Status> fillGroup(Sources sources, Group partitions, ring::ViewPtr view);
  Task<Result<Group>> fillFrom(std::vector<NodeId> sources, Group partitions, Reading reading, ring::ViewPtr view);
  struct Coverage;
  Task<> fillFromUnfilled(Coverage& coverage, const Group& partitions, ring::ViewPtr view);
  struct Take;
  Task<Result<std::set<PartitionId>>> copyFrom(NodeId source, Group partitions, Reading reading, ring::ViewPtr view);
  Task<Result<std::set<PartitionId>>> readPages(std::shared_ptr<Take> take, NodeId source, Group partitions,
                                                Reading reading, ring::ViewPtr view);
  Task<Status> hearMarks(const wire::FillPage& asked, const wire::FillPageAnswer& page);
  Task<Status> dropStale(const wire::FillPage& asked, const wire::FillPageAnswer& page, const wire::FillMarks& marks);
  Task<> beginTaking(std::shared_ptr<Take> take, NodeId source, std::vector<wire::FillRow> rows, Version settled);
  Task<> takeOne(std::shared_ptr<Take> take, wire::FillRow row, Version settled);
  Task<> fetchOne(std::shared_ptr<Take> take, NodeId source, Entry entry, Version settled);
  Task<Status> fetch(NodeId source, Entry entry, Version settled);

  void begin(std::size_t partitions);
  void count(std::size_t partitions, std::uint64_t bytes);
  void tell();

  Executor& loop_;
  const Settings& settings_;
  Membership& membership_;
  Peers& peers_;
  Copier& copier_;
  store::Store& store_;
  Journal& journal_;
  Gate background_;
  Throttle throttle_;
  std::set<NodeId> silent_;  // sources that did not answer in this round
  Time began_{};
  Time told_{};
  mutable std::mutex mutex_;
  wire::Move move_;  // guarded by mutex_; written on loop 0
};

}  // namespace mydht::cluster
