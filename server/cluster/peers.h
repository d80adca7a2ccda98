#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/cluster/membership.h"
#include "server/cluster/settings.h"
#include "server/ports/clock.h"
#include "server/ports/random.h"
#include "server/ports/transport.h"
#include "server/wire/envelope.h"
#include "server/wire/gossip.h"
#include "server/wire/probe.h"

namespace mydht::cluster {

/// Another node's answer, still with the bytes that it points into.
struct Reply {
  wire::Speaker from;
  Bytes message;
  std::string_view payload;
  Body body;
};

/// An answer read as what its message's type says.
template <class A>
struct Asked {
  wire::Speaker from;
  A answer;
  Body body;
};

/// How the calls to a node went, for the status page and for whom to ask first.
struct PeerHealth {
  std::string hostPort;
  std::uint32_t boot = 0;
  std::uint64_t synced = 0;
  bool called = false;
  bool lastCallOk = false;
  std::string lastError;
  wire::Liveness liveness = wire::Liveness::Alive;  ///< as the failure detector has it
  std::uint64_t failures = 0;                       ///< calls that got no answer, so far
  std::int64_t clockOffsetMicros = 0;               ///< its clock less ours, as near to 0 as all that it said allows
  std::uint64_t fingerprint = 0;                    ///< of its newest table
  ring::VersionName newest;
  ring::VersionName complete;  ///< the newest that it knew to be complete, and had on its disk, when it last spoke
};

/// The other nodes: where they are, how calls to them went, and the calls themselves, each in an envelope that says who
/// speaks and which versions of the ring it knows (R1, R4). An answer that refuses for an older view is adopted before
/// it is returned as OlderRing. Owned by the node; any loop; borrows everything it is given.
class Peers {
 public:
  Peers(const Settings& settings, Membership& membership, store::Commits& commits, Transport& transport,
        const Clock& clock, Journal& journal);

  void load(const std::map<NodeId, store::PeerState>& remembered);

  /// What this node says of itself, as one who knows this view.
  wire::Speaker speaker(const ring::ViewPtr& view) const;

  /// Asks a node, in the name of this view: the one that the caller counts its quorums in, so that nobody takes the
  /// caller for better informed than it is.
  template <class M>
  Task<Result<Asked<typename M::Answer>>> ask(NodeId to, ring::ViewPtr view, M message, Body body, Deadline deadline) {
    auto reply = co_await call(to, std::move(view), M::kType, wire::payloadOf(message), std::move(body), deadline);
    co_return read<typename M::Answer>(std::move(reply));
  }
  /// Asks whoever answers at an address.
  template <class M>
  Task<Result<Asked<typename M::Answer>>> askAt(std::string hostPort, M message, Deadline deadline) {
    auto reply = co_await callAt(PeerAddress{std::nullopt, std::move(hostPort)}, 0, membership_.view(), M::kType,
                                 wire::payloadOf(message), Body(), deadline);
    co_return read<typename M::Answer>(std::move(reply));
  }

  /// Learns from what another node said of itself: address, boot counter, batch number (kept with the next batch, R7).
  /// `asked`: when this is an answer, what our clock said when we asked. Only an answer shows that a clock is behind: a
  /// message may have waited for hours, at a node that was frozen for example.
  void heard(const wire::Speaker& from, std::optional<std::int64_t> asked = std::nullopt);
  /// Asks who has answered at an address how the ring went on, if that one belongs to it and knows more: it need not be
  /// a member of any version that is known here.
  Task<> hearOut(wire::Speaker stranger, std::string hostPort);
  void learn(const wire::Address& address);
  std::vector<wire::Address> addresses() const;
  /// This node's own and others of them, at random: so many that gossip does not grow with the ring.
  std::vector<wire::Address> someAddresses(Random& random) const;
  /// Where a node is, for people: its address, or its number while that is unknown.
  std::string nameOf(NodeId node) const;
  std::optional<std::string> addressOf(NodeId node) const;
  /// The node that was last at this address.
  std::vector<NodeId> nodesAt(const std::string& hostPort) const;
  store::PeerState remembered(NodeId node) const;
  PeerHealth health(NodeId node) const;
  /// How far the clocks of those of these nodes that were heard are from ours, in their order.
  std::vector<std::pair<NodeId, std::int64_t>> clockOffsets(const std::vector<NodeId>& nodes) const;
  /// The failure detector's finding: who is dead is left alone at once, who was and is not any more is asked again at
  /// once. Which nodes make a quorum is never changed by it (R7).
  void judge(NodeId node, wire::Liveness liveness, Time now);

