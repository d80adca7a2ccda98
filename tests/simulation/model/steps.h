#pragma once

#include "tests/simulation/model/world.h"

namespace mydht::model {

/// Hands a message to its receiver, if that is up.
void deliver(World& world, const Message& message);

/// The name of a kind of message, for traces.
const char* nameOf(MessageKind kind);

}  // namespace mydht::model
