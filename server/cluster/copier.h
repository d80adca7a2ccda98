#pragma once

#include <memory>
#include <vector>

#include "server/cluster/peers.h"
#include "server/cluster/staging.h"
#include "server/store/store.h"
#include "server/task/gate.h"

namespace mydht::cluster {

/// Brings copies of entries from other nodes into this node's store, by the one door: for filling (R5) and repair
/// (R11). Owned by the node; any loop.
class Copier {
 public:
  Copier(const std::vector<Executor*>& loops, const Settings& settings, const Membership& membership, Peers& peers,
         store::Store& store, Staging& staging);

  /// Takes an entry whose value is at hand.
  Task<Status> take(Entry entry, Bytes value, wire::From from, Version settled, Deadline deadline);
  /// Fetches the value of exactly this entry from a node that has it, checks its SHA-256, and takes it.
  Task<Status> fetch(Entry entry, NodeId source, wire::From from, Version settled, Deadline deadline);
  /// Brings what this node has to another one: a small value with its entry, a large one by telling that it is here.
  /// `settled`: this node's mark, if what it holds counts as a filled home node's.
  Task<Status> send(store::RowPtr row, NodeId to, ring::ViewPtr view, wire::From from, Version settled);
  /// Whether this node holds the entry, or something newer, already.
  Task<Result<bool>> holds(Entry entry, Deadline deadline);
  /// Fills one key as Filler fills partitions: from a quorum of the home nodes of each active version but the newest,
  /// each of which knows this view (R5).
  Task<Status> fillKey(Key key, ring::ViewPtr view, Deadline deadline);
  /// Waits for questions whose answers came too late to be needed. After the last of the above.
  Task<> stop();

 private:
  struct FillVotes;
  /// `settled`: how far the home nodes asked before have settled; raised by what these say.
  Task<Status> fillKeyFrom(std::size_t version, Key key, ring::ViewPtr view, Version& settled, Deadline deadline);
  Task<Status> dropStale(Key key, const Entry* newest, Version settled, Deadline deadline);
  Gate& gateOf(const Executor& loop);
  Task<Status> askHomes(std::shared_ptr<FillVotes> votes, std::vector<NodeId> homes, Key key, ring::ViewPtr view,
                        Deadline deadline);
  Task<> poll(std::shared_ptr<FillVotes> votes, std::vector<NodeId> nodes, wire::Vote message, ring::ViewPtr view,
              Deadline deadline);
  Task<> askForFill(std::shared_ptr<FillVotes> votes, NodeId node, wire::Vote message, ring::ViewPtr view,
                    Deadline deadline);

  const Settings& settings_;
  const Membership& membership_;
  Peers& peers_;
  store::Store& store_;
  Staging& staging_;
  struct LoopGate {
    Executor* loop;
    std::unique_ptr<Gate> gate;  // on that loop alone
  };
  std::vector<LoopGate> gates_;
};

}  // namespace mydht::cluster
