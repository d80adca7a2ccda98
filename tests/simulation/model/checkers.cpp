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
  // Versions below one that is complete by now are not active any more, and their homes may have purged.
  const View active{std::max(operation.view.complete, world.complete), operation.view.newest};
  if (active.complete > active.newest || world.rings.quorumInEach(active, partition, holders)) return;
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

void checkHistory(World& world) {
  for (unsigned key = 0; key < world.keys; ++key) {
    std::vector<Call> calls;
    for (std::size_t i = 1; i < world.operations.size(); ++i) {
      const Operation& operation = world.operations[i];
      const bool counts = operation.kind == OperationKind::Get ? operation.outcome == Outcome::Success
                                                               : operation.kind != OperationKind::HandOver;
      if (operation.key != key || !counts || operation.outcome == Outcome::NotDone) continue;
      calls.push_back(callOf(world, operation));
      // R9 gives the value of a put of two rounds two versions, and either may be read: the first one is a write of the
      // same value that was never answered (see ReadsMayMeetATwoRoundPutTwice among the scenarios).
      if (calls.back().write && operation.versions > 1) {
        calls.push_back(calls.back());
        calls.back().finished = false;
      }
    }
    if (witnessesInOrder(calls)) continue;
    ++world.coverage.exhaustiveChecks;
    if (!linearizable(calls)) world.violated("C1", fmt::format("the operations on key {} are not linearizable", key));
  }
}

}  // namespace mydht::model
