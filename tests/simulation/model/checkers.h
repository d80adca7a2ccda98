#pragma once

#include <string_view>

#include "tests/simulation/model/world.h"

namespace mydht::model {

/// C2, at the acknowledgement of a write: a quorum of the home nodes of each active version has it, or newer, synced.
void checkSyncedCopies(World& world, const Operation& operation);

/// C3, at a physical removal: nothing that was acknowledged goes, and what a tombstone hides does not come back.
/// `said` are homes that confirmed it and may have lost their disks since.
void checkRemoval(World& world, unsigned key, EntryRef removed, Nodes said, std::string_view why);

/// C1, at the end: the operations on each key are linearizable.
void checkHistory(World& world);

}  // namespace mydht::model
