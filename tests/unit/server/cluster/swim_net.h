#pragma once

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "server/cluster/swim.h"
#include "tests/support/simulation/sim_random.h"

namespace mydht::cluster::test {

using namespace std::chrono_literals;

/// Some detectors alone, with messages between them in virtual time: what arrives late or not at all, and who is dead,
/// frozen or cut off, is up to a test. Counts messages, and the greatest one. Owned by a test; one thread.
class SwimNet {
 public:
  SwimNet(unsigned nodes, std::uint64_t seed) : random(seed) {
    for (unsigned i = 0; i < nodes; ++i) make(i);
    introduce();
  }

  Timing timing;
  simulation::SimRandom random;
  unsigned lossOfMillion = 0;
  Duration delayLeast = 100us;
  Duration delayMost = 5ms;
  std::map<unsigned, Duration> slow;            ///< what goes to or comes from this node takes so much longer
  std::set<unsigned> dead;                      ///< connections are refused
  std::set<unsigned> vanished;                  ///< what is sent there is lost
  std::set<std::pair<unsigned, unsigned>> cut;  ///< in that direction nothing arrives
  std::uint64_t idle = 0;                       ///< ticks after which there was still something to do at once
  std::uint64_t messages = 0;                   ///< probes and answers
  std::size_t greatest = 0;                     ///< bytes of the greatest of them
  std::uint64_t bytes = 0;
  std::map<std::pair<unsigned, unsigned>, Time> knownDead;  ///< (who, whom): since when
  std::uint64_t deaths = 0;                                 ///< declared or heard of, at all nodes together

  Time now() const { return now_; }
  Swim& operator[](unsigned node) { return *swims_.at(node); }
  std::size_t size() const { return swims_.size(); }
  static NodeId idOf(unsigned node) { return node + 1; }

  /// (Re)starts a node, which knows nothing but who the members are.
  void begin(unsigned node) {
    dead.erase(node);
    vanished.erase(node);
    make(node);
    introduce();
  }
  void freeze(unsigned node, Duration length) { frozenUntil_[node] = now_ + length; }
  bool up(unsigned node) const { return !dead.contains(node) && !vanished.contains(node); }

  void run(Duration length) {
    const Time end = now_ + length;
    while (!events_.empty() && events_.top().at <= end) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.at;
      event.happen();
    }
    now_ = end;
  }
  /// Whether all who are up hold that of a node.
  bool all(unsigned of, Liveness state) {
    for (const auto& [node, swim] : swims_) {
      if (node != of && up(node) && swim->of(idOf(of)) != state) return false;
    }
    return true;
  }
  /// How long until all hold it; `most` if they do not.
  Duration until(unsigned of, Liveness state, Duration most) {
    const Time begun = now_;
    while (now_ - begun < most && !all(of, state)) run(5ms);
    return now_ - begun;
  }

 private:
  struct Event {
    Time at;
    std::uint64_t number;
    std::function<void()> happen;
    bool operator<(const Event& other) const { return std::tie(at, number) > std::tie(other.at, other.number); }
  };
  void later(Time at, std::function<void()> happen) { events_.push({at, number_++, std::move(happen)}); }
  static unsigned numberOf(NodeId id) { return static_cast<unsigned>(id - 1); }

  void make(unsigned node) {
    swims_[node] = std::make_unique<Swim>(idOf(node), timing, random);
    scheduleTick(node, now_ + random.between(0ms, timing.probe));
  }
  /// All learn of a joiner at once: how that comes about is not the detector's.
  void introduce() {
    std::vector<NodeId> all;
    for (const auto& [number, swim] : swims_) all.push_back(idOf(number));
    for (const auto& [number, swim] : swims_) swim->setMembers(all, now_);
  }
  Duration slowness(unsigned node) const {
    const auto at = slow.find(node);
    return at == slow.end() ? Duration(0) : at->second;
  }
  /// What happens at a frozen node happens when it goes on.
  Time awake(unsigned node, Time at) const {
    const auto frozen = frozenUntil_.find(node);
    return frozen == frozenUntil_.end() ? at : std::max(at, frozen->second);
  }
  void carry(unsigned from, unsigned to, std::size_t size, std::function<void()> arrive) {
    ++messages;
    bytes += size;
    greatest = std::max(greatest, size);
    if (cut.contains({from, to}) || !up(to) || !up(from) || random.chance(lossOfMillion)) return;
    const Time there = now_ + random.between(delayLeast, delayMost) + slowness(from) + slowness(to);
    later(there, [this, to, arrive = std::move(arrive)] {
      const Time at = awake(to, now_);
      at == now_ ? arrive() : later(at, arrive);
    });
  }

