#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "server/cluster/copier.h"
#include "server/cluster/tree_answers.h"
#include "server/ports/journal.h"
#include "server/ports/random.h"
#include "server/task/gate.h"

namespace mydht::cluster {

/// Makes home nodes equal: compares hash trees with one of them after the other, from the sum of everything down to the
/// leaves that differ, and exchanges the entries in those, in both directions, tombstones included. What differs goes
/// through the one door, so that the newest version stays whoever has it. Runs by itself, with one partner a minute and
/// with each that has come back, and when it is asked to. On loop 0; owned by the node; borrows what it is given.
class Balancer {
 public:
  Balancer(Executor& loop, const Settings& settings, const Membership& membership, Peers& peers, HomeNode& home,
           TreeAnswers& trees, Copier& copier, store::Store& store, Random& random, Journal& journal);

  /// What one pass has done, and why it could not do more (empty: it did all).
  struct Outcome {
    wire::ActionCounts counts;
    std::string problem;
  };
  /// Compares with every other member, one after the other.
  Task<Outcome> balanceAll();
  /// The background duty; returns once stop() was called.
  Task<> run();
  /// Nothing new begins; what has begun ends within the time of a call.
  void stop();
  /// Waits until nothing is under way.
  Task<> stopped() { return background_.close(); }

 private:
  struct Pass;
  using PassPtr = std::shared_ptr<Pass>;
  using Parts = std::vector<wire::TreePart>;

  Task<Status> balanceWith(NodeId partner, bool paced, wire::ActionCounts& counts);
  Task<Status> compareAll(PassPtr pass);
  Task<Result<Parts>> summed(PassPtr pass, Parts& open);
  Task<Result<std::vector<wire::Compared>>> ask(PassPtr pass, Parts parts);
  Task<Status> balancePartition(PassPtr pass, PartitionId partition);
  Task<Result<std::vector<std::uint16_t>>> differingLeaves(PassPtr pass, PartitionId partition, unsigned bits);
  Task<Status> balanceLeaves(PassPtr pass, wire::EntryHeads heads);
  Task<Status> settlePage(PassPtr pass, const wire::EntryHeads& heads, wire::EntryHeadsAnswer page);
  Task<> settleOne(PassPtr pass, store::RowPtr row, std::map<Key, Entry>& theirs, Version settled);
  Task<> spawnFetch(PassPtr pass, Entry entry, Version settled);
  Task<> fetch(PassPtr pass, Entry entry, Version settled);
  Task<> spawnSend(PassPtr pass, store::RowPtr row);
  Task<> send(PassPtr pass, store::RowPtr row);
  Task<Status> sendRow(PassPtr pass, store::RowPtr row);
  Task<> pace(PassPtr pass, Time begun);
  std::vector<NodeId> partners() const;
  void noteReturns();
  std::optional<NodeId> nextPartner();
  Time later();

  Executor& loop_;
  const Settings& settings_;
  const Membership& membership_;
  Peers& peers_;
  HomeNode& home_;
  TreeAnswers& trees_;
  Copier& copier_;
  store::Store& store_;
  Random& random_;
  Journal& journal_;
  bool stopping_ = false;
  bool busy_ = false;                // a pass is under way: one at a time
  std::map<NodeId, bool> answered_;  // whether the last call to each member went well
  std::set<NodeId> returned_;        // members to compare with at once
  NodeId last_ = 0;                  // compared with last
  Time next_{};
  Signal wake_;
  Gate background_;
};

}  // namespace mydht::cluster
