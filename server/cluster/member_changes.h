#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/ring/movement.h"
#include "server/cluster/ring_changes.h"

namespace mydht::cluster {

/// How far this node is with leaving: copies that others have still to make of what it was home to.
struct HandOver {
  std::size_t copies = 0;  ///< to be made,
  std::size_t done = 0;    ///< of them
};

/// What a remove has done.
struct Removal {
  std::vector<NodeId> nodes;
  std::vector<PartitionId> mayBeLost;  ///< with `force`: of which no read quorum was there to copy from
};

/// What a change would do if it were made now.
struct Forecast {
  ring::Movement movement;
  std::vector<PartitionId> mayBeLost;  ///< of a remove: of which no read quorum would be there to copy from
  Status allowed;                      ///< why it would be refused, if it would
};

/// The changes of the ring that people ask for, and what is checked before each: leave, remove (R8), another number of
/// replicas, another weight or zone. Each is a change by R2 and finishes by R6. Lives on loop 0; owned by the node.
class MemberChanges {
 public:
  MemberChanges(Executor& loop, const Settings& settings, Membership& membership, Peers& peers, RingChanges& changes,
                Journal& journal)
      : loop_(loop),
        settings_(settings),
        membership_(membership),
        peers_(peers),
        changes_(changes),
        journal_(journal),
        background_(loop) {}

  /// Whether this node can leave now: others are there, a majority answers, and they can take over what it has. NotDone
  /// says why not.
  Task<Status> mayLeave(Deadline deadline);
  /// Waits for its turn, leaves, and returns when the others have made the copies again. NotDone: the node keeps its
  /// place and its data; why. Ends early once the node stops.
  Task<Status> leave();
  wire::Leaving leaving() const { return leaving_; }
  /// A leave that came about and that nobody is left to hear of is over for this process.
  void giveUp() { leaving_ = wire::Leaving::No; }
  HandOver handOver() const;

  /// Takes the place of nodes away, named by HOST:PORT or by their identity; refused when they answer, and when the
  /// home nodes that stay cannot make all copies again (Conflict; names the partitions). `force` declares them
  /// destroyed.
  Task<Result<Removal>> remove(std::vector<std::string> names, bool force, Deadline deadline);
  Task<Status> setReplicas(std::uint32_t replicas, Deadline deadline);
  /// Brings this node's member record up to its options (weight, zone), if they say something else, and takes the place
  /// of a dead member that is said to be at this node's own address.
  Task<Status> adjustSelf(Deadline deadline);

  /// What these changes would move, and whether they would be refused, found out by the same checks; nothing is
  /// changed. An error: there is nothing to tell, since no such node is a member, or no such change can be.
  Task<Result<Forecast>> foreseeLeave(std::string hostPort, Deadline deadline);
  Task<Result<Forecast>> foreseeRemove(std::vector<std::string> names, bool force, Deadline deadline);
  Task<Result<Forecast>> foreseeReplicas(std::uint32_t replicas, Deadline deadline);
  /// A node that is not there yet, of that weight and in that zone; where its tokens will fall nobody can know, so this
  /// is right to a few hundredths.
  Task<Result<Forecast>> foreseeJoin(std::uint32_t weightHundredths, std::string zone, Deadline deadline);

  /// The far end of another node's question.
  wire::StandingAnswer answer(NodeId from, const wire::Standing& message);
  /// A leave that is under way ends soon; nothing else begins.
  void breakOff();
  Task<> stop() { return background_.close(); }

 private:
  struct Poll;
  using Answers = std::map<NodeId, wire::StandingAnswer>;
  Task<> askOne(std::shared_ptr<Poll> poll, NodeId node, Deadline deadline);
  Task<Answers> pollMembers(ring::ViewPtr view, Deadline deadline);
  wire::StandingAnswer own() const;
  std::vector<PartitionId> lacking(const ring::View& view, const ring::MemberList& next, const Answers& answers,
                                   const std::set<NodeId>& without) const;
  std::vector<PartitionId> unservable(const ring::Ring& next, const ring::View& view, const Answers& answers) const;
  Status checkLeave(const ring::View& view, NodeId leaver, const Answers& answers) const;
  bool isMyTurn(const Answers& answers) const;
  Task<Status> takeTurn();
  Task<Status> handedOver();
  Result<std::set<NodeId>> named(const std::vector<std::string>& names, const ring::View& view) const;
  Task<Status> areDown(std::set<NodeId> nodes, ring::ViewPtr view, Deadline deadline);
  Result<Removal> mayRemove(const ring::View& view, const ring::MemberList& next, const std::set<NodeId>& nodes,
                            bool force, const Answers& answers) const;
  static Result<ring::MemberList> withReplicas(const ring::View& view, std::uint32_t replicas);
  std::string missingIn(const ring::View& view, const Answers& answers) const;
  Status heardByMajority(const ring::View& view, const ring::MemberList& next, const Answers& answers) const;
  std::optional<ring::Member> adjusted(const ring::Member& before) const;
  ring::MemberList without(const ring::View& view, const std::set<NodeId>& nodes, ring::Rank rank) const;

  Executor& loop_;
  const Settings& settings_;
  Membership& membership_;
  Peers& peers_;
  RingChanges& changes_;
  Journal& journal_;
  wire::Leaving leaving_ = wire::Leaving::No;
  std::map<NodeId, std::pair<wire::Leaving, Time>> othersLeave_;  // what others said of their wish, and when
  std::map<NodeId, std::string> unheard_;  // why those did not say where they stand that were asked last
  bool stopping_ = false;
  Gate background_;
};

}  // namespace mydht::cluster
