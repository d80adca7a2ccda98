#include "tests/simulation/model/settling.h"

#include <algorithm>

#include "tests/simulation/model/checkers.h"
#include "tests/simulation/model/home.h"

namespace mydht::model {

namespace {

/// What a node holds up to T, newer entries and what it may drop left out: what has to be equal at all.
std::array<EntryRef, kKeys> entriesUpTo(const World& world, const Node& node, unsigned partition, const Version& upTo) {
  std::array<EntryRef, kKeys> entries{};
  for (unsigned key = 0; key < world.keys; ++key) {
    const EntryRef held = node.kept.entry[key];
    if (world.partitionOf(key) != partition || held == 0 || world.entry(held).version > upTo) continue;
    if (mayReap(world.entry(held), node.kept.marks[partition].settled)) continue;
    entries[key] = held;
  }
  return entries;
}

/// A home may take part if it is filled and knows one active version, the settler's.
bool takesPart(World& world, const Message& request) {
  adopt(world, request.to, request.view);
  const Node& node = world.node(request.to);
  return node.kept.view == request.view && node.kept.view.complete == node.kept.view.newest &&
         world.rings.isHome(node.kept.view, request.to, request.partition) &&
         world.filledForNewest(node, request.partition);
}

void sendToHomes(World& world, NodeId id, MessageKind kind) {
  const Settling& settling = world.node(id).settling;
  const Nodes homes = world.rings.homes(settling.view, settling.partition);
  for (NodeId home = 1; home <= world.lastNode; ++home) {
    if (!holds(homes, home)) continue;
    Message request;
    request.kind = kind;
    request.from = static_cast<std::uint8_t>(id);
    request.to = static_cast<std::uint8_t>(home);
    request.partition = static_cast<std::uint8_t>(settling.partition);
    request.attempt = settling.number;
    request.view = settling.view;
    request.settled = settling.upTo;
    request.entries = settling.entries;
    world.send(request);
  }
}

/// Notes an answer; true once all homes have answered.
bool allAnswered(World& world, const Message& answer) {
  Settling& settling = world.node(answer.to).settling;
  settling.answered |= bitOf(answer.from);
  const Nodes homes = world.rings.homes(settling.view, settling.partition);
  if (world.has(Bug::SettleWithoutAll)) {
    return world.rings.quorumInEach(settling.view, settling.partition, settling.answered);
  }
  return (homes & ~settling.answered) == 0;
}

/// The homes differ: those that lack the newest are sent it, and the next settling finds them equal.
void mend(World& world, const Settling& settling) {
  const Nodes homes = world.rings.homes(settling.view, settling.partition);
  for (unsigned key = 0; key < world.keys; ++key) {
    if (world.partitionOf(key) != settling.partition || settling.newestAt[key] == 0) continue;
    for (NodeId home = 1; home <= world.lastNode; ++home) {
      if (holds(homes, home) && home != settling.newestAt[key]) repair(world, settling.newestAt[key], home, key);
    }
  }
}

}  // namespace

void settle(World& world, NodeId id, unsigned partition) {
  Node& node = world.node(id);
  const View& view = node.kept.view;
  if (view.complete != view.newest || !world.rings.isHome(view, id, partition)) return;
  Settling& settling = node.settling;
  settling.phase = Settling::Phase::Closing;
  ++settling.number;
  settling.partition = partition;
  settling.view = view;
  settling.upTo = world.versionNow(id);
  settling.answered = 0;
  settling.equal = true;
  settling.entries = {};
  settling.newestAt = {};
  sendToHomes(world, id, MessageKind::Close);
}

void onClose(World& world, const Message& request) {
  if (!takesPart(world, request)) return;
  Version& closed = world.node(request.to).kept.marks[request.partition].closed;
  closed = std::max(closed, request.settled);
  world.sync(request.to, Bug::None);
  Message reply = answerTo(world, request, MessageKind::CloseAnswer, Answer::Ok);
  reply.entries = entriesUpTo(world, world.node(request.to), request.partition, request.settled);
  world.send(reply);
}

void onCloseAnswer(World& world, const Message& answer) {
  Settling& settling = world.node(answer.to).settling;
  if (settling.phase != Settling::Phase::Closing || settling.number != answer.attempt) return;
  const bool first = settling.answered == 0;
  for (unsigned key = 0; key < world.keys; ++key) {
    if (!first && settling.entries[key] != answer.entries[key]) settling.equal = false;
    if (!world.newerThan(answer.entries[key], settling.entries[key])) continue;
    settling.entries[key] = answer.entries[key];
    settling.newestAt[key] = answer.from;
  }
  if (!allAnswered(world, answer)) return;
  settling.phase = Settling::Phase::None;
  if (settling.equal || world.has(Bug::SettleWithoutComparing)) {
    sendToHomes(world, answer.to, MessageKind::Settle);
  } else {
    mend(world, settling);
  }
}

void onSettle(World& world, const Message& request) {
  if (!takesPart(world, request)) return;
  Node& node = world.node(request.to);
  // Checked again in the commit: what was compared is still what is here.
  if (!world.has(Bug::SettleWithoutComparing) && !world.has(Bug::SettleWithoutAll) &&
      entriesUpTo(world, node, request.partition, request.settled) != request.entries) {
    return;
  }
  Marks& marks = node.kept.marks[request.partition];
  marks = mergeMarks(marks, {request.settled, request.settled});
  world.sync(request.to, Bug::None);
  ++world.coverage.settledRaised;
  world.say("node {} is settled in partition {}", request.to, request.partition);
}

void raise(World& world, NodeId from, NodeId to, unsigned partition) {
  const Node& node = world.node(from);
  const View& view = node.kept.view;
  if (view.complete != view.newest || !world.rings.isHome(view, from, partition)) return;
  if (!world.filledForNewest(node, partition)) return;
  Message message;
  message.kind = MessageKind::Raise;
  message.from = static_cast<std::uint8_t>(from);
  message.to = static_cast<std::uint8_t>(to);
  message.partition = static_cast<std::uint8_t>(partition);
  message.view = view;
  message.settled = node.kept.marks[partition].settled;
  world.send(message);
}

void onRaise(World& world, const Message& request) {
  if (!takesPart(world, request)) return;
  Marks& marks = world.node(request.to).kept.marks[request.partition];
  if (marks.settled >= request.settled) return;
  marks = mergeMarks(marks, {request.settled, request.settled});
  world.sync(request.to, Bug::None);
  ++world.coverage.settledTold;
  world.say("node {} hears how far partition {} is settled", request.to, request.partition);
}

void reap(World& world, NodeId id) {
  Node& node = world.node(id);
  for (unsigned key = 0; key < world.keys; ++key) {
    EntryRef& held = node.kept.entry[key];
    if (held == 0 || !mayReap(world.entry(held), node.kept.marks[world.partitionOf(key)].settled)) continue;
    // The mark may have come with the fill of another key.
    if (!world.mayVote(node, key)) continue;
    checkRemoval(world, key, held, 0, "reaping");
    world.say("node {} drops the tombstone of key {}", id, key);
    held = 0;
    world.sync(id, Bug::None);
    ++world.coverage.reaped;
  }
}

void repair(World& world, NodeId from, NodeId to, unsigned key) {
  const Node& node = world.node(from);
  if (node.kept.entry[key] == 0) return;
  const unsigned partition = world.partitionOf(key);
  Message copy;
  copy.kind = MessageKind::Copy;
  copy.from = static_cast<std::uint8_t>(from);
  copy.to = static_cast<std::uint8_t>(to);
  copy.key = static_cast<std::uint8_t>(key);
  copy.partition = static_cast<std::uint8_t>(partition);
  copy.view = node.kept.view;
  copy.entry = node.kept.entry[key];
  const bool filledHome = world.rings.isHome(node.kept.view, from, partition) && world.mayVote(node, key);
  if (filledHome) copy.settled = node.kept.marks[partition].settled;
  world.send(copy);
}

}  // namespace mydht::model
