#include "tests/simulation/model/script.h"

#include <algorithm>

#include "tests/simulation/model/checkers.h"
#include "tests/simulation/model/coordinator.h"
#include "tests/simulation/model/fill.h"
#include "tests/simulation/model/home.h"
#include "tests/simulation/model/ring_change.h"
#include "tests/simulation/model/settling.h"
#include "tests/simulation/model/steps.h"

namespace mydht::model {

Script::Script(Bug bug, unsigned nodes, const std::vector<NodeId>& homes) : world_(bug) {
  world_.reset(1);
  world_.lastNode = nodes;
  ring::MemberList list;
  for (NodeId id = 1; id <= nodes; ++id) list.put({.id = id, .tokenSeed = id});
  world_.rings.add(list, {homes, homes});
  for (NodeId id = 1; id <= nodes; ++id) {
    world_.node(id).kept.filledFor[0] = world_.rings.isHome(RingRef{0}, id, 0) ? 1 : 0;
    world_.startProcess(id);
  }
}

void Script::tick() {
  ++world_.step;
  world_.nowMicros += 10;
}

RingRef Script::agree(const std::vector<NodeId>& homes) {
  // Any change makes a version; a weight is one that keeps every member.
  ring::MemberList list = world_.rings[world_.rings.last()].list;
  ring::Member changed = list.members.front();
  ++changed.number;
  ++changed.weightHundredths;
  list.put(changed);
  return world_.rings.add(list, {homes, homes});
}

void Script::learn(NodeId node, RingRef complete, RingRef newest) {
  tick();
  adopt(world_, node, {complete, newest});
}

std::uint16_t Script::begin(OperationKind kind, NodeId coordinator) {
  tick();
  return model::begin(world_, kind, 0, coordinator);
}

std::uint16_t Script::run(OperationKind kind, NodeId coordinator, std::initializer_list<NodeId> homes) {
  const std::uint16_t number = begin(kind, coordinator);
  const MessageKind first = kind == OperationKind::Get ? MessageKind::Read : MessageKind::Write;
  // Twice: a second round, or the write-back of a get, goes to the same homes.
  for (unsigned round = 0; round < 2; ++round) {
    for (const NodeId home : homes) {
      exchange(first, coordinator, home, number);
      exchange(MessageKind::Copy, coordinator, home, number);
    }
  }
  std::erase_if(world_.flying, [=](const Message& message) { return message.operation == number; });
  tick();
  return number;
}

void Script::giveUp(std::uint16_t operation) {
  tick();
  if (world_.operations[operation].phase != Phase::Over) model::giveUp(world_, world_.operations[operation]);
}

bool Script::deliver(MessageKind kind, NodeId from, NodeId to, std::uint16_t operation) {
  const auto found = std::find_if(world_.flying.begin(), world_.flying.end(), [=](const Message& message) {
    return message.kind == kind && message.from == from && message.to == to &&
           (operation == 0 || message.operation == operation);
  });
  if (found == world_.flying.end()) return false;
  const Message message = *found;
  world_.flying.erase(found);
  tick();
  model::deliver(world_, message);
  return true;
}

void Script::exchange(MessageKind kind, NodeId from, NodeId to, std::uint16_t operation) {
  if (deliver(kind, from, to, operation)) {
    deliver(static_cast<MessageKind>(static_cast<unsigned>(kind) + 1), to, from, operation);
  }
}

void Script::deliverAll() {
  while (!world_.flying.empty()) {
    const Message message = world_.flying.front();
    world_.flying.erase(world_.flying.begin());
    tick();
    model::deliver(world_, message);
  }
}

void Script::fill(NodeId node, std::initializer_list<NodeId> sources) {
  tick();
  fillPartition(world_, node, 0);
  for (const NodeId source : sources) exchange(MessageKind::FillRead, node, source);
  std::erase_if(world_.flying, [](const Message& message) { return message.kind == MessageKind::FillRead; });
}

void Script::complete(NodeId node, std::initializer_list<NodeId> filled, std::initializer_list<NodeId> holders) {
  for (const NodeId other : filled) {
    gossip(world_, other, node);
    deliver(MessageKind::Gossip, other, node);
  }
  tick();
  tryToComplete(world_, node);
  for (const NodeId holder : holders) exchange(MessageKind::Hold, node, holder);
  std::erase_if(world_.flying, [](const Message& message) { return message.kind == MessageKind::Hold; });
}

void Script::settle(NodeId node) {
  tick();
  model::settle(world_, node, 0);
  for (NodeId home = 1; home <= world_.lastNode; ++home) exchange(MessageKind::Close, node, home);
  for (NodeId home = 1; home <= world_.lastNode; ++home) deliver(MessageKind::Settle, node, home);
}

unsigned Script::read(std::uint16_t get) const {
  const EntryRef found = world_.operations[get].entry;
  return found == 0 || world_.entry(found).tombstone ? 0u : world_.writers[found];
}

const std::string& Script::verdict() {
  if (world_.violation.empty()) checkHistory(world_);
  return world_.violation;
}

}  // namespace mydht::model
