#pragma once

#include "tests/simulation/model/world.h"

namespace mydht::model {

/// Begins an operation at an up node and sends its first messages. Its number.
std::uint16_t begin(World& world, OperationKind kind, unsigned key, NodeId coordinator);
/// Asks again those homes that have not answered.
void resend(World& world, Operation& operation);
/// Ends it without success: the client has waited long enough, or the coordinator has stopped.
void giveUp(World& world, Operation& operation);

void onReadAnswer(World& world, const Message& answer);
void onWriteAnswer(World& world, const Message& answer);
void onCopyAnswer(World& world, const Message& answer);

}  // namespace mydht::model
