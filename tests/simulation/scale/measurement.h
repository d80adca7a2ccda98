#pragma once

#include <array>
#include <string>
#include <vector>

#include "tests/simulation/scale/traffic.h"

namespace mydht::simulation {

/// What a node sends in a second, on the average.
struct Rate {
  double messages = 0;
  double bytes = 0;
};

/// What was seen on one ring. Times are virtual, in seconds from the event.
struct Figures {
  unsigned nodes = 0;
  double joinKnown = 0;                  ///< until all members know of a new one,
  double joinComplete = 0;               ///< and until all know that the version with it is complete
  Sent joinSent{};                       ///< about the change and by gossip until then, by all nodes together,
  Sent joinMost{};                       ///< and by the one that sent most about the change
  std::array<double, 3> deathKnown{};    ///< until all others hold a node for dead that was killed; some nodes in turn
  std::array<double, 3> returnKnown{};   ///< until all others hold it for alive again once it is started
  std::array<Rate, kTopics> quiet{};     ///< while nothing but the clients' light load goes on
  std::array<Rate, kTopics> withDead{};  ///< while one node is dead
  std::uint64_t operations = 0;          ///< of clients
  std::vector<std::string> broken{};     ///< promises and bounds of time that did not hold; empty: all did

  double worstDeath() const;
  double worstReturn() const;
  const Rate& rate(Topic topic) const { return quiet[static_cast<std::size_t>(topic)]; }
};

/// Lets a ring of so many whole nodes run under a light load of clients, an operation of each node in five seconds:
/// starts all but one of them together, lets the last one join, then kills and starts some of them in turn. Reads every
/// key at the end and checks all that the clients saw.
Figures measure(unsigned nodes, std::uint64_t seed);

}  // namespace mydht::simulation
