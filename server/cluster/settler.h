#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "server/cluster/tree_answers.h"
#include "server/ports/clock.h"
#include "server/ports/journal.h"
#include "server/task/gate.h"
#include "server/wire/settling.h"

namespace mydht::cluster {

/// Settles what all home nodes agree on, so that tombstones can be dropped for good (R12). The home nodes of a
/// partition take turns in asking all of them to close it up to some seconds ago, each of which then says what it holds
/// up to there; if that is the same, it is settled, and each drops the tombstones up to there. A home node that is
/// down, that fills or that differs holds this up until it is back, removed or balanced; clients notice nothing of it.
/// On loop 0; owned by the node.
class Settler {
 public:
  Settler(Executor& loop, const Settings& settings, const Clock& clock, const Membership& membership, Peers& peers,
          TreeAnswers& trees, store::Store& store, Journal& journal);

  /// The background duty; returns once stop() was called.
  Task<> run();
  void stop();
  /// Waits until no tombstone is being dropped any more.
  Task<> stopped() { return background_.close(); }

  Task<Result<wire::CloseAnswer>> close(wire::Speaker from, wire::Close message, Deadline deadline);
  Task<Status> settle(wire::Speaker from, wire::Settle message, Deadline deadline);

  /// The home nodes that hold up what this node would settle, and which partitions and why, as of its last rounds with
  /// them; any loop.
  std::map<NodeId, std::string> waitsFor() const;

 private:
  using Homes = std::vector<NodeId>;
  using Partitions = std::vector<PartitionId>;
  std::map<Homes, Partitions> turns();
  Version oldEnough(const Homes& homes) const;
  Task<> settleGroup(ring::ViewPtr view, Homes homes, Partitions partitions);
  Task<Result<wire::CloseAnswer>> askToClose(NodeId home, ring::ViewPtr view, wire::Close message);
  Task<Status> tell(NodeId home, ring::ViewPtr view, wire::Settle message);
  Task<Result<StandingPtr>> agreeWith(wire::Speaker from, Deadline deadline);
  bool isFilledHome(const Standing& standing, PartitionId partition) const;
  Task<> reap(Partitions partitions);
  /// Why a home node holds a partition up.
  enum class Why { Silent, Unfilled, Differs };
  /// What one home node holds up.
  struct Waiting {
    std::map<PartitionId, Why> partitions;
    std::string error;  // the last one, where it is silent
  };
  static std::string textOf(const Waiting& waiting);
  void noteAnswer(NodeId home, const Partitions& partitions, const Result<wire::CloseAnswer>& answer);
  void noteDiffering(NodeId home, const Partitions& partitions, const wire::CloseAnswer& own,
                     const wire::CloseAnswer& theirs);
  void tellOfNew(NodeId home, bool wasThere);
  void keepOnly(const ring::ViewPtr& view);

  Executor& loop_;
  const Settings& settings_;
  const Clock& clock_;
  const Membership& membership_;
  Peers& peers_;
  TreeAnswers& trees_;
  store::Store& store_;
  Journal& journal_;
  bool stopping_ = false;
  std::uint64_t round_ = 0;
  std::size_t next_ = 0;  // the partition to look at first
  Signal wake_;
  Gate background_;
  mutable std::mutex mutex_;
  std::map<NodeId, Waiting> waitsFor_;  // guarded by mutex_
};

}  // namespace mydht::cluster
