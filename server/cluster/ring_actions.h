#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/cluster/balancer.h"
#include "server/cluster/purger.h"

namespace mydht::cluster {

/// How an action goes that was asked for here: which nodes it visits, one after the other, and what came of it.
struct ActionRun {
  enum class Visit { Waiting, Running, Over };
  struct Node {
    NodeId node = 0;
    std::string name;
    Visit visit = Visit::Waiting;
    std::string problem;  ///< what could not be done there, and why; empty: nothing
  };
  std::uint64_t run = 0;
  wire::ActionKind kind = wire::ActionKind::Balance;
  bool over = false;
  std::vector<Node> nodes;
  wire::ActionCounts counts;  ///< of the nodes where it is over
};

/// Carries out what people ask of the ring: a balance, which begins at one node and then goes round all others, and a
/// purge of one node. Whoever was asked leads: it tells each node in turn to do it and asks how it goes until it is
/// over there. On loop 0; owned by the node; borrows what it is given.
class RingActions {
 public:
  RingActions(Executor& loop, const Settings& settings, const Membership& membership, Peers& peers, Balancer& balancer,
              Purger& purger, Random& random, Journal& journal);

  /// Begins an action at the member of that address (empty: this node) and returns its number. One that goes on already
  /// is not begun again. NotFound: there is no such member. Any loop.
  Task<Result<std::uint64_t>> begin(wire::ActionKind kind, std::string at);
  /// How it goes; none: that number is not known (any more). Any loop.
  Task<std::optional<ActionRun>> find(std::uint64_t run);
  /// The far end: does it on this node, or says how it goes. Any loop.
  Task<Result<wire::ActionAnswer>> act(wire::Action message);

  /// Nothing new begins; what has begun ends within the time of a call.
  void stop();
  /// Waits until nothing is under way.
  Task<> stopped() { return background_.close(); }

 private:
  using RunPtr = std::shared_ptr<ActionRun>;
  using AnswerPtr = std::shared_ptr<wire::ActionAnswer>;

  Result<std::vector<NodeId>> nodesFor(wire::ActionKind kind, const std::string& at) const;
  Task<> goRound(RunPtr run);
  Task<wire::ActionAnswer> visit(RunPtr run, NodeId node);
  Task<Result<wire::ActionAnswer>> tell(RunPtr run, NodeId node);
  Task<> work(wire::ActionKind kind, AnswerPtr answer);

  Executor& loop_;
  const Settings& settings_;
  const Membership& membership_;
  Peers& peers_;
  Balancer& balancer_;
  Purger& purger_;
  Random& random_;
  Journal& journal_;
  bool stopping_ = false;
  std::deque<RunPtr> runs_;                                  // asked for here, the last ones
  std::deque<std::pair<std::uint64_t, AnswerPtr>> answers_;  // done on this node, the last ones
  Signal wake_;
  Gate background_;
};

}  // namespace mydht::cluster
