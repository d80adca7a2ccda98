#include "tests/simulation/model/driver.h"

#include <algorithm>

#include "tests/simulation/model/checkers.h"
#include "tests/simulation/model/coordinator.h"
#include "tests/simulation/model/faults.h"
#include "tests/simulation/model/fill.h"
#include "tests/simulation/model/ring_change.h"
#include "tests/simulation/model/settling.h"
#include "tests/simulation/model/steps.h"

namespace mydht::model {

namespace {

/// Operations in a run: enough to overlap, few enough for the exhaustive checker.
constexpr unsigned kOperations = 20;
constexpr unsigned kIdentities = 12;

/// A run of everything at once, and two that keep at what is rare: overlapping changes, and deletes that settle.
constexpr Weights kMixed{720, 60, 15, 55, 35, 25, 22, 18, 12, 14, 10, 14, 6, 2};
constexpr Weights kChanges{700, 55, 12, 45, 60, 45, 50, 0, 0, 8, 15, 8, 2, 1};
constexpr Weights kDeletes{720, 50, 12, 45, 40, 35, 10, 60, 40, 45, 20, 12, 8, 4};

/// Draws the steps of one run.
class Driver {
 public:
  Driver(World& world, std::uint64_t seed) : world_(world) {
    world_.reset(seed);
    const unsigned drawn = random().below(4);
    weights_ = drawn < 2 ? kMixed : drawn == 2 ? kChanges : kDeletes;
  }

  void run() {
    setUp();
    const unsigned steps = 150 + random().below(600);
    while (world_.step < steps && world_.violation.empty()) stepOnce();
    quieten();
    lastReads();
    if (world_.violation.empty()) checkHistory(world_);
    ++world_.coverage.runs;
    world_.coverage.steps += world_.step;
  }

 private:
  Random& random() { return world_.random; }

  void setUp() {
    static constexpr unsigned kSizes[] = {1, 2, 3, 3, 3, 4, 4, 5};
    static constexpr unsigned kReplicas[] = {3, 3, 3, 3, 3, 3, 2, 5};
    world_.keys = 1 + random().below(kKeys);
    world_.partitions = 1 + random().below(world_.keys);
    world_.lossPermille = random().below(4) == 0 ? random().below(150) : random().below(20);
    salt_ = random().next();
    movesTables_ = random().chance(400);
    // One node in some runs hears nothing of the ring but by being refused.
    deaf_ = random().chance(300) ? 1 + random().below(4) : 0;
    ring::MemberList list;
    list.replicas = kReplicas[random().below(std::size(kReplicas))];
    world_.lastNode = kSizes[random().below(std::size(kSizes))];
    for (NodeId id = 1; id <= world_.lastNode; ++id) list.put({.id = id, .tokenSeed = id});
    world_.rings.add(list, salt_);
    for (NodeId id = 1; id <= world_.lastNode; ++id) {
      Node& node = world_.node(id);
      for (unsigned key = 0; key < world_.keys; ++key) {
        node.kept.filledFor[key] = world_.rings.isHome(RingRef{0}, id, world_.partitionOf(key)) ? 1 : 0;
      }
      node.skewMicros = random().below(60);
      world_.startProcess(id);
    }
    if (random().chance(20)) world_.node(1).skewMicros = 20'000'000;
    world_.say("{} nodes, {} replicas, {} keys in {} partitions", world_.lastNode, list.replicas, world_.keys,
               world_.partitions);
  }

