#pragma once

#include "tests/simulation/model/world.h"

namespace mydht::model {

/// The process ends at once; what was not synced is gone.
void crash(World& world, NodeId node);
/// The process starts again on its directory, with a higher boot counter and its kept clock floor.
void restart(World& world, NodeId node);
/// Whether promise 1 covers the loss of this disk now: three or more copies, one active version, everybody filled.
bool mayLoseDisk(const World& world, NodeId node);
/// The directory is emptied: what starts on it is a new identity that wants the old one's place (R7). Its id.
NodeId emptyDisk(World& world, NodeId node);
/// The directory is restored from an earlier copy of itself; its peers remember higher counters (R7). Its new id.
NodeId rollBack(World& world, NodeId node);
/// A new identity on a new disk, which knows what `contact` knows.
NodeId newNode(World& world, NodeId contact);

}  // namespace mydht::model
