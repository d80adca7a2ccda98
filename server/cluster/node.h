#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/cluster/coordinator.h"
#include "server/cluster/disk_watch.h"
#include "server/cluster/filler.h"
#include "server/cluster/home_node.h"
#include "server/cluster/joining.h"
#include "server/cluster/lister.h"
#include "server/cluster/member_changes.h"
#include "server/cluster/membership.h"
#include "server/cluster/mender.h"
#include "server/cluster/peers.h"
#include "server/cluster/prober.h"
#include "server/cluster/remove_after.h"
#include "server/cluster/ring_actions.h"
#include "server/cluster/ring_changes.h"
#include "server/cluster/scrubber.h"
#include "server/cluster/settings.h"
#include "server/cluster/settler.h"
#include "server/cluster/summaries.h"
#include "server/ports/clock.h"
#include "server/ports/disk.h"
#include "server/ports/journal.h"
#include "server/ports/random.h"
#include "server/ports/transport.h"
#include "server/store/node_state.h"
#include "server/store/store.h"

namespace mydht::cluster {

/// The world as one node sees it; everything outlives the node. loops[0] runs membership and the background duties.
struct World {
  std::vector<Executor*> loops;
  Disk& disk;
  Transport& transport;
  const Clock& clock;
  Random& random;
  Journal& journal;
  MakeRing makeRing = [](ring::MemberList list) { return std::make_shared<const ring::Ring>(std::move(list)); };
};

enum class MemberState { Joining, Active, Leaving, Gone, Removed };

/// One member as this node sees it.
struct MemberStatus {
  NodeId node = 0;
  MemberState state = MemberState::Active;
  std::string hostPort;
  bool self = false;
  bool called = false;      ///< whether this node has called it since its start,
  bool lastCallOk = false;  ///< how that went last,
  std::string lastError;    ///< and if not well, why
  Liveness liveness = Liveness::Alive;
  unsigned partitions = 0;  ///< that it is home to, in the newest version
  std::uint32_t weightHundredths = 100;
  std::string zone;
  std::optional<std::int64_t> clockOffsetMicros{};  ///< its clock less this node's; none: not heard of yet
  bool clockOff = false;                            ///< by more than it may be, from what the ring's clocks say
  std::optional<std::uint64_t> fingerprint{};       ///< of its newest table
  std::optional<wire::Summary> summary{};           ///< what it said of itself last
  wire::Agreement agreement{};                      ///< whether its copies are equal, in the table that this node has
  std::uint64_t hints = 0;                          ///< notes here of what it missed
  std::uint64_t hintsInAll = 0;                     ///< and at all nodes that said so
  std::string tombstonesWait{};   ///< why tombstones of this node are kept for it; empty: they are not
  unsigned tombstonesWaitAt = 0;  ///< at how many nodes, this one included, tombstones are
};

/// What a node shows of itself and its ring.
struct NodeStatus {
  NodeId node = 0;
  std::uint32_t boot = 0;
  std::string hostPort;
  std::uint64_t ringIdentity = 0;
  std::uint64_t height = 0;
  std::uint64_t fingerprint = 0;
  bool changing = false;
  bool confirmed = false;  ///< its votes count
  std::size_t toFill = 0;  ///< partitions that it has still to fill
  unsigned replicas = 0;
  unsigned copies = 0;  ///< that the ring can hold now: min(replicas, members)
  std::vector<MemberStatus> members;
  store::Totals totals;
  wire::DiskState disk = wire::DiskState::Well;
  DiskSpace space;
  ScrubStatus scrub;
  MendCounts damage;
  std::string trouble;  ///< why it does not serve as it should; empty: all well
};

/// What a node has counted since its start.
struct NodeCounts {
  std::uint64_t cacheHits = 0;
  std::uint64_t cacheMisses = 0;
  std::uint64_t peerCalls = 0;
  std::uint64_t peerCallFailures = 0;
  std::uint64_t readRepairs = 0;
  std::uint64_t hintsOverflowed = 0;
};

/// One node of the ring: builds the parts on the ports, starts and stops them, and is the far end of other nodes'
/// calls. start() and stop() run on loop 0. Owned by the server program or by a simulation.
class Node final : public PeerHandler {
 public:
  Node(Settings settings, World world);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

  /// Reads the disk; goes on in the remembered ring, joins one, or makes one. Serves when it returns. An error is one
  /// line for a person, and leaves the disk as it was but for this node's own identity.
  Task<Status> start();
  /// Finishes what has begun and keeps the node's place.
  Task<> stop();

  Task<Result<Call>> handle(Call request, Deadline deadline) override;

  /// The coordinator of one loop; only after start().
  Coordinator& coordinator(std::size_t loop) { return *coordinators_[loop]; }
  /// The lister of one loop; only after start().
  Lister& lister(std::size_t loop) { return *listers_[loop]; }
  HomeNode& home() { return home_; }
  /// The changes of the ring that people ask for; on loop 0.
  MemberChanges& memberChanges() { return memberChanges_; }