  void stepOnce() {
    ++world_.step;
    world_.nowMicros += random().below(4);
    const Weights& w = weights_;
    const std::array<std::pair<unsigned, void (Driver::*)()>, 14> table{{
        {w.deliver, &Driver::deliverOne},
        {w.begin, &Driver::beginOne},
        {w.impatience, &Driver::losePatience},
        {w.gossip, &Driver::gossipOne},
        {w.fill, &Driver::fillOne},
        {w.complete, &Driver::completeOne},
        {w.agree, &Driver::agreeOne},
        {w.settle, &Driver::settleOne},
        {w.settle, &Driver::raiseOne},
        {w.reap, &Driver::reapOne},
        {w.repair, &Driver::repairOne},
        {w.purge, &Driver::purgeOne},
        {w.process, &Driver::stopOrStart},
        {w.disk, &Driver::disturbDisk},
    }};
    unsigned total = 0;
    for (const auto& row : table) total += row.first;
    unsigned drawn = random().below(total);
    for (const auto& row : table) {
      if (drawn < row.first) return (this->*row.second)();
      drawn -= row.first;
    }
  }

  NodeId anyNode() { return 1 + random().below(world_.lastNode); }
  /// An up node, or 0.
  NodeId anyUp() {
    for (unsigned tries = 0; tries < 4; ++tries) {
      const NodeId id = anyNode();
      if (world_.node(id).up) return id;
    }
    return 0;
  }

  void deliverOne() {
    if (world_.flying.empty()) return;
    const std::size_t at = random().below(world_.flying.size());
    const Message message = world_.flying[at];
    if (!random().chance(20)) {
      world_.flying[at] = world_.flying.back();
      world_.flying.pop_back();
    }
    deliver(world_, message);
  }

  void beginOne() {
    const NodeId coordinator = anyUp();
    if (coordinator == 0 || world_.operations.size() > kOperations) return;
    const unsigned drawn = random().below(10);
    const OperationKind kind = drawn < weights_.deletes           ? OperationKind::Del
                               : drawn < 5 + weights_.deletes / 2 ? OperationKind::Get
                                                                  : OperationKind::Put;
    begin(world_, kind, random().below(world_.keys), coordinator);
  }

  void losePatience() {
    if (world_.operations.size() < 2) return;
    Operation& operation = world_.operations[1 + random().below(world_.operations.size() - 1)];
    if (operation.phase == Phase::Over) return;
    random().chance(700) ? resend(world_, operation) : giveUp(world_, operation);
  }

  void gossipOne() {
    const NodeId from = anyUp();
    const NodeId to = anyNode();
    if (from != 0 && to != from && to != deaf_) gossip(world_, from, to);
  }

  void fillOne() {
    if (const NodeId id = anyUp()) fillPartition(world_, id, random().below(world_.partitions));
  }

  void completeOne() {
    if (const NodeId id = anyUp()) tryToComplete(world_, id);
  }

  void agreeOne() {
    const NodeId id = anyUp();
    if (id == 0) return;
    if (movesTables_ && random().chance(500)) salt_ = random().next();
    const NodeId joiner = waitingToJoin();
    if (joiner != 0) {
      const NodeId replaced = world_.node(joiner).replaces;
      if (replaced != 0 && !mayRemove(world_, world_.node(id).kept.view, replaced)) return;
      if (agree(world_, id, withJoiner(world_, joiner), salt_)) world_.node(joiner).wantsToJoin = false;
    } else if (random().chance(600) && world_.lastNode < kIdentities) {
      newNode(world_, id);
    } else {
      const NodeId member = anyNode();
      const auto rank = world_.node(member).up ? ring::Rank::Gone : ring::Rank::Removed;
      if (__builtin_popcount(world_.rings[world_.rings.last()].present) < 2) return;
      if (!mayRemove(world_, world_.node(id).kept.view, member)) return;
      agree(world_, id, without(world_, member, rank), salt_);
    }
  }

  NodeId waitingToJoin() {
    for (NodeId id = 1; id <= world_.lastNode; ++id) {
      if (world_.node(id).wantsToJoin) return id;
    }
    return 0;
  }

  void settleOne() {
    if (const NodeId id = anyUp()) settle(world_, id, random().below(world_.partitions));
  }

