#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "server/cluster/agreement.h"
#include "server/cluster/copier.h"
#include "server/cluster/throttle.h"
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
  Balancer(Executor& loop, const Settings& settings, const Membership& membership, Peers& peers, TreeAnswers& trees,
           Copier& copier, store::Store& store, Random& random, Journal& journal);

  /// What one pass has done, and why it could not do more (empty: it did all).
  struct Outcome {
    wire::ActionCounts counts;
    std::string problem;
  };
  /// Compares with every member with which this node shares a partition, one after the other.
  Task<Outcome> balanceAll();
  /// The background duty; returns once stop() was called.
  Task<> run();
  /// What is known of how equal home nodes are; nothing while no balance runs by itself. Any loop.
  wire::Agreement agreement() const { return agreement_.report(); }
  /// Nothing new begins; what has begun ends within the time of a call.
  void stop();
  /// Waits until nothing is under way.
  Task<> stopped() { return background_.close(); }

 private:
  struct Pass;
  struct Partner {
    bool answers = false;        // whether the last call to it went well
    std::uint64_t failures = 0;  // calls to it that got no answer
    Time tryAgainAt{};           // where the last comparison did not say everything
  };
  using PassPtr = std::shared_ptr<Pass>;
  using Parts = std::vector<wire::TreePart>;

  Task<> watch();
  Task<Status> balanceWith(NodeId partner, bool paced, wire::ActionCounts& counts);
  Task<Status> compareAll(PassPtr pass);
  Task<Status> compareParts(PassPtr pass);
  Task<Status> balanceDiffering(PassPtr pass);
  Task<Result<Parts>> summed(PassPtr pass, Parts& open);
  Task<Result<std::vector<wire::Compared>>> ask(PassPtr pass, Parts parts);
  Task<Status> balancePartition(PassPtr pass, PartitionId partition);
  Task<Result<std::vector<std::uint16_t>>> differingLeaves(PassPtr pass, PartitionId partition, unsigned bits);
  Task<Status> balanceLeaves(PassPtr pass, wire::EntryHeads heads);
  Task<Status> settlePage(PassPtr pass, const wire::EntryHeads& heads, wire::EntryHeadsAnswer page);
  Task<Status> hearSettled(PassPtr pass, PartitionId partition, Version settled);
  Task<> settleOne(PassPtr pass, store::RowPtr row, std::map<Key, Entry>& theirs, Version settled);
  Task<> beginCopying(PassPtr pass, const Entry& entry);
  Task<> spawnFetch(PassPtr pass, Entry entry, Version settled);
  Task<> fetch(PassPtr pass, Entry entry, Version settled);
  Task<> spawnSend(PassPtr pass, store::RowPtr row);
  Task<> send(PassPtr pass, store::RowPtr row);
  void copied(PassPtr pass, const Key& key, const Status& outcome);
  void settleIfEqual(PassPtr pass, PartitionId partition);
  Task<> pace(PassPtr pass, Time begun);
  const std::vector<NodeId>& partners();
  void lookAround();
  std::optional<NodeId> nextPartner();
  Time later();

  Executor& loop_;
  const Settings& settings_;
  const Membership& membership_;
  Peers& peers_;
  TreeAnswers& trees_;
  Copier& copier_;
  store::Store& store_;
  Random& random_;
  Journal& journal_;
  bool stopping_ = false;
  PassPtr pass_;  // under way: one at a time
  Agreement agreement_;
  ring::ViewPtr partnersIn_;  // the view in which they are the partners
  std::vector<NodeId> partners_;
  std::map<NodeId, Partner> known_;  // what is known of each of them
  std::set<NodeId> returned_;        // members to compare with at once
  NodeId last_ = 0;                  // compared with last
  Time next_{};
  Throttle throttle_;
  Signal wake_;
  Gate background_;
};

}  // namespace mydht::cluster