  /// The node's next tick, unless something happens there before.
  void scheduleTick(unsigned node, Time at) {
    const std::uint64_t turn = ++turns_[node];
    later(at, [this, node, turn] {
      if (turns_[node] == turn) tick(node);
    });
  }
  void tick(unsigned node) {
    if (!up(node)) return;
    const Time at = awake(node, now_);
    if (at != now_) {
      scheduleTick(node, at);
      return;
    }
    for (const Swim::Ping& ping : swims_[node]->tick(now_)) send(node, ping);
    note(node);
    if (swims_[node]->next() <= now_) ++idle;
    scheduleTick(node, std::max(swims_[node]->next(), now_ + 1us));
  }
  void note(unsigned node) {
    for (const Swim::Change& change : swims_[node]->takeChanges()) {
      if (change.to == Liveness::Dead) ++deaths;
      if (change.to == Liveness::Dead) knownDead[{node, numberOf(change.node)}] = now_;
    }
  }
  void send(unsigned from, Swim::Ping ping) {
    const unsigned to = numberOf(ping.to);
    if (dead.contains(to)) {
      later(now_ + delayLeast, [this, from, ping] { swims_[from]->failed(ping, now_), tick(from); });
      return;
    }
    const std::size_t size = wire::payloadOf(wire::Probe{ping.target, ping.rumours}).size();
    carry(from, to, size, [this, from, to, ping] { arrive(from, to, ping); });
  }
  void arrive(unsigned from, unsigned to, const Swim::Ping& ping) {
    swims_[to]->hear(idOf(from), ping.rumours, now_);
    if (ping.direct()) {
      answer(from, to, ping, true);
    } else {
      relay(from, to, ping);
    }
    tick(to);
  }
  void relay(unsigned from, unsigned by, const Swim::Ping& wanted) {
    const auto over = std::make_shared<bool>(false);
    const Swim::Ping ping{wanted.target, wanted.target, swims_[by]->rumoursFor(wanted.target, wanted.target)};
    const unsigned target = numberOf(wanted.target);
    const auto conclude = [this, over, from, by, wanted](bool reached) {
      if (!std::exchange(*over, true)) answer(from, by, wanted, reached);
    };
    if (dead.contains(target)) {
      conclude(false);
      return;
    }
    later(now_ + timing.probeAnswer, [conclude] { conclude(false); });
    const std::size_t size = wire::payloadOf(wire::Probe{ping.target, ping.rumours}).size();
    carry(by, target, size, [this, by, target, ping, conclude] {
      swims_[target]->hear(idOf(by), ping.rumours, now_);
      const auto rumours = swims_[target]->rumoursFor(idOf(by), idOf(by));
      carry(target, by, wire::payloadOf(wire::ProbeAnswer{true, rumours}).size(),
            [this, by, target, rumours, conclude] {
              swims_[by]->hear(idOf(target), rumours, now_);
              conclude(true);
            });
    });
  }
  void answer(unsigned to, unsigned from, const Swim::Ping& ping, bool reached) {
    const auto rumours = swims_[from]->rumoursFor(idOf(to), ping.direct() ? idOf(to) : ping.target);
    carry(from, to, wire::payloadOf(wire::ProbeAnswer{reached, rumours}).size(),
          [this, to, from, ping, reached, rumours] {
            swims_[to]->hear(idOf(from), rumours, now_);
            reached ? swims_[to]->acked(ping, now_) : swims_[to]->failed(ping, now_);
            tick(to);
          });
  }

  Time now_{1000s};
  std::uint64_t number_ = 0;
  std::map<unsigned, std::unique_ptr<Swim>> swims_;
  std::map<unsigned, std::uint64_t> turns_;
  std::map<unsigned, Time> frozenUntil_;
  std::priority_queue<Event> events_;
};

}  // namespace mydht::cluster::test
