#include "tests/simulation/stack/run.h"

#include <fmt/format.h>

#include "tests/simulation/stack/checkers/convergence.h"
#include "tests/simulation/stack/checkers/linearizability.h"
#include "tests/simulation/stack/checkers/queues.h"
#include "tests/simulation/stack/checkers/removals.h"
#include "tests/simulation/stack/faults.h"
#include "tests/simulation/stack/workload.h"

namespace mydht::simulation {
namespace {

constexpr Duration kHealing = std::chrono::minutes(4);
// Balance and purge come by themselves and meet every partner within a few of their pauses.
constexpr Duration kConverging = std::chrono::minutes(2);
// A run is short: what a server does once a minute has to happen in it.
constexpr Duration kBalance = std::chrono::seconds(3);
constexpr Duration kPurge = std::chrono::milliseconds(700);
constexpr Duration kSettling = std::chrono::milliseconds(600);
// More than clocks may differ without being corrected: no partition is closed up to a time that is still to come
// somewhere.
constexpr Duration kSettleAge = std::chrono::milliseconds(1100);
constexpr Duration kScrub = std::chrono::seconds(4);
// What the last reads have begun ends within that time.
constexpr Duration kResting = std::chrono::seconds(3);
// Most rings are small, since they are faster, and in them a fault is harder to bear.
constexpr std::uint64_t kLargeRingEvery = 8;
constexpr unsigned kMoreNodes = 3;
constexpr std::uint64_t kLeastOperations = 300;
constexpr std::uint64_t kLeastFaults = 5;

std::string stateOf(SimRing& ring) {
  std::string text;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    if (!ring[i].up()) {
      text += fmt::format("node{} is down{}; ", i, ring[i].failed() ? ": " + ring[i].failed()->text : "");
      continue;
    }
    const cluster::NodeStatus status = ring[i].node().status();
    const auto standing = ring[i].node().membership().standing();
    text += fmt::format("node{} height {}{}, {} to fill, {} filled, {} a source of, {} owed{}{}; ", i, status.height,
                        status.changing ? " changing" : "", status.toFill, standing->filled.count(),
                        standing->sources.count(), standing->owed.count(), status.confirmed ? "" : " unconfirmed",
                        status.trouble.empty() ? "" : " " + status.trouble);
  }
  return text;
}

/// Whether all faults are over with all that they have led to: every node serves and will go on to. One that has lost
/// its place, leaves, or has a disk that has failed is about to be started again.
bool isAtRest(SimRing& ring, const Faults& faults) {
  if (!faults.over()) return false;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    if (!ring[i].up() || ring[i].disk().failure()) return false;
  }
  return ring.quiet();
}

/// C4, without anybody's help. A ring that was at rest may have to come to rest once more: a node that was started with
/// other options changes it, and what was half agreed before the faults ended is taken up with that.
std::string awaitConverged(SimRing& ring, Copies& copies, const Faults& faults) {
  const auto whyNot = [&] {
    return isAtRest(ring, faults) ? whyNotConverged(ring, copies) : "the ring is not quiet: " + stateOf(ring);
  };
  const Time end = ring.time.now() + kConverging;
  std::string why = whyNot();
  while (!why.empty() && ring.time.now() < end) {
    ring.time.runFor(std::chrono::milliseconds(500));
    why = whyNot();
  }
  return why;
}

}  // namespace

RunResult runSeed(const RunOptions& options) {
  SimRing ring(options.seed, options.trace);
  ring.settings.bugs = options.bugs;
  ring.settings.timing.balance = kBalance;
  ring.settings.timing.purge = kPurge;
  ring.settings.timing.settling = kSettling;
  ring.settings.timing.settleAge = kSettleAge;
  // Too few for all that is missed, in some runs.
  ring.settings.hints.most = ring.random.below(3) == 0 ? 3 : 1000;
  ring.settings.timing.scrub = kScrub;
  ring.settings.timing.backSoon = std::chrono::milliseconds(ring.random.below(2000));
  Observer observer(ring);
  Copies copies(ring);
  Removals removals(ring, copies);
  Queues queues(ring);
  Faults::Options faultOptions;
  faultOptions.nodes = 3 + static_cast<unsigned>(ring.random.below(4));
  if (options.seed % kLargeRingEvery == 0) faultOptions.nodes += kMoreNodes;
  // With fewer copies no disk may be lost: then all the rest is tried.
  faultOptions.loseDisks = ring.random.below(4) != 0;
  faultOptions.leastReplicas = faultOptions.loseDisks ? 3 : 1;
  Faults faults(ring, faultOptions);
  Workload workload(ring, copies, {});
  RunResult result;

  faults.start();
  workload.start();
  queues.start();
  ring.time.runFor(options.length);
  workload.stop();
  faults.heal();
  const bool idle = ring.await([&] { return workload.idle(); });
  if (!idle) result.broken.push_back("an operation does not end");
  if (ring.await([&] { return isAtRest(ring, faults); }, kHealing)) {
    const std::string why = awaitConverged(ring, copies, faults);
    if (!why.empty()) result.broken.push_back("C4: " + why);
    workload.readAll();
    ring.time.runFor(kResting);
    queues.seeQuiet();
  } else {
    result.broken.push_back("the ring does not become quiet after its faults have ended: " + stateOf(ring));
  }

  for (const auto& list : {observer.broken(), removals.broken(), queues.broken(), workload.broken()}) {
    result.broken.insert(result.broken.end(), list.begin(), list.end());
  }
  if (auto why = whyNotLinearizable(workload.history())) result.broken.push_back("C1: " + *why);
  if (ring[0].up()) result.coverage.completed = ring[0].node().status().height;
  queues.stop();
  faults.finish();
  ring.shutDown();
  result.coverage = observer.coverage;
  result.coverage.mostWaiting = queues.most();
  result.coverage.mostAtRest = queues.mostAtRest();
  result.coverage.purged = removals.count();
  result.coverage.operations = workload.finished();
  result.coverage.doneAtAll = workload.done(cluster::Consistency::All);
  result.coverage.doneAtOne = workload.done(cluster::Consistency::One);
  result.coverage.faults = faults.count();
  result.counts = workload.finished() >= kLeastOperations && faults.count() >= kLeastFaults;
  result.traceHash = ring.trace.hash();
  return result;
}

}  // namespace mydht::simulation
