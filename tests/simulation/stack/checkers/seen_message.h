#pragma once

#include "server/wire/envelope.h"
#include "tests/support/simulation/sim_network.h"

namespace mydht::simulation {

/// An answer on its way with the question that it answers, read once for all checkers.
struct SeenMessage {
  const SimMessage& message;
  const wire::Request& request;
  const wire::Answer& answer;
};

}  // namespace mydht::simulation
