#pragma once

#include <optional>
#include <string>

#include "tests/simulation/stack/history.h"

namespace mydht::simulation {

/// What holds of each get, at `one` too: it returned none, or what a put of that key wrote that had begun by then and
/// was not answered `not-done`. nullopt: it does; else the get that did not.
std::optional<std::string> whyNotFromAPut(const History& history);

}  // namespace mydht::simulation
