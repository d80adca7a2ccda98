#include "tests/simulation/scale/measurement.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/scale/prepared_ring.h"
#include "tests/simulation/stack/checkers/linearizability.h"
#include "tests/simulation/stack/checkers/removals.h"
#include "tests/simulation/stack/observer.h"
#include "tests/simulation/stack/workload.h"

namespace mydht::simulation {
namespace {

using std::chrono_literals::operator""s;

constexpr Duration kWarmUp = 10s;
constexpr Duration kBetween = 5s;
constexpr Duration kQuiet = 20s;
constexpr Duration kPatience = 120s;

Workload::Options lightLoad(unsigned nodes) {
  Workload::Options options;
  options.clients = nodes;
  options.keys = nodes;
  options.largePercent = 1;
  options.pauseMost = 10s;
  return options;
}

/// One ring and what is measured on it, step by step.
class Measurement {
 public:
  Measurement(unsigned nodes, std::uint64_t seed)
      : ring_(seed),
        copies_(ring_),
        removals_(ring_, copies_),
        observer_(ring_),
        traffic_(ring_),
        workload_(ring_, copies_, lightLoad(nodes)) {
    figures_.nodes = nodes;
  }
  ~Measurement() { ring_.shutDown(); }  // operations under way write into the workload

  Figures run() {
    addPrepared(ring_, figures_.nodes - 1);
    startTogether(ring_);
    workload_.start();
    ring_.time.runFor(kWarmUp);
    join();
    ring_.time.runFor(kWarmUp);
    figures_.quiet = ratesFor(kQuiet);
    for (std::size_t i = 0; i < figures_.deathKnown.size(); ++i) killAndStart(i);
    finish();
    return std::move(figures_);
  }

 private:
  void mustBe(bool holds, const std::string& what) {
    if (!holds) figures_.broken.push_back(what);
  }

  /// Seconds until the condition holds.
  double timeUntil(const std::function<bool()>& condition, const std::string& what) {
    const Time begin = ring_.time.now();
    mustBe(awaitInSteps(ring_, condition, kPatience), "within two minutes not: " + what);
    return std::chrono::duration<double>(ring_.time.now() - begin).count();
  }

  /// Whether it holds of every node that is up.
  bool everywhere(const std::function<bool(SimNode&)>& holds) {
    for (std::size_t i = 0; i < ring_.size(); ++i) {
      if (ring_[i].up() && !holds(ring_[i])) return false;
    }
    return true;
  }

  std::array<Rate, kTopics> ratesFor(Duration time) {
    traffic_.clear();
    ring_.time.runFor(time);
    const double divisor = std::chrono::duration<double>(time).count() * figures_.nodes;
    std::array<Rate, kTopics> rates;
    for (std::size_t i = 0; i < kTopics; ++i) {
      const Sent& sent = traffic_.of(static_cast<Topic>(i));
      rates[i] = {static_cast<double>(sent.messages) / divisor, static_cast<double>(sent.bytes) / divisor};
    }
    return rates;
  }

  void join() {
    traffic_.clear();
    SimNode& joiner = ring_.add();
    const Time begin = ring_.time.now();
    joiner.start({ring_[0].name()});
    const auto known = [&joiner](SimNode& node) {
      const auto identity = joiner.durableIdentity();
      return identity && node.view()->newest().list().hasPresent(identity->node);
    };
    figures_.joinKnown = timeUntil([&] { return everywhere(known); }, "all know of the new member");
    const auto complete = [&](SimNode& node) { return known(node) && !node.view()->changing(); };
    timeUntil([&] { return joiner.up() && everywhere(complete); }, "the version with the new member is complete");
    figures_.joinComplete = std::chrono::duration<double>(ring_.time.now() - begin).count();
    figures_.joinSent = traffic_.of(Topic::Changes);
    figures_.joinSent += traffic_.of(Topic::Gossip);
    figures_.joinMost = traffic_.mostOfOne(Topic::Changes);
    timeUntil([this] { return ring_.quiet(); }, "the new member has filled its partitions");
  }

  void killAndStart(std::size_t turn) {
    SimNode& victim = ring_[(turn + 1) * ring_.size() / 5];
    const NodeId id = victim.durableIdentity()->node;
    const auto is = [&](cluster::Liveness liveness) {
      return everywhere([&](SimNode& node) { return &node == &victim || node.node().livenessOf(id) == liveness; });
    };
    victim.kill();
    figures_.deathKnown[turn] = timeUntil([&] { return is(cluster::Liveness::Dead); }, "all know of a death");
    mustBe(awaitInSteps(
               ring_, [&] { return victim.down(); }, kPatience),
           "a killed node ends");
    if (turn == 0) figures_.withDead = ratesFor(kQuiet);
    victim.start({});
    figures_.returnKnown[turn] = timeUntil([&] { return is(cluster::Liveness::Alive); }, "all know of a return");
    timeUntil([&] { return victim.up() && ring_.quiet(); }, "who has returned serves again");
    ring_.time.runFor(kBetween);
    mustBe(nobodyIsSuspect(), "nobody holds a node for dead or suspect that is not");
  }

  bool nobodyIsSuspect() {
    return everywhere([&](SimNode& node) {
      const std::vector<NodeId>& members = node.view()->newest().present();
      return std::ranges::all_of(
          members, [&](NodeId member) { return node.node().livenessOf(member) == cluster::Liveness::Alive; });
    });
  }

  /// Reads every key through some node or other, and checks the clients' history.
  void finish() {
    workload_.stop();
    timeUntil([this] { return workload_.idle(); }, "every operation ends");
    figures_.operations = workload_.finished();
    for (unsigned key = 0; key < figures_.nodes; ++key) {
      const std::size_t read = workload_.get(ring_[(key * 7 + 3) % ring_.size()], fmt::format("k{}", key));
      mustBe(ring_.await([&] { return workload_.over(read); }), "a read at the end is answered");
      mustBe(workload_.at(read).outcome == Outcome::Done, "a read at the end succeeds: " + workload_.told(read));
    }
    for (const auto& list : {observer_.broken(), removals_.broken(), workload_.broken()}) {
      figures_.broken.insert(figures_.broken.end(), list.begin(), list.end());
    }
    if (auto why = whyNotLinearizable(workload_.history())) figures_.broken.push_back("C1: " + *why);
  }

  SimRing ring_;
  // In this order the observer takes the place of what looks at every node after every message, for runs in which
  // whoever knows of a version may be gone a moment later.
  Copies copies_;
  Removals removals_;
  Observer observer_;
  Traffic traffic_;
  Workload workload_;
  Figures figures_;
};

}  // namespace

double Figures::worstDeath() const {
  return *std::ranges::max_element(deathKnown);
}

double Figures::worstReturn() const {
  return *std::ranges::max_element(returnKnown);
}

Figures measure(unsigned nodes, std::uint64_t seed) {
  return Measurement(nodes, seed).run();
}

}  // namespace mydht::simulation
