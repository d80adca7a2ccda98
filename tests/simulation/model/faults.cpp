#include "tests/simulation/model/faults.h"

#include "common/result/check.h"
#include "tests/simulation/model/coordinator.h"

namespace mydht::model {

void crash(World& world, NodeId id) {
  Node& node = world.node(id);
  node.up = false;
  ++node.epoch;
  node.fill.active = false;
  node.settling.phase = Settling::Phase::None;
  node.completing = {};
  if (world.has(Bug::AnswerBeforeSync) || world.has(Bug::AdoptionNotSynced)) node.kept = node.synced;
  ++world.coverage.crashes;
  world.say("node {} stops", id);
  for (Operation& operation : world.operations) {
    if (operation.coordinator == id && operation.phase != Phase::Over) giveUp(world, operation);
  }
}

void restart(World& world, NodeId id) {
  ++world.node(id).kept.boot;
  world.startProcess(id);
  world.say("node {} starts", id);
}

bool mayLoseDisk(const World& world, NodeId id) {
  const RingRef last = world.rings.last();
  if (world.complete != last || world.nodes[id].kept.view != View{last, last}) return false;
  if (!holds(world.rings[last].present, id) || !world.nodes[id].exists) return false;
  for (unsigned partition = 0; partition < world.partitions; ++partition) {
    const Homes& homes = world.rings[last].homes[partition];
    if (homes.count < 3) return false;
    for (const NodeId home : homes.span()) {
      const Node& node = world.nodes[home];
      if (!node.exists || node.kept.view.newest != last || !world.filledForNewest(node, partition)) return false;
    }
  }
  return true;
}

NodeId newNode(World& world, NodeId contact) {
  MYDHT_ASSERT(world.lastNode + 1 < kNodes);
  const NodeId id = ++world.lastNode;
  Node& node = world.node(id);
  node.kept = Kept{};
  node.kept.view = world.node(contact).kept.view;
  node.wantsToJoin = true;
  world.startProcess(id);
  world.say("node {} is new", id);
  return id;
}

NodeId emptyDisk(World& world, NodeId id) {
  Node& old = world.node(id);
  if (old.up) crash(world, id);
  ++world.coverage.disksLost;
  world.say("node {} loses its disk", id);
  if (world.has(Bug::EmptiedKeepsIdentity)) {
    old.kept.entry = {};
    old.kept.marks = {};
    restart(world, id);
    return id;
  }
  old.exists = false;
  const NodeId fresh = newNode(world, id);
  world.node(fresh).replaces = id;
  return fresh;
}

NodeId rollBack(World& world, NodeId id) {
  Node& old = world.node(id);
  if (old.up) crash(world, id);
  ++world.coverage.disksLost;
  world.say("node {} is restored from a backup", id);
  if (world.has(Bug::RolledBackKeepsIdentity)) {
    old.kept = old.backup;
    restart(world, id);
    return id;
  }
  old.exists = false;
  const NodeId fresh = newNode(world, id);
  Node& node = world.node(fresh);
  node.replaces = id;
  node.kept.entry = old.backup.entry;
  world.startProcess(fresh);
  return fresh;
}

}  // namespace mydht::model