  /// Begins to hand over what this node has and to leave the ring; loop 0. Who runs the node watches left() from then
  /// on, and stops the node once it has left.
  void beginLeaving();
  /// Nothing: it is leaving, or was never asked to. NotDone: it keeps its place and its data; why. Loop 0.
  const std::optional<Status>& left() const { return left_; }
  /// Asks a member, by HOST:PORT, to leave; empty: this node. Refused with the reason if it cannot now. Answered once
  /// it has begun to.
  Task<Status> askToLeave(std::string hostPort, Deadline deadline);
  NodeStatus status() const;
  /// What this node's failure detector holds of a member; loop 0.
  Liveness livenessOf(NodeId node) const { return prober_.of(node); }
  NodeCounts counts() const;
  /// How many bytes so many copies of a partition have, by what the members that said so hold on average.
  std::uint64_t bytesOfCopies(std::uint64_t copies) const;
  /// The home nodes of a key, by name, in ring order.
  std::vector<std::string> whereIs(std::string_view key) const;
  Task<Result<store::KeyPage>> keys(std::string prefix, Key after, std::size_t most, Deadline deadline) {
    return store_.keys(std::move(prefix), std::move(after), most, deadline);
  }
  /// Not null once this node must not go on: its disk was found to be behind, or it was removed from the ring, and it
  /// has written down a new identity to start again with (R7).
  const std::string* fatal() const { return fatal_.empty() ? nullptr : &fatal_; }

  /// Whether a start on the same disk comes back as that new node.
  bool startsAnew() const { return startsAnew_; }

  /// Members of another ring know this node's address as one of theirs: its disk was emptied and it was started without
  /// a seed. It must neither take writes nor say that a key is missing (R7).
  bool addressTaken() const { return addressTaken_; }

  /// What people ask of the ring; any loop, only after start().
  RingActions& actions() { return actions_; }
  store::Store& store() { return store_; }
  const Membership& membership() const { return membership_; }

 private:
  Task<Status> identify();
  Task<Status> writeIdentity(store::Identity identity);
  Task<Status> enterRing();
  /// Why what a member remembers of this node shows that its disk is behind; empty: it does not.
  std::string behindOf(NodeId node, const wire::HelloAnswer& remembered) const;
  Task<Status> checkSeeds();
  Task<> confirmLoop();
  Task<bool> tryConfirm();
  Task<> hello(std::shared_ptr<struct Confirmation> confirmation, NodeId node);
  Task<> startAgainAsNew(std::string why, bool inOldPlace);
  Task<Status> forgetRing(bool inOldPlace);
  Task<bool> othersKnow();
  std::vector<std::string> knownAddresses() const;
  Task<> lookAtOwnPlace();
  Task<> leaveAndForget();
  Task<> breakOffLater();
  Task<> duties();
  Task<> changeRing();
  Task<> fillLoop();
  Duration dutyPause() const;
  Task<> gossipOnce();
  void lookForMembers();
  Task<> introduceTo(std::string address);
  std::vector<NodeId> gossipPartners(const ring::View& view, std::vector<NodeId> others);
  void correctClock();
  Task<> exchange(NodeId node, wire::Gossip gossip);
  wire::Gossip gossipMessage() const;
  wire::Summary summary() const;
  wire::Upkeep upkeep() const;
  static void addKeptElsewhere(std::vector<MemberStatus>& members);
  void tellClocks(const ClockOffsets& offsets);
  MemberStatus memberStatus(const ring::View& view, const ring::Member& record, MemberState state) const;
  Task<Status> hearGossip(wire::Speaker from, wire::Gossip gossip, Deadline deadline);
  Task<Result<Call>> handleCounted(Call request, Deadline deadline);
  Task<Result<Call>> answer(wire::Request request, Body body, Deadline deadline);
  Task<Result<Call>> answerRing(wire::Request request, Deadline deadline);
  wire::ProposeAnswer whatIsNew(const wire::Speaker& asker, const ring::MemberList& proposed,
                                ring::MemberList accepted) const;
  Task<Result<Call>> answerProbe(wire::Request request, Deadline deadline);
  Task<Result<Call>> answerLeaving(wire::Request request, Deadline deadline);
  Task<Result<Call>> answerData(wire::Request request, Body body, Deadline deadline);
  Task<Result<Call>> answerUpkeep(wire::Request request, Deadline deadline);
  Task<Result<Call>> answerVote(wire::Request request, Deadline deadline);
  Task<Result<Call>> answerList(wire::Request request, Deadline deadline);
  Call packed(std::string payload, Body body = Bytes()) const;
  Status meant(const wire::Request& request);

  const Settings settings_;
  World world_;
  Executor& loop_;
  CorrectedClock wall_;
  store::Commits commits_;
  store::Store store_;
  store::NodeState remembered_;
  std::uint64_t syncedAtStart_ = 0;
  Membership membership_;
  Peers peers_;
  Prober prober_;
  Summaries summaries_;
  Staging staging_;
  Copier copier_;
  HomeNode home_;
  store::Hints hints_;
  Handoff handoff_;
  ListAnswerer listAnswerer_;
  std::unique_ptr<NodeClock> clock_;
  std::vector<std::unique_ptr<Coordinator>> coordinators_;
  std::vector<std::unique_ptr<Lister>> listers_;
  RingChanges changes_;
  Joining joining_;
  MemberChanges memberChanges_;
  RemoveAfter removeAfter_;
  Filler filler_;
  TreeAnswers trees_;
  Settler settler_;
  Balancer balancer_;
  Purger purger_;
  DiskWatch diskWatch_;
  Mender mender_;
  Scrubber scrubber_;
  RingActions actions_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> answering_{0};  // calls of other nodes under way, on any loop
  std::atomic<bool> started_{false};
  std::atomic<bool> identified_{false};          // what other loops read of this node is in place
  std::atomic<bool> addressTaken_{false};        // members of another ring know this address as one of theirs
  Time startedAt_{};                             // loop 0
  std::atomic<std::uint32_t> uptimeSeconds_{0};  // since then, as of the last round of duties
  bool stopped_ = false;                         // loop 0: everything of it has ended
  std::string fatal_;
  bool startsAnew_ = false;     // loop 0
  std::optional<Status> left_;  // loop 0
  ClockWatch clocks_;           // loop 0
  Signal stop_;
  Gate duties_;
};

}  // namespace mydht::cluster
