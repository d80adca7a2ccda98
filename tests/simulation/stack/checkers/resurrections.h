#pragma once

#include <optional>
#include <string>

#include "tests/simulation/stack/history.h"

namespace mydht::simulation {

/// A delete stays deleted (promise 4), said directly, beside C1 which implies it: no get that begins after a delete was
/// acknowledged returns a value whose put was acknowledged before that delete began. A put that is pending may appear
/// later, and at `one` nothing is promised. nullopt: so it is; else the three operations.
std::optional<std::string> whyResurrected(const History& history);

}  // namespace mydht::simulation
