#include "tests/simulation/model/steps.h"

#include "tests/simulation/model/coordinator.h"
#include "tests/simulation/model/fill.h"
#include "tests/simulation/model/home.h"
#include "tests/simulation/model/ring_change.h"
#include "tests/simulation/model/settling.h"

namespace mydht::model {

namespace {

/// One row a kind, in the order of the enum.
struct Row {
  const char* name;
  void (*handle)(World&, const Message&);
};

constexpr std::array kRows{
    Row{"Read", onRead},
    Row{"ReadAnswer", onReadAnswer},
    Row{"Write", onWrite},
    Row{"WriteAnswer", onWriteAnswer},
    Row{"Copy", onCopy},
    Row{"CopyAnswer", onCopyAnswer},
    Row{"FillRead", onFillRead},
    Row{"FillAnswer", onFillAnswer},
    Row{"Gossip", onGossip},
    Row{"Hold", onHold},
    Row{"HoldAnswer", onHoldAnswer},
    Row{"Close", onClose},
    Row{"CloseAnswer", onCloseAnswer},
    Row{"Settle", onSettle},
    Row{"Raise", onRaise},
};

}  // namespace

void deliver(World& world, const Message& message) {
  if (!world.node(message.to).up) return;
  world.say("{} {} -> {} operation {}", nameOf(message.kind), message.from, message.to, message.operation);
  kRows[static_cast<std::size_t>(message.kind)].handle(world, message);
}

const char* nameOf(MessageKind kind) {
  return kRows[static_cast<std::size_t>(kind)].name;
}

}  // namespace mydht::model
