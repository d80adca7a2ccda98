#pragma once

#include "tests/simulation/model/world.h"

namespace mydht::model {

/// R4, first half: a node that meets a newer view adopts it, synced, before it does anything else.
void adopt(World& world, NodeId node, const View& view);

/// The one door: everything that a home node stores passes here. `senderSettled` is as in mayTakeCopy; `client` is a
/// client's write, which the closed mark was asked about.
Answer offer(World& world, NodeId node, unsigned key, EntryRef entry, const Version& senderSettled, bool client);

/// What a home node does with a request, and its answer sent.
void onRead(World& world, const Message& request);
void onWrite(World& world, const Message& request);
void onCopy(World& world, const Message& request);

/// An answer to this request, with the view of who answers.
Message answerTo(World& world, const Message& request, MessageKind kind, Answer answer);

}  // namespace mydht::model
