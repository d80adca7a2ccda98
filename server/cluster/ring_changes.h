#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "server/cluster/membership.h"
#include "server/cluster/peers.h"
#include "server/ports/random.h"
#include "server/task/gate.h"

namespace mydht::cluster {

/// How versions of the ring are made and completed, without a master and without consensus (R2, R6: lattice agreement,
/// Aguilera et al., JACM 58; Jehl et al., DISC 2015). Lives on loop 0; owned by the node.
class RingChanges {
 public:
  RingChanges(Executor& loop, const Settings& settings, Membership& membership, Peers& peers, Random& random,
              Journal& journal);

  /// Proposes a change until a majority of the members of every active version has accepted exactly the same list,
  /// which is then the next version. Any number of these may run at once anywhere: they merge. Returns the view with
  /// it.
  Task<Result<ring::ViewPtr>> agree(ring::MemberList wanted, Deadline deadline);

  /// The member's side of a join: calls the joiner back, finds whose place it takes, and makes the change. Conflict:
  /// another change is under way ("busy: X is joining"), which is a courtesy; safety does not rest on it.
  Task<Result<ring::ViewPtr>> takeIn(wire::Join join, NodeId caller, std::uint32_t callerBoot, Deadline deadline);
  /// The joiner's side: asks the seeds until one takes it in.
  Task<Status> join(std::vector<std::string> seeds, ring::Member self, NodeId replaces);

  /// What another node said about the partitions that it has filled.
  void heardFilled(NodeId node, const wire::Gossip& gossip);
  /// Completes the newest version that can be (R6): a write quorum of each changed partition's home nodes is filled,
  /// and a majority of the members of each active version holds that fact. Does nothing while that is not so.
  Task<Status> tryComplete(Deadline deadline);

  /// Tells every member what the ring and the addresses are now. Who does not hear it is refused until it asks.
  void broadcast(ring::ViewPtr view);
  Task<> stop();

 private:
  struct Poll;
  Task<Result<ring::MemberList>> collect(ring::ViewPtr view, ring::MemberList list,
                                         std::optional<ring::VersionName> complete, Deadline deadline);
  Task<> askOne(std::shared_ptr<Poll> poll, NodeId node, Deadline deadline);
  Task<> tell(NodeId node, ring::ViewPtr view);
  Task<Status> callBack(const wire::Join& join, Deadline deadline);
  Task<Status> checkReplaced(const wire::Join& join, Deadline deadline);
  ring::MemberList withJoiner(const ring::View& view, const wire::Join& join) const;
  std::string busyWith(const ring::View& view) const;
  std::optional<std::size_t> completable(const ring::View& view) const;
  bool isFilled(const ring::View& view, std::size_t index) const;
  Task<Status> askSeed(std::string seed, wire::Join join);

  Executor& loop_;
  const Settings& settings_;
  Membership& membership_;
  Peers& peers_;
  Random& random_;
  Journal& journal_;
  std::optional<std::string> taking_;             // who is being taken in right now
  std::map<NodeId, store::PartitionSet> filled_;  // what others have filled,
  std::map<NodeId, ring::VersionName> filledIn_;  // as of that version
  bool completing_ = false;
  Gate background_;
};

}  // namespace mydht::cluster
