#pragma once

#include "tests/simulation/model/world.h"

namespace mydht::model {

/// R12: begins to settle a partition up to now, from one of its home nodes: close at all, compare at all, then raise
/// settled at all. Every step is a message that may be late or lost.
void settle(World& world, NodeId node, unsigned partition);
void onClose(World& world, const Message& request);
void onCloseAnswer(World& world, const Message& answer);
void onCompare(World& world, const Message& request);
void onCompareAnswer(World& world, const Message& answer);
void onSettle(World& world, const Message& request);

/// Drops the settled tombstones of a node.
void reap(World& world, NodeId node);

/// Sends what a node has of a key to another: a replayed hint, anti-entropy, what a restored backup offers.
void repair(World& world, NodeId from, NodeId to, unsigned key);

}  // namespace mydht::model
