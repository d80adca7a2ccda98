#include "tests/simulation/model/world.h"

#include "common/result/check.h"

namespace mydht::model {

namespace {

/// More in flight than this and a random one is lost: old messages must not crowd out the new.
constexpr std::size_t kFlying = 96;

void resetNode(Node& node) {
  node.exists = node.up = node.hasBackup = node.wantsToJoin = false;
  node.replaces = 0;
  node.epoch = 0;
  node.skewMicros = 0;
  node.kept = Kept{};
  node.fill.active = false;
  node.completing = Completing{};
  node.settling = Settling{};
}

}  // namespace

void World::reset(std::uint64_t seed) {
  random = Random(seed);
  step = 0;
  nowMicros = 1'000'000'000;
  keys = partitions = 1;
  lossPermille = 0;
  lastNode = 0;
  complete = 0;
  rings.clear();
  for (Node& each : nodes) resetNode(each);
  entries.resize(1);
  writers.assign(1, 0);
  flying.clear();
  operations.clear();
  operations.emplace_back();
  violation.clear();
}

bool World::newerThan(EntryRef a, EntryRef b) const {
  if (a == 0 || a == b) return false;
  return b == 0 || supersedes(entries[a], entries[b]);
}

bool World::filledForNewest(const Node& node, unsigned partition) const {
  for (unsigned key = 0; key < keys; ++key) {
    if (partitionOf(key) == partition && node.kept.filledFor[key] <= node.kept.view.newest) return false;
  }
  return true;
}

Version World::versionNow(NodeId id) {
  Node& maker = nodes[id];
  const Version version = maker.clock.tick(nowMicros + maker.skewMicros);
  maker.kept.clockFloor = maker.clock.floor();
  return version;
}

void World::startProcess(NodeId id) {
  Node& started = nodes[id];
  started.exists = started.up = true;
  started.clock = HybridClock(id, started.kept.boot);
  started.clock.observe(started.kept.clockFloor);
  started.synced = started.kept;
}

void World::send(const Message& message) {
  if (lossPermille != 0 && random.chance(lossPermille)) return;
  if (flying.size() >= kFlying) {
    flying[random.below(flying.size())] = message;
    return;
  }
  flying.push_back(message);
}

void World::sync(NodeId id, Bug heldBackBy) {
  if (has(Bug::AnswerBeforeSync) || has(Bug::AdoptionNotSynced)) {
    if (has(heldBackBy)) return;
    const View onDisk = nodes[id].synced.view;
    nodes[id].synced = nodes[id].kept;
    // Only the adoption itself is held back, until the node syncs for its own reasons (driver).
    if (has(Bug::AdoptionNotSynced)) nodes[id].synced.view = onDisk;
  }
}

void World::violated(std::string_view checker, std::string text) {
  if (!violation.empty()) return;
  violation = fmt::format("{}: {}", checker, text);
  say("VIOLATION {}", violation);
}

}  // namespace mydht::model
