#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "server/cluster/settings.h"
#include "server/ports/random.h"
#include "server/wire/probe.h"

namespace mydht::cluster {

using wire::Liveness;
using wire::Rumour;

/// Finds out which members of the ring are there, by SWIM (Das, Gupta, Motivala 2002) with suspicion and refutation and
/// what Lifeguard (Dadgar, Phillips, Currey 2018) adds for a node that is slow itself. Steps alone: told what happened
/// and when, it says whom to probe with which rumours, and what changed. What it costs a node and how large a message
/// is does not grow with the ring.
///
/// * Each period one member is probed, the one that gave no sign of life for longest. If it does not answer in time,
///   three others are asked to probe it; if none of them has an answer either, it is suspect.
/// * Whoever suspects a member first-hand goes on probing it, directly and through others, and tells it so each
///   time. It is dead once it has been silent for the whole suspicion, which grows with the logarithm of the ring's
///   size. Whoever has only heard of a suspicion waits twice as long and then probes by itself.
/// * A member that hears that it is suspect or dead refutes this with a higher incarnation, which only it can make. It
///   is a number of this detector alone, kept nowhere: a restarted node begins with 0 and refutes as soon as it is
///   told.
/// * News travel along with the probes and their answers, each told about 3 log n times by everyone who has heard it.
/// * A dead member is looked for now and then, so that the halves of a split ring find one another.
///
/// Owned by the prober; one thread; borrows the timing and the randomness.
class Swim {
 public:
  /// A probe to be sent. To the target itself, or to another member, which is to probe it.
  struct Ping {
    NodeId to = 0;
    NodeId target = 0;
    std::vector<Rumour> rumours;

    bool direct() const { return to == target; }
  };
  /// What this node now holds of a member.
  struct Change {
    NodeId node = 0;
    Liveness from = Liveness::Alive;
    Liveness to = Liveness::Alive;
  };

  Swim(NodeId self, const Timing& timing, Random& random) : self_(self), timing_(timing), random_(random) {}

  /// These are the other members from now on; nothing is kept of anybody else. New ones count as alive.
  void setMembers(const std::vector<NodeId>& others, Time now);

  /// What is to be sent now. To be called again at next(), and whenever one of the following was.
  std::vector<Ping> tick(Time now);
  Time next() const;

  /// The target of a probe has answered: this node, or one that was asked to probe it.
  void acked(const Ping& ping, Time now);
  /// A probe has failed for sure: the target refuses connections, or who was asked says that it has no answer. A mere
  /// time-out is nothing that has to be told.
  void failed(const Ping& ping, Time now);
  /// A member said this along with a probe or an answer.
  void hear(NodeId from, std::span<const Rumour> rumours, Time now);
  /// What to say to a member beside a probe of or an answer about `about`: at first what concerns those two.
  std::vector<Rumour> rumoursFor(NodeId to, NodeId about);

  /// Alive if nothing is known.
  Liveness of(NodeId node) const;
  /// Raised to refute.
  std::uint64_t incarnation() const { return incarnation_; }
  /// How slow this node believes itself to be, from 0: it gives others so much more time.
  unsigned slowness() const { return slowness_; }
  /// Changes since the last call, in their order.
  std::vector<Change> takeChanges() { return std::exchange(changes_, {}); }

 private:
  enum class Probing : std::uint8_t { No, Direct, Indirect };
  struct Member {
    Liveness state = Liveness::Alive;
    std::uint64_t incarnation = 0;
    unsigned toTell = 0;  // how often the rumour about it is still told
    Time heardAt{};       // its last sign of life
    Probing probing = Probing::No;
    Time answerBy{};         // while probing
    unsigned relays = 0;     // asked in the probe under way,
    unsigned answered = 0;   // of them: those that said that it does not answer
    bool firstHand = false;  // while suspect: this node has found it silent itself
    Time suspectUntil{};
    Time probeAgainAt{};  // while suspect first-hand
  };
  // In the order of their identities, and together in memory: all are looked at several times a second.
  using Members = std::vector<std::pair<NodeId, Member>>;
  Members::const_iterator find(NodeId node) const;
  Members::iterator find(NodeId node);

  void allowForOwnDelay(Time now);
  void watch(NodeId node, Member& member, Time now, std::vector<Ping>& pings);
  void probeOldest(Time now, std::vector<Ping>& pings);
  void searchDead(std::vector<Ping>& pings);
  void spread(Time now, std::vector<Ping>& pings);
  void askRelays(NodeId node, Member& member, Time now, std::vector<Ping>& pings);
  void suspectFirstHand(NodeId node, Member& member, Time now);
  void become(NodeId node, Member& member, std::uint64_t incarnation, Liveness state, Time now);
  void refute(const Rumour& rumour);
  void setSlowness(unsigned slowness) { slowness_ = slowness; }
  std::vector<NodeId> someAlive(std::size_t most, NodeId but);
  Ping ping(NodeId to, NodeId target) { return {to, target, rumoursFor(to, target)}; }
  Duration ackTime() const;
  Duration suspicion() const;
  unsigned timesToTell() const;

  const NodeId self_;
  const Timing& timing_;
  Random& random_;
  Members members_;  // the other members, at most limits::kMembers
  std::uint64_t incarnation_ = 0;
  unsigned slowness_ = 0;
  Time nextProbe_{};
  Time nextSearch_{};
  NodeId searched_ = 0;   // the dead member that was looked for last
  bool hasNews_ = false;  // of its own, to be told at once
  Time nextSpread_{};
  std::optional<Time> due_;  // when tick() was to be called
  std::vector<Change> changes_;
};

}  // namespace mydht::cluster
