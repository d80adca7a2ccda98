#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "server/cluster/quorums.h"
#include "server/task/executor.h"

namespace mydht::simulation {

enum class Action { Put, Get, Del };

enum class Outcome {
  Pending,  ///< unanswered, or answered `unknown`: may take effect at any later time
  Done,
  NoEffect,  ///< answered `not-done`, or a get without an answer
};

/// One client's operation on one key, as the client saw it. Values are numbers, each put only once; 0 is none.
struct Operation {
  Action action = Action::Get;
  std::string key;
  std::uint64_t value = 0;  ///< put, or read
  Time begin{};
  Time end = Time::max();
  Outcome outcome = Outcome::Pending;
  cluster::Consistency consistency = cluster::Consistency::Quorum;
  bool large = false;  ///< a put of more than the inline limit
  unsigned client = 0;
  unsigned versions = 1;  ///< of a write: under how many it was offered, one a round
};

using History = std::vector<Operation>;

/// The keys that somebody has written to at `one`: no get of them is promised what was acknowledged (promises 1, 2, 4).
std::set<std::string> keysWrittenAtOne(const History& history);

/// One line for a person: `c2 put k1 = 17 [1.203 .. 1.240] done`, with `at all` or `at one` behind the key
/// where it was not at quorum.
std::string describe(const Operation& operation);

}  // namespace mydht::simulation
