#include "server/cluster/peers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "common/result/limits.h"
#include "server/store/rows.h"

namespace mydht::cluster {
namespace {

// Strangers may say hello too: beyond this many remembered nodes only members' addresses are learnt from gossip.
constexpr std::size_t kMostPeers = 4 * limits::kMembers;

// A rare change of an address reaches everybody soon all the same, since each message says its sender's own.
constexpr std::size_t kGossipAddresses = 16;

/// Whether a node that lives answers such a call at once: not where it has to read, fetch or agree upon much, or is
/// sent a stream.
bool isQuick(wire::MessageType type, const Body& body) {
  switch (type) {
    case wire::MessageType::Hello:
    case wire::MessageType::GetView:
    case wire::MessageType::Gossip:
    case wire::MessageType::Probe:
    case wire::MessageType::Vote:
    case wire::MessageType::Offer:
    case wire::MessageType::Publish:
    case wire::MessageType::FetchBody:
    case wire::MessageType::FillPage:
      return std::holds_alternative<Bytes>(body);
    default:
      return false;
  }
}

}  // namespace

Peers::Peers(const Settings& settings, Membership& membership, store::Commits& commits, Transport& transport,
             const Clock& clock, Journal& journal)
    : settings_(settings),
      membership_(membership),
      commits_(commits),
      transport_(transport),
      clock_(clock),
      journal_(journal) {}

void Peers::load(const std::map<NodeId, store::PeerState>& remembered) {
  const std::lock_guard lock(mutex_);
  for (const auto& [node, state] : remembered) peers_[node].state = state;
}

wire::Speaker Peers::speaker(const ring::ViewPtr& view) const {
  wire::Speaker self;
  self.node = membership_.self().node;
  self.boot = membership_.self().boot;
  self.synced = commits_.lastSynced();
  self.wallMicros = clock_.wallMicros();
  self.hostPort = settings_.hostPort;
  if (view) {
    self.ringIdentity = view->ringIdentity();
    self.newest = view->newest().name();
    self.complete = view->complete().name();
    self.fingerprint = view->newest().fingerprint();
  }
  return self;
}

Task<Result<Reply>> Peers::call(NodeId to, ring::ViewPtr view, wire::MessageType type, std::string payload, Body body,
                                Deadline deadline) {
  const auto hostPort = addressOf(to);
  if (!hostPort) co_return Error{Kind::Unavailable, fmt::format("the address of node {:016x} is not known", to)};
  auto reply = co_await callAt(PeerAddress{to, *hostPort}, to, std::move(view), type, std::move(payload),
                               std::move(body), deadline);
  co_return reply;
}

Task<Result<Reply>> Peers::callAt(PeerAddress address, NodeId to, ring::ViewPtr view, wire::MessageType type,
                                  std::string payload, Body body, Deadline deadline) {
  Executor& executor = co_await currentExecutor();
  const std::string hostPort = address.hostPort;
  const Time begun = executor.now();
  if (settings_.bugs.askForHours) deadline = begun + std::chrono::hours(1);
  const std::int64_t asked = clock_.wallMicros();
  const bool quick = isQuick(type, body);
  if (to != 0 && quick) asking(to, begun);
  Call request{wire::packRequest(speaker(view), to, type, payload), std::move(body)};
  calls_.fetch_add(1, std::memory_order_relaxed);
  auto answer = co_await transport_.call(std::move(address), std::move(request), deadline);
  if (!answer) {
    failures_.fetch_add(1, std::memory_order_relaxed);
    // Who does not wait for as long as a call may take has learnt nothing but that the node is silent.
    const Time now = executor.now();
    const bool gaveUp = now >= deadline && (!quick || now - begun < settings_.timing.call / 2);
    const bool notMade = answer.error().kind == Kind::NotDone;
    if (to != 0 && !gaveUp && !notMade) failed(to, answer.error(), now);
    co_return answer.error().within(fmt::format("{} to {}", wire::messageName(type), hostPort));
  }
  auto reply = co_await open(std::move(*answer), hostPort, to, asked);
  co_return reply;
}

Task<Result<Reply>> Peers::open(Call answer, std::string hostPort, NodeId to, std::int64_t asked) {
  Executor& executor = co_await currentExecutor();
  auto unpacked = wire::unpackAnswer(answer.message.view());
  if (!unpacked) co_return Error{Kind::Unavailable, unpacked.error().text};
  heard(unpacked->from, asked);
  if (to != 0 && unpacked->from.node != to) {
    // Whatever it says, an error too, is no word of the node that was asked.
    const Error stranger{Kind::Unavailable,
                         fmt::format("{} is answered by another node ({:016x})", hostPort, unpacked->from.node)};
    failed(to, stranger, executor.now());
    co_await hearOut(unpacked->from, std::move(hostPort));
    co_return stranger;
  }
  if (to != 0) succeeded(to);
  if (unpacked->error) {
    if (unpacked->error->kind == Kind::OlderRing) {
      auto refused = wire::readPayload<wire::ViewMessage>(unpacked->payload);
      if (!refused) co_return Error{Kind::Unavailable, "a refusal between nodes that cannot be read"};
      auto adopted = co_await membership_.adopt(refused->view);
      // The refusal may have come after the effect: it must not look like one of those that surely changed nothing.
      if (!adopted) co_return Error{Kind::Unknown, adopted.error().text};
    }
    co_return *unpacked->error;
  }
  Reply reply{unpacked->from, answer.message, unpacked->payload, std::move(answer.body)};
  co_return reply;
}

/// Who answers at a member's address may be another member of the same ring by now, and know how that went on. When all
/// others have become new ones meanwhile, nobody else can tell this node that it has lost its place (R7).
Task<> Peers::hearOut(wire::Speaker stranger, std::string hostPort) {
  const ring::ViewPtr view = membership_.view();
  if (!view || stranger.ringIdentity != view->ringIdentity() || stranger.newest <= view->newest().name()) co_return;
  Executor& executor = co_await currentExecutor();
  auto theirs = co_await askAt(std::move(hostPort), wire::GetView(), executor.now() + settings_.timing.call);
  if (!theirs) co_return;
  auto adopted = co_await membership_.adopt(theirs->answer.view);
  if (!adopted) journal_.note(Severity::Warn, "ring.unheard", fmt::format("why=\"{}\"", adopted.error().text));
}

void Peers::heard(const wire::Speaker& from, std::optional<std::int64_t> asked) {
  if (from.node == 0 || from.node == membership_.self().node) return;
  const auto view = membership_.view();
  if (!view || from.ringIdentity != view->ringIdentity()) return;
  bool otherTable = false;
  {
    const std::lock_guard lock(mutex_);
    if (peers_.size() >= kMostPeers && !peers_.contains(from.node)) return;
    Peer& peer = peers_[from.node];
    peer.silentSince.reset();
    peer.askAgainAt = {};  // it speaks: the background may ask it at once
    std::int64_t& offset = peer.health.clockOffsetMicros;
    if (asked) offset = std::min(offset, from.wallMicros - *asked);
    offset = std::max(offset, from.wallMicros - clock_.wallMicros());
    otherTable = from.newest == view->newest().name() && from.fingerprint != view->newest().fingerprint() &&
                 peer.health.fingerprint != from.fingerprint;
    peer.health.fingerprint = from.fingerprint;
    peer.health.newest = from.newest;
    peer.health.complete = std::max(peer.health.complete, from.complete);
    store::PeerState next = peer.state;
    // A later start with a lower batch number is a disk that was rolled back, or a copy of it: not where the node is.
    const bool rolledBack = from.boot > next.boot && from.synced < next.synced;
    if (from.boot >= next.boot && !rolledBack && !from.hostPort.empty()) next.hostPort = from.hostPort;
    // Each maximum by itself, and nothing from a disk that is behind: what shows that it is may not be forgotten before
    // it was told (R7).
    if (!rolledBack) next.boot = std::max(next.boot, from.boot);
    next.synced = std::max(next.synced, from.synced);
    if (next != peer.state) {
      peer.state = next;
      commits_.remember(store::peerRowName(from.node), store::encodePeerState(next));
    }
  }
  if (otherTable) {
    journal_.note(Severity::Error, "ring.other-table",
                  fmt::format("node={} ours={:016x} theirs={:016x}", from.hostPort, view->newest().fingerprint(),
                              from.fingerprint));
  }
}

void Peers::learn(const wire::Address& address) {
  if (address.node == 0 || address.node == membership_.self().node || address.hostPort.empty()) return;
  const std::lock_guard lock(mutex_);
  if (peers_.size() >= kMostPeers && !peers_.contains(address.node)) return;
  Peer& peer = peers_[address.node];
  if (!peer.state.hostPort.empty() && address.boot <= peer.state.boot) return;
  peer.state.hostPort = address.hostPort;
  peer.state.boot = std::max(peer.state.boot, address.boot);
  commits_.remember(store::peerRowName(address.node), store::encodePeerState(peer.state));
}

std::vector<wire::Address> Peers::addresses() const {
  const ring::ViewPtr view = membership_.view();
  std::vector<wire::Address> all{{membership_.self().node, membership_.self().boot, settings_.hostPort}};
  if (!view) return all;
  const std::lock_guard lock(mutex_);
  for (const NodeId node : view->members()) {
    const auto at = peers_.find(node);
    if (at != peers_.end() && !at->second.state.hostPort.empty()) {
      all.push_back({node, at->second.state.boot, at->second.state.hostPort});
    }
  }
  return all;
}

std::vector<wire::Address> Peers::someAddresses(Random& random) const {
  const ring::ViewPtr view = membership_.view();
  if (!view || view->members().size() <= kGossipAddresses) return addresses();
  std::vector<NodeId> members = view->members();
  std::vector<wire::Address> some{{membership_.self().node, membership_.self().boot, settings_.hostPort}};
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < members.size() && some.size() < kGossipAddresses; ++i) {
    std::swap(members[i], members[i + random.next() % (members.size() - i)]);
    const auto at = peers_.find(members[i]);
    if (at != peers_.end() && members[i] != membership_.self().node && !at->second.state.hostPort.empty()) {
      some.push_back({members[i], at->second.state.boot, at->second.state.hostPort});
    }
  }
  return some;
}