  /// Calls so far, and how many of them got no answer.
  std::uint64_t calls() const { return calls_.load(std::memory_order_relaxed); }
  std::uint64_t failures() const { return failures_.load(std::memory_order_relaxed); }

  /// Whether clients' requests may ask the node: its last call did not fail, and it is not known to be dead. Another
  /// one is asked again by the background alone, when takeTurn() says so; a request asks it only where nobody else is
  /// left.
  bool usable(NodeId node) const;
  /// Since when the failure detector has held it for dead; none: it does not, or the node has answered since.
  std::optional<Time> deadSince(NodeId node) const;
  /// The node's disk is so until then, as far as one knows: a put does without a full one, any write without a failed
  /// one.
  void noteDisk(NodeId node, wire::DiskState state, Time until);
  wire::DiskState disk(NodeId node, Time now) const;
  /// How long the node has left a question unanswered without any other sign of life: a frozen one is known by this
  /// long before its first call has failed. Zero if it owes nothing.
  Duration silence(NodeId node, Time now) const;
  /// Usable, and not silent for so long that another node would be asked too.
  bool prompt(NodeId node, Time now) const;
  /// Whether a node that failed has been left alone for long enough; true once for each time that it is to be asked.
  bool takeTurn(NodeId node, Time now);
  /// The nodes with the prompt ones first, then the usable ones, else in the order given.
  std::vector<NodeId> promptFirst(std::vector<NodeId> nodes, Time now) const;

 private:
  struct Peer {
    store::PeerState state;
    PeerHealth health;
    unsigned failures = 0;                         // one after the other, the last call's included
    bool dead = false;                             // says the failure detector, and nothing has come from it since
    Time deadSince{};                              // while it says so
    Time askAgainAt{};                             // if failures > 0
    Time turnEnds{};                               // until then the background waits for its answer
    wire::DiskState disk = wire::DiskState::Well;  // as it has said,
    Time diskUntil{};                              // and for how long that counts
    std::optional<Time> silentSince;               // the first question since the last sign of life began then
  };

  Task<Result<Reply>> call(NodeId to, ring::ViewPtr view, wire::MessageType type, std::string payload, Body body,
                           Deadline deadline);
  Task<Result<Reply>> callAt(PeerAddress address, NodeId to, ring::ViewPtr view, wire::MessageType type,
                             std::string payload, Body body, Deadline deadline);
  Task<Result<Reply>> open(Call answer, std::string hostPort, NodeId to, std::int64_t asked);
  void asking(NodeId node, Time now);
  void succeeded(NodeId node);
  void failed(NodeId node, const Error& error, Time now);

  template <class A>
  static Result<Asked<A>> read(Result<Reply> reply) {
    if (!reply) return reply.error();
    auto answer = wire::readPayload<A>(reply->payload);
    // The other node has done what it was asked for.
    if (!answer) return Error{Kind::Unknown, "an answer between nodes that cannot be read"};
    return Asked<A>{std::move(reply->from), std::move(*answer), std::move(reply->body)};
  }

  const Settings& settings_;
  Membership& membership_;
  store::Commits& commits_;
  Transport& transport_;
  const Clock& clock_;
  Journal& journal_;
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<std::uint64_t> failures_{0};
  mutable std::mutex mutex_;
  std::map<NodeId, Peer> peers_;  // guarded by mutex_; at most the members there ever were
};

}  // namespace mydht::cluster
