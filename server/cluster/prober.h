#pragma once

#include <map>
#include <vector>

#include "server/cluster/peers.h"
#include "server/cluster/swim.h"
#include "server/ports/journal.h"
#include "server/task/gate.h"

namespace mydht::cluster {

/// Runs the failure detector's steps (swim.h): sends its probes, tells it the answers, answers those of others, and
/// tells the peers and the journal what it finds. On loop 0, but for what says otherwise; owned by the node; borrows
/// what it is given.
class Prober {
 public:
  Prober(Executor& loop, const Settings& settings, const Membership& membership, Peers& peers, Random& random,
         Journal& journal);

  /// The background duty; returns once stop() was called.
  Task<> run();
  void stop();
  /// Waits until nothing is under way.
  Task<> stopped() { return background_.close(); }

  /// The far end of another node's probe; any loop.
  Task<Result<wire::ProbeAnswer>> answer(NodeId from, wire::Probe message, Deadline deadline);

  Liveness of(NodeId node) const { return swim_ ? swim_->of(node) : Liveness::Alive; }
  /// Since when a member has been dead without a break, as far as this node knows since its start; none: it is not.
  std::optional<Time> deadSince(NodeId node) const;

 private:
  void followMembers();
  void tellChanges();
  Task<> send(Swim::Ping ping);

  Executor& loop_;
  const Settings& settings_;
  const Membership& membership_;
  Peers& peers_;
  Random& random_;
  Journal& journal_;
  std::optional<Swim> swim_;  // none before it is known who this node is
  ring::ViewPtr followed_;    // the view whose members the detector knows
  std::map<NodeId, Time> deadSince_;
  bool stopping_ = false;
  Signal wake_;
  Gate background_;
};

}  // namespace mydht::cluster