std::string Peers::nameOf(NodeId node) const {
  if (node == membership_.self().node) return settings_.hostPort;
  return addressOf(node).value_or(fmt::format("{:016x}", node));
}

std::optional<std::string> Peers::addressOf(NodeId node) const {
  if (node == membership_.self().node) return settings_.hostPort;
  const std::lock_guard lock(mutex_);
  const auto at = peers_.find(node);
  if (at == peers_.end() || at->second.state.hostPort.empty()) return std::nullopt;
  return at->second.state.hostPort;
}

std::vector<NodeId> Peers::nodesAt(const std::string& hostPort) const {
  const std::lock_guard lock(mutex_);
  std::vector<NodeId> nodes;
  for (const auto& [node, peer] : peers_) {
    if (peer.state.hostPort == hostPort) nodes.push_back(node);
  }
  return nodes;
}

store::PeerState Peers::remembered(NodeId node) const {
  const std::lock_guard lock(mutex_);
  const auto at = peers_.find(node);
  return at == peers_.end() ? store::PeerState() : at->second.state;
}

PeerHealth Peers::health(NodeId node) const {
  const std::lock_guard lock(mutex_);
  const auto at = peers_.find(node);
  if (at == peers_.end()) return {};
  PeerHealth health = at->second.health;
  health.hostPort = at->second.state.hostPort;
  health.boot = at->second.state.boot;
  health.synced = at->second.state.synced;
  if (at->second.dead) {
    health.called = true;
    health.lastCallOk = false;
  }
  return health;
}

