#include "tests/simulation/stack/faults.h"

#include <fmt/format.h>

#include <algorithm>

namespace mydht::simulation {
namespace {

constexpr Duration kSupervision = std::chrono::milliseconds(100);
// Of a clock, in microseconds a second: more than any that is to be had.
constexpr std::int64_t kMostDrift = 50'000;
// Some rounds of the scrub and of the repair: what they have not mended by then they never will.
constexpr Duration kPatience = std::chrono::seconds(15);

bool isNews(wire::MessageType type) {
  return type == wire::MessageType::Adopt || type == wire::MessageType::Gossip;
}

}  // namespace

Faults::Faults(SimRing& ring, Options options) : ring_(ring), options_(options), random_(ring.random.next()) {}

void Faults::start() {
  for (unsigned i = 0; i < options_.nodes; ++i) {
    ring_.add();
    needSeeds_.insert(i);
  }
  backups_.resize(options_.nodes);
  needSeeds_.erase(0);
  ring_.startAndAwait(ring_[0], {});
  unsettle();
  ring_.network.rule = [this](const SimMessage& message) {
    for (const unsigned node : deaf_) {
      if (isNews(message.type) && (message.to == ring_[node].name() || message.from == ring_[node].name()))
        return Verdict::Drop;
    }
    return Verdict::Deliver;
  };
  ring_.time.callAt(ring_.time.now() + kSupervision, [this] { supervise(); });
  ring_.time.callAt(ring_.time.now() + random_.between(options_.pauseLeast, options_.pauseMost), [this] { tick(); });
}

void Faults::unsettle() {
  NetworkOptions& network = ring_.network.options;
  network.loss = static_cast<unsigned>(random_.below(3) == 0 ? random_.below(30'000) : 0);
  network.duplicate = static_cast<unsigned>(random_.below(30'000));
  network.stall = static_cast<unsigned>(random_.below(2) == 0 ? random_.below(8'000) : 0);
  network.delayMost = std::chrono::milliseconds(1 + random_.below(20));
}

void Faults::heal() {
  healed_ = true;
  deaf_.clear();
  held_.clear();
  ring_.network.heal();
  ring_.network.releaseHeld();
  ring_.network.options = NetworkOptions{};
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    ring_[i].clock().drift(0);
    if (ring_[i].executor().paused()) ring_[i].executor().resume();
    if (ring_[i].down()) continue;
    ring_[i].disk().setFull(false);
    ring_[i].disk().failNoMore();
  }
}

/// Starts what is down, after a while that differs; a node whose disk remembers nothing needs a seed.
void Faults::supervise() {
  if (finished_) return;
  for (unsigned i = 0; i < ring_.size(); ++i) {
    SimNode& node = ring_[i];
    if (node.up()) {
      needSeeds_.erase(i);
      if (node.node().fatal() != nullptr) {
        needSeeds_.insert(i);
        node.kill();
      } else if (node.disk().failure() && (healed_ || random_.below(20) == 0)) {
        node.kill();  // as an operator does who sees it
      } else if (node.node().left() && node.node().left()->ok()) {
        node.stop();
      }
    }
    if (node.down() && !held_.contains(i) && (healed_ || random_.below(10) == 0)) startNode(node);
  }
  if (!lost_.empty() && ring_.quiet()) {
    const bool allUp = std::all_of(lost_.begin(), lost_.end(),
                                   [&](unsigned i) { return ring_[i].up() && !ring_[i].medium().isDamaged(); });
    if (allUp) lost_.clear();
  }
  if (healed_) replaceHopelessDisk();
  ring_.time.callAt(ring_.time.now() + kSupervision, [this] { supervise(); });
}

/// Where rows are damaged nobody can say whose they are but the others, who name what they have. A former home node's
/// row of a key that has been deleted since is named by nobody, stays, and is in the way of all that reads its
/// partition: so the data directory is replaced, as the guide says of a finding that stays.
void Faults::replaceHopelessDisk() {
  for (unsigned i = 0; i < ring_.size(); ++i) {
    if (!isHopeless(i) || !othersAreWhole(i)) continue;
    const Time now = ring_.time.now();
    if (!hopelessSince_) hopelessSince_ = now;
    if (now < *hopelessSince_ + kPatience) return;
    hopelessSince_.reset();
    ring_.trace.line(ring_[i].name() + " gets a new disk for one that cannot be repaired");
    ring_[i].kill();
    needSeeds_.insert(i);
    ring_[i].loseDisk();
    return;
  }
  hopelessSince_.reset();
}

/// Whether a row of it is damaged that no other node has.
bool Faults::isHopeless(unsigned number) {
  if (!ring_[number].up()) return false;
  const auto isElsewhere = [&](const std::string& name) {
    for (unsigned i = 0; i < ring_.size(); ++i) {
      if (i != number && ring_[i].medium().row(name) != nullptr) return true;
    }
    return false;
  };
  const auto& rows = ring_[number].medium().badRows();
  return std::any_of(rows.begin(), rows.end(), [&](const std::string& name) { return !isElsewhere(name); });
}

/// Whether all others are up and hold everything that they should, so that one disk may be lost (promise 1). A change
/// of the ring, or a leave, may be under way if it is this disk that holds it up: its node cannot fill what it cannot
/// read.
bool Faults::othersAreWhole(unsigned number) {
  const bool holdsUp = ring_[number].node().status().toFill > 0;
  for (unsigned i = 0; i < ring_.size(); ++i) {
    if (i == number) continue;
    SimNode& node = ring_[i];
    if (!node.up() || node.node().fatal() != nullptr || node.medium().isDamaged()) return false;
    const cluster::NodeStatus status = node.node().status();
    const bool moves = status.changing || node.leaves();
    if ((moves && !holdsUp) || status.toFill > 0 || !status.confirmed || status.copies < 3) return false;
  }
  return true;
}

void Faults::startNode(SimNode& node) {
  std::vector<std::string> seeds;
  // One whose last start failed, since nobody of whom it knew took it in, is told of others.
  if (needSeeds_.contains(node.number()) || node.failed()) {
    for (std::size_t i = 0; i < ring_.size(); ++i) {
      if (i != node.number() && ring_[i].up()) seeds.push_back(ring_[i].name());
    }
    if (seeds.empty() && needSeeds_.contains(node.number())) return;
  }
  // Now and then with other options than before.
  if (random_.below(8) == 0) ring_.settings.weightHundredths = 50 * (1 + static_cast<unsigned>(random_.below(4)));
  if (random_.below(8) == 0) ring_.settings.zone = random_.below(2) == 0 ? "attic" : "cellar";
  node.start(std::move(seeds));
  ring_.settings.weightHundredths.reset();
  ring_.settings.zone.reset();
}

void Faults::tick() {
  if (healed_) return;
  strike();
  ++count_;
  ring_.time.callAt(ring_.time.now() + random_.between(options_.pauseLeast, options_.pauseMost), [this] { tick(); });
}

void Faults::strike() {
  switch (random_.below(22)) {
    case 0:
    case 1:
      killOne();
      break;
    case 2:
      killAll();
      break;
    case 3:
      stopOne();
      break;
    case 4:
      freezeOne();
      break;
    case 5:
    case 6:
      cutPair();
      break;
    case 7:
      jumpClock();
      break;
    case 8:
      deafen();
      break;
    case 9:
      loseDisk();
      break;
    case 10:
      restoreBackup();
      break;
    case 11:
      unsettle();
      break;
    case 12:
    case 13:
      fillDisk();
      break;
    case 14:
      failDisk();
      break;
    case 15:
      damageDisk();
      break;
    default:
      strikeRing();
      break;
  }
}

/// Whether some node has damaged copies, which only all other home nodes together may be able to repair: one that is
/// removed for good then is a second one that is lost.
bool Faults::isDamaged() {
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    if (ring_[i].medium().isDamaged()) return true;
  }
  return false;
}

/// A disk is full for a while.
void Faults::fillDisk() {
  SimNode* const node = randomUp();
  if (node == nullptr) return;
  ring_.trace.line(node->name() + " has a full disk");
  node->disk().setFull(true);
  const Duration time = random_.between(std::chrono::milliseconds(500), std::chrono::milliseconds(4000));
  ring_.time.callAt(ring_.time.now() + time, [node] {
    if (!node->down()) node->disk().setFull(false);
  });
}

/// One of the next operations fails; the node stores nothing until it is killed and started again.
void Faults::failDisk() {
  SimNode* const node = randomUp();
  if (node == nullptr) return;
  const auto fault = static_cast<Fault>(random_.below(5));
  ring_.trace.line(node->name() + " has a disk that fails");
  node->disk().failAt(fault, 1 + random_.below(5), random_.below(4) == 0 ? Kind::NoSpace : Kind::Io);
}

/// Bits flip in a value or in what an entry's row lies in: a copy is lost, so it counts as a disk that is.
void Faults::damageDisk() {
  SimNode* const node = randomUp();
  if (node == nullptr || removing_ > 0 || !mayLoseDisk()) return;
  std::vector<std::string> rows;
  for (const auto& [name, content] : node->medium().rows()) {
    if (name.front() == 'e') rows.push_back(name);
  }
  const std::set<BlobId>& blobs = node->medium().published();
  if (rows.empty()) return;
  lost_.insert(node->number());
  if (!blobs.empty() && random_.below(2) == 0) {
    const BlobId blob = *std::next(blobs.begin(), static_cast<std::ptrdiff_t>(random_.below(blobs.size())));
    ring_.trace.line(fmt::format("{} has a flipped bit in value {}", node->name(), blob));
    node->medium().corruptBlob(blob, random_.below(node->medium().blob(blob)->size()));
  } else {
    ring_.trace.line(node->name() + " has a flipped bit in a row");
    node->medium().corruptRow(rows[random_.below(rows.size())]);
  }
}

void Faults::strikeRing() {
  switch (random_.below(8)) {
    case 0:
    case 1:
      if (SimNode* const node = randomUp()) node->leave();
      break;
    case 2:
      askToLeave();
      break;
    case 3:
    case 4:
    case 5:
      removeOne();
      break;
    case 6:
      setReplicas();
      break;
    default:
      if (random_.below(3) == 0) interruptAll();
      break;
  }
}

SimNode* Faults::randomUp() {
  std::vector<SimNode*> up;
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    if (ring_[i].up()) up.push_back(&ring_[i]);
  }
  return up.empty() ? nullptr : up[random_.below(up.size())];
}

void Faults::killOne() {
  if (SimNode* const node = randomUp()) node->kill(random_.below(3));
}

void Faults::killAll() {
  for (std::size_t i = 0; i < ring_.size(); ++i) ring_[i].kill(random_.below(2));
}

void Faults::stopOne() {
  if (SimNode* const node = randomUp(); node != nullptr && !node->executor().paused()) node->stop();
}

void Faults::freezeOne() {
  SimNode* const node = randomUp();
  if (node == nullptr || node->executor().paused()) return;
  node->executor().pause();
  ring_.trace.line(node->name() + " is frozen");
  const Duration time = random_.between(std::chrono::milliseconds(50), std::chrono::milliseconds(3000));
  ring_.time.callAt(ring_.time.now() + time, [node] {
    if (node->executor().paused()) node->executor().resume();
  });
}

void Faults::cutPair() {
  if (random_.below(3) == 0) {
    ring_.network.heal();
    return;
  }
  const auto a = random_.below(ring_.size());
  const auto b = random_.below(ring_.size());
  ring_.trace.line(fmt::format("cut node{} -> node{}", a, b));
  ring_.network.cut(ring_[a].name(), ring_[b].name());
  if (random_.below(2) == 0) ring_.network.cut(ring_[b].name(), ring_[a].name());
  ring_.time.callAt(ring_.time.now() + random_.between(std::chrono::milliseconds(200), std::chrono::milliseconds(3000)),
                    [this] { ring_.network.heal(); });
}

void Faults::jumpClock() {
  SimNode& node = ring_[random_.below(ring_.size())];
  if (random_.below(3) == 0) {
    const auto drift = static_cast<std::int64_t>(random_.below(2 * kMostDrift)) - kMostDrift;
    ring_.trace.line(fmt::format("{} clock gains {} us a second", node.name(), drift));
    node.clock().drift(drift);
    return;
  }
  const auto micros = static_cast<std::int64_t>(random_.below(60'000'000)) - 30'000'000;
  ring_.trace.line(fmt::format("{} clock jumps by {}", node.name(), micros));
  node.clock().jump(random_.below(4) == 0 ? -node.clock().offset() : micros);
}

void Faults::deafen() {
  const auto node = static_cast<unsigned>(random_.below(ring_.size()));
  if (deaf_.contains(node)) {
    deaf_.erase(node);
  } else if (deaf_.empty()) {
    ring_.trace.line(fmt::format("node{} hears of changes only by being refused", node));
    deaf_.insert(node);
  }
}

void Faults::askToLeave() {
  SimNode* const through = randomUp();
  SimNode* const node = randomUp();
  if (through != nullptr) through->spawn(leaveFar(*through, node->name()));
}

Task<> Faults::leaveFar(SimNode& through, std::string name) {
  ++asking_;
  auto asked = co_await through.node().askToLeave(name, ring_.time.now() + std::chrono::seconds(5));
  --asking_;
  ring_.trace.line(fmt::format("{} is asked to leave: {}", name, asked ? "ok" : asked.error().text));
}

void Faults::interruptAll() {
  for (std::size_t i = 0; i < ring_.size(); ++i) ring_[i].leave();
}

/// A node is killed or cut off, and another one is told to remove it.
void Faults::removeOne() {
  SimNode* const victim = randomUp();
  SimNode* const through = randomUp();
  if (victim == nullptr || victim == through || isDamaged()) return;
  ++removing_;
  const unsigned number = victim->number();
  const Time later = ring_.time.now() + random_.between(std::chrono::milliseconds(100), std::chrono::seconds(2));
  if (random_.below(2) == 0) {
    victim->kill(random_.below(3));
    held_.insert(number);
    ring_.time.callAt(later + random_.between(Duration(0), std::chrono::seconds(3)),
                      [this, number] { held_.erase(number); });
  } else {
    ring_.trace.line(victim->name() + " is cut off");
    for (std::size_t i = 0; i < ring_.size(); ++i) {
      ring_.network.cut(victim->name(), ring_[i].name());
      ring_.network.cut(ring_[i].name(), victim->name());
    }
    ring_.time.callAt(later + random_.between(Duration(0), std::chrono::seconds(2)), [this] { ring_.network.heal(); });
  }
  ring_.time.callAt(later, [this, through, name = victim->name()] {
    if (through->up()) {
      through->spawn(remove(*through, name));
    } else {
      --removing_;
    }
  });
}

Task<> Faults::remove(SimNode& through, std::string name) {
  const Deadline deadline = ring_.time.now() + std::chrono::seconds(5);
  auto removed = co_await through.node().memberChanges().remove({name}, false, deadline);
  --removing_;
  ring_.trace.line(fmt::format("{} removes {}: {}", through.name(), name, removed ? "ok" : removed.error().text));
}

void Faults::setReplicas() {
  SimNode* const through = randomUp();
  if (through == nullptr) return;
  through->spawn(replicas(*through, options_.leastReplicas + static_cast<std::uint32_t>(random_.below(3))));
}

Task<> Faults::replicas(SimNode& through, std::uint32_t count) {
  const Deadline deadline = ring_.time.now() + std::chrono::seconds(5);
  ++asking_;
  auto set = co_await through.node().memberChanges().setReplicas(count, deadline);
  --asking_;
  ring_.trace.line(fmt::format("{} copies from now on: {}", count, set ? "ok" : set.error().text));
}

bool Faults::mayLoseDisk() {
  // Promise 1: with three or more nodes, the loss of any one disk, until it is refilled.
  if (!options_.loseDisks || !lost_.empty() || !ring_.quiet()) return false;
  // A member that is down may have to be filled itself when it comes back: that would be the second loss.
  std::set<std::string> up;
  std::set<std::string> members;
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    if (!ring_[i].up()) continue;
    if (ring_[i].node().status().copies < 3) return false;
    // A list that somebody has accepted may be agreed at any moment, and a ring of two tolerates no failure.
    if (ring_[i].node().membership().accepted().present().size() < 3) return false;
    up.insert(ring_[i].name());
    for (const auto& member : ring_[i].node().status().members) members.insert(member.hostPort);
  }
  return members.size() >= 3 && std::includes(up.begin(), up.end(), members.begin(), members.end());
}

void Faults::loseDisk() {
  SimNode* const node = randomUp();
  if (node == nullptr || !mayLoseDisk()) return;
  node->kill();
  lost_.insert(node->number());
  needSeeds_.insert(node->number());
  ring_.trace.line(node->name() + " loses its disk");
  node->loseDisk();
}

void Faults::restoreBackup() {
  SimNode* const node = randomUp();
  if (node == nullptr) return;
  auto& backup = backups_[node->number()];
  if (!backup) {
    // A backup from when the ring was this node alone knows nobody who could tell it that it is behind.
    if (node->node().membership().view()->newest().present().size() >= 2) backup = node->medium().snapshot();
    return;
  }
  if (!mayLoseDisk()) return;
  node->kill();
  lost_.insert(node->number());
  ring_.trace.line(node->name() + " is set back to a backup");
  node->restore(*backup);
  backup.reset();
}

}  // namespace mydht::simulation
