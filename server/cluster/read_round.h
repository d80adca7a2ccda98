#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "server/cluster/home_node.h"
#include "server/cluster/quorums.h"
#include "server/task/gate.h"

namespace mydht::cluster {

/// One home node's answer to a get: this version, or none. "Cannot say" is a failure and never counts (R10).
struct HomeVote {
  std::optional<Entry> entry;
  Version settled;
  store::RowPtr local;        ///< this node's own row
  std::optional<Body> value;  ///< the value, if it came along
};

/// What a get asks its home nodes.
struct ReadOrder {
  Key key;
  Consistency consistency = Consistency::Quorum;
  bool wantBody = false;  ///< the first other node asked sends the value along
  bool askAll = false;    ///< ask every home node that answers at once, not only as many as make a quorum
};

/// Collects votes until there are enough: as many home nodes as are needed are asked at once, the nearest first, and
/// another one for each that fails or is silent for some 200 ms. Shared by the asking tasks and the one that waits, all
/// on one loop; tasks that answer late find it still there.
class ReadRound : public std::enable_shared_from_this<ReadRound> {
 public:
  ReadRound(Executor& executor, const Settings& settings, Peers& peers, HomeNode& home, NodeId self, ring::ViewPtr view,
            ReadOrder order);

  /// Runs until enough have voted: ok, OlderRing (begin again in the newer view), or Unavailable naming who is missing.
  Task<Status> run(Gate& gate, Deadline deadline);

  const ring::View& view() const { return *view_; }
  const ring::ViewPtr& viewPtr() const { return view_; }
  const ReadOrder& order() const { return order_; }
  PartitionId partition() const { return partition_; }
  std::map<NodeId, HomeVote>& votes() { return votes_; }
  /// The newest version that somebody voted, under the settled marks (R12); none if there is none.
  std::optional<Entry> newest() const;
  /// Who voted exactly that version.
  std::set<NodeId> holders(const Entry& entry) const;
  bool enough(const std::set<NodeId>& nodes) const;
  /// Whether every home node has voted, and voted none.
  bool allVotedNone() const;

 private:
  void askNext(Gate& gate, Deadline deadline);
  Task<> askSelf(std::shared_ptr<ReadRound> self, Deadline deadline);
  Task<> askPeer(std::shared_ptr<ReadRound> self, NodeId node, bool withValue, Deadline deadline);
  void voted(NodeId node, HomeVote vote);
  void failed(NodeId node, const Error& error);
  Error missing() const;

  Executor& executor_;
  const Settings& settings_;
  Peers& peers_;
  HomeNode& home_;
  const NodeId self_;
  const ring::ViewPtr view_;
  const ReadOrder order_;
  const PartitionId partition_;
  std::vector<NodeId> candidates_;  // not asked yet, the next one last
  std::map<NodeId, HomeVote> votes_;
  std::map<NodeId, std::string> failures_;
  std::set<NodeId> asked_;
  bool valueAsked_ = false;
  bool refused_ = false;
  unsigned running_ = 0;
  unsigned hedges_ = 0;  // failures not yet answered by asking another node
  Signal changed_;
};

}  // namespace mydht::cluster
