#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "server/cluster/cover.h"
#include "server/cluster/list_answerer.h"
#include "server/cluster/quorums.h"
#include "server/task/gate.h"

namespace mydht::cluster {

/// Asks so many members for a page of their keys that, together, enough filled home nodes of every partition have
/// answered: a quorum of the newest complete version's home nodes, or one. Members that failed their last calls come
/// last; for one that fails, or is silent for some 200 ms, or has not filled all, others are asked. Shared by the
/// asking tasks and the one that waits, all on one loop; tasks that answer late find it still there.
class ListRound : public std::enable_shared_from_this<ListRound> {
 public:
  ListRound(Executor& executor, const Settings& settings, Peers& peers, ListAnswerer& answerer, NodeId self,
            ring::ViewPtr view, wire::ListKeys message, Consistency consistency);

  /// ok, OlderRing (begin again in the newer view), or Unavailable naming who is missing.
  Task<Status> run(Gate& gate, Deadline deadline);

  /// What was answered; a later answer is of no use to anybody.
  std::map<NodeId, wire::ListKeysAnswer> takeAnswers() { return std::move(answers_); }

 private:
  void askMore(Gate& gate, Deadline deadline, bool countSilent);
  wire::ListKeys messageFor(NodeId node) const;
  Task<> askSelf(std::shared_ptr<ListRound> self, Deadline deadline);
  Task<> askPeer(std::shared_ptr<ListRound> self, NodeId node, Deadline deadline);
  void answered(NodeId node, wire::ListKeysAnswer answer);
  void failed(NodeId node, const Error& error);
  Error missing() const;

  Executor& executor_;
  const Settings& settings_;
  Peers& peers_;
  ListAnswerer& answerer_;
  const NodeId self_;
  const ring::ViewPtr view_;
  const wire::ListKeys message_;
  const unsigned needed_;
  Cover covered_;                   // by the answers
  std::vector<NodeId> candidates_;  // not asked yet
  std::set<NodeId> pending_;        // asked, no answer yet
  std::map<NodeId, wire::ListKeysAnswer> answers_;
  std::map<NodeId, std::string> failures_;
  bool refused_ = false;
  bool lookAgain_ = false;  // an answer covers less than was hoped for
  Signal changed_;
};

}  // namespace mydht::cluster