std::vector<std::pair<NodeId, std::int64_t>> Peers::clockOffsets(const std::vector<NodeId>& nodes) const {
  std::vector<std::pair<NodeId, std::int64_t>> offsets;
  const std::lock_guard lock(mutex_);
  for (const NodeId node : nodes) {
    const auto at = peers_.find(node);
    if (at != peers_.end() && at->second.health.newest != ring::VersionName()) {
      offsets.emplace_back(node, at->second.health.clockOffsetMicros);
    }
  }
  return offsets;
}

void Peers::judge(NodeId node, wire::Liveness liveness, Time now) {
  const std::lock_guard lock(mutex_);
  Peer& peer = peers_[node];
  const wire::Liveness before = std::exchange(peer.health.liveness, liveness);
  peer.dead = liveness == wire::Liveness::Dead;
  if (peer.dead && before != wire::Liveness::Dead) peer.deadSince = now;
  if (peer.dead && peer.health.lastError.empty()) peer.health.lastError = "no other node has heard of it either";
  if (liveness != wire::Liveness::Alive || before != wire::Liveness::Dead) return;
  // Others have heard of it: what failed before is no reason any more to leave it alone.
  peer.failures = 0;
  peer.askAgainAt = {};
  peer.health.lastCallOk = true;
  peer.health.lastError.clear();
}

