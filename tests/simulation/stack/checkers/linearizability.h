#pragma once

#include <optional>
#include <string>

#include "tests/simulation/stack/history.h"

namespace mydht::simulation {

/// C1: whether each key's operations can be explained by one order of them that respects real time, on a register that
/// begins without a value; pending operations may take effect at any time after their begin, or never. A write that
/// took two rounds was offered under two versions, and a get may have made the first of them visible before something
/// else came between (docs/promises.md): it counts as an unanswered write of the same value besides. Wing and Gong
/// (1993) with Lowe's memory of what was tried. Operations at `all` are operations at quorum; nothing is asked of keys
/// that were written at `one`, nor of gets at `one`. nullopt: yes; else the key's operations up to where no order goes
/// on.
std::optional<std::string> whyNotLinearizable(const History& history);

}  // namespace mydht::simulation
