#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/simulation/sim_ring.h"

namespace mydht::simulation {

/// C8: nothing that waits in a node grows without bound: what is ready or waits for a timer, what is being answered,
/// and the hints that it keeps. Looked at ten times a virtual second; once all is quiet and the clients are gone, what
/// goes on for ever is all that is left. Owned by a run; borrows the ring.
class Queues {
 public:
  explicit Queues(SimRing& ring) : ring_(ring) {}
  void start();
  void stop() { stopping_ = true; }
  /// Whether all nodes have come to rest; to be called when they should have.
  void seeQuiet();

  std::uint64_t most() const { return most_; }
  std::uint64_t mostAtRest() const { return mostAtRest_; }
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  void look();

  SimRing& ring_;
  bool stopping_ = false;
  std::uint64_t most_ = 0;
  std::uint64_t mostAtRest_ = 0;
  std::vector<std::string> broken_;
};

}  // namespace mydht::simulation