void Peers::asking(NodeId node, Time now) {
  const std::lock_guard lock(mutex_);
  Peer& peer = peers_[node];
  if (!peer.silentSince) peer.silentSince = now;
}

void Peers::succeeded(NodeId node) {
  const std::lock_guard lock(mutex_);
  Peer& peer = peers_[node];
  peer.health.called = true;
  peer.health.lastCallOk = true;
  peer.health.lastError.clear();
  peer.failures = 0;
  peer.dead = false;
  peer.silentSince.reset();
}

void Peers::failed(NodeId node, const Error& error, Time now) {
  const std::lock_guard lock(mutex_);
  Peer& peer = peers_[node];
  peer.health.called = true;
  peer.health.lastCallOk = false;
  peer.health.lastError = error.text;
  ++peer.health.failures;
  if (now < peer.askAgainAt) return;  // one of many calls that fail for the same reason
  const unsigned doublings = std::min(peer.failures++, 8U);
  peer.askAgainAt = now + std::min(settings_.timing.skipFirst * (1 << doublings), settings_.timing.skipMost);
}

bool Peers::usable(NodeId node) const {
  const std::lock_guard lock(mutex_);
  const auto at = peers_.find(node);
  return at == peers_.end() || (at->second.failures == 0 && !at->second.dead);
}

std::optional<Time> Peers::deadSince(NodeId node) const {
  const std::lock_guard lock(mutex_);
  const auto at = peers_.find(node);
  if (at == peers_.end()) return std::nullopt;
  const Peer& peer = at->second;
  // One that has answered a single call since may be gone again before the detector has heard of it.
  const bool isDead = peer.dead || (peer.health.liveness == wire::Liveness::Dead && peer.failures > 0);
  return isDead ? std::optional<Time>(peer.deadSince) : std::nullopt;
}

void Peers::noteDisk(NodeId node, wire::DiskState state, Time until) {
  const std::lock_guard lock(mutex_);
  const auto at = peers_.find(node);
  if (at == peers_.end()) return;
  at->second.disk = state;
  at->second.diskUntil = until;
}

wire::DiskState Peers::disk(NodeId node, Time now) const {
  const std::lock_guard lock(mutex_);
  const auto at = peers_.find(node);
  return at != peers_.end() && now < at->second.diskUntil ? at->second.disk : wire::DiskState::Well;
}

Duration Peers::silence(NodeId node, Time now) const {
  const std::lock_guard lock(mutex_);
  const auto at = peers_.find(node);
  const bool owes = at != peers_.end() && at->second.silentSince;
  return owes ? now - *at->second.silentSince : Duration(0);
}

bool Peers::prompt(NodeId node, Time now) const {
  return usable(node) && silence(node, now) < settings_.timing.hedge;
}

bool Peers::takeTurn(NodeId node, Time now) {
  const std::lock_guard lock(mutex_);
  Peer& peer = peers_[node];
  if (now < peer.askAgainAt || now < peer.turnEnds) return false;
  peer.turnEnds = now + settings_.timing.call;  // by then it has answered or failed again
  return true;
}

std::vector<NodeId> Peers::promptFirst(std::vector<NodeId> nodes, Time now) const {
  std::stable_partition(nodes.begin(), nodes.end(), [&](NodeId node) { return usable(node); });
  std::stable_partition(nodes.begin(), nodes.end(), [&](NodeId node) { return prompt(node, now); });
  return nodes;
}

}  // namespace mydht::cluster
