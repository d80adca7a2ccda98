#pragma once

#include "tests/simulation/model/world.h"

namespace mydht::model {

/// R12: begins to settle a partition up to now, from one of its home nodes: close at all, each of which then says what
/// it holds, and raise settled at all if that is the same. Every step is a message that may be late or lost.
void settle(World& world, NodeId node, unsigned partition);
void onClose(World& world, const Message& request);
void onCloseAnswer(World& world, const Message& answer);
void onSettle(World& world, const Message& request);

/// A home node that missed how far its partition is settled learns it from another one.
void raise(World& world, NodeId from, NodeId to, unsigned partition);
void onRaise(World& world, const Message& request);

/// Drops the settled tombstones of a node.
void reap(World& world, NodeId node);

/// Sends what a node has of a key to another: a replayed hint, anti-entropy, what a restored backup offers.
void repair(World& world, NodeId from, NodeId to, unsigned key);

}  // namespace mydht::model
