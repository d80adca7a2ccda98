#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/task/executor.h"

namespace mydht::simulation {

enum class Action { Put, Get, Del };

enum class Outcome {
  Pending,  ///< unanswered, or answered `unknown`: may take effect at any later time
  Done,
  NoEffect,  ///< answered `not-done`, or a get without an answer
};

/// One client's operation on one key at quorum, as the client saw it. Values are numbers, each put only once; 0 is
/// none.
struct Operation {
  Action action = Action::Get;
  std::string key;
  std::uint64_t value = 0;  ///< put, or read
  Time begin{};
  Time end = Time::max();
  Outcome outcome = Outcome::Pending;
  unsigned client = 0;
  unsigned versions = 1;  ///< of a write: under how many it was offered, one a round
};

using History = std::vector<Operation>;

/// One line for a person: `c2 put k1 = 17 [1.203 .. 1.240] done`.
std::string describe(const Operation& operation);

}  // namespace mydht::simulation
