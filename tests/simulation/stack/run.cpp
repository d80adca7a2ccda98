#include "tests/simulation/stack/run.h"

#include <fmt/format.h>

#include "tests/simulation/stack/faults.h"
#include "tests/simulation/stack/linearizability.h"
#include "tests/simulation/stack/workload.h"

namespace mydht::simulation {
namespace {

constexpr Duration kHealing = std::chrono::minutes(4);
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
    text += fmt::format("node{} height {}{} {} to fill{}{}; ", i, status.height, status.changing ? " changing" : "",
                        status.toFill, status.confirmed ? "" : " unconfirmed",
                        status.trouble.empty() ? "" : " " + status.trouble);
  }
  return text;
}

}  // namespace

RunResult runSeed(const RunOptions& options) {
  SimRing ring(options.seed, options.trace);
  ring.settings.bugs = options.bugs;
  Observer observer(ring);
  Faults::Options faultOptions;
  faultOptions.nodes = 3 + static_cast<unsigned>(ring.random.below(3));
  Faults faults(ring, faultOptions);
  Workload workload(ring, {});
  RunResult result;

  faults.start();
  workload.start();
  ring.time.runFor(options.length);
  workload.stop();
  faults.heal();
  const bool idle = ring.await([&] { return workload.idle(); });
  if (!idle) result.broken.push_back("an operation does not end");
  const auto allUp = [&] {
    for (std::size_t i = 0; i < ring.size(); ++i) {
      if (!ring[i].up()) return false;
    }
    return ring.quiet();
  };
  if (ring.await(allUp, kHealing)) {
    workload.readAll();
  } else {
    result.broken.push_back("the ring does not become quiet after its faults have ended: " + stateOf(ring));
  }

  for (const auto& list : {observer.broken(), workload.broken()}) {
    result.broken.insert(result.broken.end(), list.begin(), list.end());
  }
  if (auto why = whyNotLinearizable(workload.history())) result.broken.push_back("C1: " + *why);
  if (ring[0].up()) result.coverage.completed = ring[0].node().status().height;
  faults.finish();
  ring.shutDown();
  result.coverage = observer.coverage;
  result.coverage.operations = workload.finished();
  result.coverage.faults = faults.count();
  result.counts = workload.finished() >= kLeastOperations && faults.count() >= kLeastFaults;
  result.traceHash = ring.trace.hash();
  return result;
}

}  // namespace mydht::simulation
