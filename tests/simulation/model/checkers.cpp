#include "tests/simulation/model/checkers.h"

#include <algorithm>

#include "tests/simulation/model/linearizability.h"

namespace mydht::model {

namespace {

/// Whether what is on this disk has the entry, a newer one, or a mark that says that all agreed beyond it.
bool has(const World& world, const Node& node, unsigned key, EntryRef entry) {
  const bool synced = world.has(Bug::AnswerBeforeSync) || world.has(Bug::AdoptionNotSynced);
  const Kept& disk = synced ? node.synced : node.kept;
  return !world.newerThan(entry, disk.entry[key]) ||
         disk.marks[world.partitionOf(key)].settled >= world.entry(entry).version;
}

Call callOf(const World& world, const Operation& operation) {
  Call call;
  call.write = operation.kind != OperationKind::Get;
  call.finished = operation.outcome == Outcome::Success;
  call.start = operation.start;
  call.end = operation.end;
  const bool value = operation.entry != 0 && !world.entry(operation.entry).tombstone;
  call.value = value ? world.writers[operation.entry] : 0u;
  call.none = operation.entry == 0;
  call.witness = operation.entry != 0 ? world.entry(operation.entry).version : operation.witness;
  return call;
}

/// Whether the node is filled for the version, or will be as soon as it adopts it (it stayed home all the way).
bool wouldBeFilled(const World& world, NodeId id, unsigned key, RingRef version) {
  RingRef filledFor = world.nodes[id].kept.filledFor[key];
  const unsigned partition = world.partitionOf(key);
  while (filledFor != 0 && filledFor <= version && world.rings.isHome(filledFor, id, partition) &&
         world.rings.isHome(static_cast<RingRef>(filledFor - 1), id, partition)) {
    ++filledFor;
  }
  return filledFor > version;
}

}  // namespace

void checkSyncedCopies(World& world, const Operation& operation) {
  const unsigned partition = world.partitionOf(operation.key);
  Nodes holders = 0;
  for (NodeId id = 1; id <= world.lastNode; ++id) {
    const Node& node = world.node(id);
    // A disk that was lost after it had answered is what the other copies are for.
    if (!node.exists ? holds(operation.said, id) : has(world, node, operation.key, operation.entry)) {
      holders |= bitOf(id);
    }
  }
  const View active{std::max(operation.view.complete, world.complete), operation.view.newest};
  if (active.complete <= active.newest) {
    if (world.rings.quorumInEach(active, partition, holders)) return;
  } else {
    // A newer version is complete than any that the coordinator knew. Homes that stayed may lack the write, so its
    // copies there need not be a quorum; but no quorum may be able to vote without it.
    Nodes without = 0;
    for (const NodeId home : world.rings[world.complete].homes[partition].span()) {
      if (!holds(holders, home) && wouldBeFilled(world, home, operation.key, world.complete)) without |= bitOf(home);
    }
    if (!world.rings.quorumIn(world.complete, partition, without)) return;
  }
  world.violated("C2", fmt::format("write {} acknowledged without a quorum of synced copies in each active version",
                                   operation.number));
}

void checkRemoval(World& world, unsigned key, EntryRef removed, Nodes said, std::string_view why) {
  const unsigned partition = world.partitionOf(key);
  const Homes& homes = world.rings[world.complete].homes[partition];
  Nodes holders = 0;
  for (const NodeId home : homes.span()) {
    const Node& node = world.node(home);
    if (node.exists ? has(world, node, key, removed) : holds(said, home)) holders |= bitOf(home);
  }
  if (!world.rings.quorumIn(world.complete, partition, holders)) {
    world.violated("C3", fmt::format("{} of what operation {} wrote, while no quorum of home nodes has it", why,
                                     world.writers[removed]));
  }
}

void checkCompletion(World& world, RingRef version) {
  for (unsigned key = 0; key < world.keys; ++key) {
    const unsigned partition = world.partitionOf(key);
    Nodes filled = 0;
    for (const NodeId home : world.rings[version].homes[partition].span()) {
      // A lost disk was filled; the others have what it had.
      if (!world.node(home).exists || wouldBeFilled(world, home, key, version)) filled |= bitOf(home);
    }
    if (world.rings.quorumIn(version, partition, filled)) continue;
    world.violated("R6",
                   fmt::format("version {} complete while no quorum of the homes of key {} is filled", version, key));
  }
}

std::vector<Call> callsOn(const World& world, unsigned key, bool roundsAreWrites) {
  std::vector<Call> calls;
  for (std::size_t i = 1; i < world.operations.size(); ++i) {
    const Operation& operation = world.operations[i];
    const bool counts = operation.kind == OperationKind::Get ? operation.outcome == Outcome::Success
                                                             : operation.kind != OperationKind::HandOver;
    if (operation.key != key || !counts || operation.outcome == Outcome::NotDone) continue;
    calls.push_back(callOf(world, operation));
    if (!roundsAreWrites || !calls.back().write || operation.versions < 2) continue;
    calls.push_back(calls.back());
    calls.back().finished = false;
  }
  return calls;
}

void checkHistory(World& world) {
  for (unsigned key = 0; key < world.keys; ++key) {
    const std::vector<Call> calls = callsOn(world, key, true);
    if (witnessesInOrder(calls)) continue;
    ++world.coverage.exhaustiveChecks;
    if (!linearizable(calls)) world.violated("C1", fmt::format("the operations on key {} are not linearizable", key));
  }
}

}  // namespace mydht::model
