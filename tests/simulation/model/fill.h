#pragma once

#include "tests/simulation/model/world.h"

namespace mydht::model {

/// R5. Begins to fill a partition, or asks again those that have not answered.
void fillPartition(World& world, NodeId node, unsigned partition);
/// A read came for a key that is not filled: fill that key by the same rule, then vote.
void fillForVote(World& world, const Message& read);
void onFillRead(World& world, const Message& request);
void onFillAnswer(World& world, const Message& answer);

}  // namespace mydht::model
