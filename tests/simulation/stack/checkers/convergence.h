#pragma once

#include <string>

#include "tests/simulation/stack/copies.h"

namespace mydht::simulation {

/// C4: why the ring is not as it has to be once it is quiet; empty: one active version, every home node has the same
/// entries to the byte, R of each, nobody holds anything else, and no tombstone and no hint is left.
std::string whyNotConverged(SimRing& ring, Copies& copies);

}  // namespace mydht::simulation
