#pragma once

#include <string_view>
#include <vector>

#include "tests/simulation/model/linearizability.h"
#include "tests/simulation/model/world.h"

namespace mydht::model {

/// C2, at the acknowledgement of a write: a quorum of the home nodes of each active version has it, or newer, synced.
void checkSyncedCopies(World& world, const Operation& operation);

/// C3, at a physical removal: nothing that was acknowledged goes, and what a tombstone hides does not come back.
/// `said` are homes that confirmed it and may have lost their disks since.
void checkRemoval(World& world, unsigned key, EntryRef removed, Nodes said, std::string_view why);

/// R6, when a version is found complete: in each partition a quorum of its home nodes really is filled. Without it
/// nothing wrong is ever answered, but nothing right either: nobody may vote and nobody can be filled any more.
void checkCompletion(World& world, RingRef version);

/// The operations on one key as their clients saw them. R9 gives the value of a put of two rounds two versions, and
/// either may be read: with roundsAreWrites the first one is a write of the same value that was never answered.
std::vector<Call> callsOn(const World& world, unsigned key, bool roundsAreWrites);

/// C1, at the end: the operations on each key are linearizable.
void checkHistory(World& world);

}  // namespace mydht::model
