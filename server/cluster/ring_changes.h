#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "server/cluster/membership.h"
#include "server/cluster/peers.h"
#include "server/cluster/summaries.h"
#include "server/ports/random.h"
#include "server/store/damage.h"
#include "server/task/gate.h"

namespace mydht::cluster {

/// How versions of the ring are made and completed, without a master and without consensus (R2, R6: lattice agreement,
/// Aguilera et al., JACM 58; Jehl et al., DISC 2015). Lives on loop 0; owned by the node.
class RingChanges {
 public:
  RingChanges(Executor& loop, const Settings& settings, Membership& membership, Peers& peers,
              const Summaries& summaries, const store::Damage& damage, Random& random, Journal& journal);

  /// Proposes a change until a majority of the members of every active version has accepted exactly the same list,
  /// which is then the next version. Any number of these may run at once anywhere: they merge. While as many versions
  /// are active as there may be it waits, and fails with Conflict if that outlasts the deadline. Returns the view with
  /// the change.
  Task<Result<ring::ViewPtr>> agree(ring::MemberList wanted, Deadline deadline);

  /// What another node said about the partitions that it has filled, those that it has something to repair in, and who
  /// else has filled.
  void heard(NodeId node, const wire::Gossip& gossip);
  /// Whether a node has filled a partition, as far as is known here, as of the view's newest version.
  bool hasFilled(const ring::View& view, NodeId node, PartitionId partition) const;
  /// Whether a node has filled everything that it is home to, as far as is known here, as of the view's newest version.
  bool isWhole(const ring::View& view, NodeId node) const;
  /// Which members have filled everything that they are home to, as far as is known here, and this node if that is
  /// said: a bit each, in the order of the view's members.
  std::string wholeMembers(const ring::View& view, bool withSelf) const;
  /// Completes the newest version that can be (R6): of each changed partition's home nodes a write quorum is filled,
  /// and so is each that has a sound disk with room and has not been dead for some time; what one of them has to repair
  /// there can be repaired from the others; and a majority of the members of each active version holds that fact. Does
  /// nothing while that is not so, nor before it is this node's turn.
  Task<Status> tryComplete(Deadline deadline);

  /// Tells these nodes what the ring and the addresses are now. Who does not hear it is refused until it asks.
  void broadcast(ring::ViewPtr view, const std::vector<NodeId>& nodes);
  Task<> stop();

 private:
  struct Poll;
  struct Telling;
  Task<Result<ring::MemberList>> collect(ring::ViewPtr view, ring::MemberList list,
                                         std::optional<ring::VersionName> complete, Deadline deadline);
  Task<> askOne(std::shared_ptr<Poll> poll, NodeId node, Deadline deadline);
  Task<> tellNext(std::shared_ptr<Telling> telling);
  Task<> tell(NodeId node, ring::ViewPtr view);
  bool isMyTurn(const ring::View& view);
  std::optional<std::size_t> completable(const ring::View& view) const;
  void noteDead(const ring::View& view);
  bool mayYetFill(NodeId home) const;
  bool isSound(NodeId node, PartitionId partition, const store::PartitionSet& damagedHere) const;
  bool isFilled(const ring::View& view, std::size_t index, PartitionId partition,
                const store::PartitionSet& damagedHere) const;
  bool isFilled(const ring::View& view, std::size_t index) const;

  Executor& loop_;
  const Settings& settings_;
  Membership& membership_;
  Peers& peers_;
  const Summaries& summaries_;
  const store::Damage& damage_;
  Random& random_;
  Journal& journal_;
  ring::VersionName asOf_;                        // the active versions of which the following is known
  std::string whole_;                             // a bit for each of their members: has filled all that it is home to
  std::map<NodeId, store::PartitionSet> filled_;  // of the others, as last heard from themselves
  std::map<NodeId, Time> diedAt_;                 // those of them that have died, and filled nothing since
  std::map<NodeId, store::PartitionSet> sound_;   // of those that have all, and something to repair: what is sound
  ring::VersionName completableIn_;               // the active versions of which one can be completed,
  Time completableSince_{};                       // and when that was found
  bool completing_ = false;
  Gate background_;
};

}  // namespace mydht::cluster