  void raiseOne() {
    const NodeId from = anyUp();
    if (from != 0) raise(world_, from, anyNode(), random().below(world_.partitions));
  }

  void reapOne() {
    if (const NodeId id = anyUp()) reap(world_, id);
  }

  void repairOne() {
    const NodeId from = anyUp();
    if (from != 0) repair(world_, from, anyNode(), random().below(world_.keys));
  }

  void purgeOne() {
    const NodeId id = anyUp();
    if (id == 0 || world_.operations.size() > kOperations) return;
    const Kept& kept = world_.node(id).kept;
    const unsigned key = random().below(world_.keys);
    if (kept.view.complete != kept.view.newest || kept.entry[key] == 0) return;
    if (world_.rings.isHome(kept.view, id, world_.partitionOf(key))) return;
    begin(world_, OperationKind::HandOver, key, id);
  }

  void stopOrStart() {
    const NodeId id = anyNode();
    Node& node = world_.node(id);
    if (!node.exists) return;
    if (!node.up) return restart(world_, id);
    unsigned down = 0;
    for (NodeId other = 1; other <= world_.lastNode; ++other) {
      down += world_.node(other).exists && !world_.node(other).up ? 1 : 0;
    }
    if (down < 2) crash(world_, id);
    if (random().chance(600)) restart(world_, id);
  }

  void disturbDisk() {
    const NodeId id = anyNode();
    Node& node = world_.node(id);
    if (random().chance(500)) {
      node.backup = node.kept;
      node.hasBackup = true;
    } else if (world_.lastNode < kIdentities && mayLoseDisk(world_, id)) {
      node.hasBackup ? rollBack(world_, id) : emptyDisk(world_, id);
    } else if (random().chance(300)) {
      // Its clock jumps, back or forward; the hybrid clock has to bear it.
      node.skewMicros = static_cast<std::int64_t>(random().below(400)) - 200;
    }
  }

  void deliverAll() {
    while (!world_.flying.empty() && world_.violation.empty()) {
      ++world_.step;
      const std::size_t at = random().below(world_.flying.size());
      const Message message = world_.flying[at];
      world_.flying[at] = world_.flying.back();
      world_.flying.pop_back();
      deliver(world_, message);
    }
  }

  /// All messages arrive, all nodes are up: changes that can come to their end do.
  void quieten() {
    world_.lossPermille = 0;
    for (NodeId id = 1; id <= world_.lastNode; ++id) {
      if (world_.node(id).exists && !world_.node(id).up) restart(world_, id);
    }
    deliverAll();
    for (unsigned round = 0; round < 3; ++round) {
      const bool changing = world_.complete != world_.rings.last();
      if (!changing && round != 0) break;
      for (NodeId id = 1; id <= world_.lastNode; ++id) {
        if (!world_.node(id).up) continue;
        for (unsigned partition = 0; partition < world_.partitions; ++partition) fillPartition(world_, id, partition);
        gossip(world_, id, 1 + id % world_.lastNode);
        if (changing) tryToComplete(world_, id);
      }
      deliverAll();
    }
  }

  /// Whatever happened, a few gets one after another must agree with the history and with one another.
  void lastReads() {
    for (unsigned i = 0; i < 3 * world_.keys && world_.violation.empty(); ++i) {
      const NodeId coordinator = anyUp();
      if (coordinator == 0) continue;
      ++world_.step;
      const std::uint16_t number = begin(world_, OperationKind::Get, i % world_.keys, coordinator);
      deliverAll();
      ++world_.step;
      if (world_.operations[number].phase != Phase::Over) giveUp(world_, world_.operations[number]);
    }
  }

  World& world_;
  Weights weights_{};
  std::uint64_t salt_ = 0;
  bool movesTables_ = false;
  NodeId deaf_ = 0;
};

}  // namespace

std::string run(World& world, std::uint64_t seed) {
  Driver(world, seed).run();
  return world.violation;
}

}  // namespace mydht::model
