#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/stack/observer.h"

namespace mydht::simulation {

struct RunOptions {
  std::uint64_t seed = 1;
  bool trace = false;
  Duration length = std::chrono::seconds(14);
  cluster::DeliberateBugs bugs;
};

struct RunResult {
  std::vector<std::string> broken;  ///< empty: all promises held
  Coverage coverage;
  std::uint64_t traceHash = 0;
  bool counts = false;  ///< enough happened: at least 300 operations and 5 faults
};

/// Runs one seed: a ring grows to 3 to 6 nodes, every eighth one to 6 to 9, under clients and faults, heals, and is
/// checked: C1 over the history, C2 at each acknowledgement, C3 at each removal of an entry, C5 to C8 as it goes; that
/// it becomes quiet, that its home nodes then agree by themselves (C4), and that every key can be read from every node.
RunResult runSeed(const RunOptions& options);

}  // namespace mydht::simulation
