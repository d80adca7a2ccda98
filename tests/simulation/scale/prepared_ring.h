#pragma once

#include "tests/support/simulation/sim_ring.h"

namespace mydht::simulation {

/// Adds so many nodes to an empty ring whose disks hold what those of a ring hold that was complete when all of it was
/// stopped: identities, one complete version of all of them, everything filled, one another's addresses. To let a large
/// ring come about by one join after the other would take longer than all that is to be measured on it. Starts none.
void addPrepared(SimRing& ring, unsigned nodes);

/// Starts all nodes at once, as after a power cut of all machines, and waits until the ring is quiet.
void startTogether(SimRing& ring);

/// Runs in small steps until the condition holds, which is asked after each step and not after each event: it may look
/// at every node. False if it does not come to hold within that time.
bool awaitInSteps(SimRing& ring, const std::function<bool()>& condition, Duration within);

}  // namespace mydht::simulation
