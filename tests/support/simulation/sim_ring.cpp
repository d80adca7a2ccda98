#include "tests/support/simulation/sim_ring.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "server/store/node_state.h"
#include "server/store/rows.h"
#include "server/wire/codec.h"

namespace mydht::simulation {
namespace {

// 2026-11-20 08:00 UTC: where virtual wall clocks begin.
constexpr std::int64_t kWallStart = 1'795'161'600'000'000;

}  // namespace

std::int64_t SimClock::wallMicros() const {
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(time_.now() - SimTime::kStart);
  return kWallStart + since.count() + offset();
}

void SimClock::drift(std::int64_t microsASecond) {
  offset_ = offset();
  drift_ = microsASecond;
  driftsFrom_ = time_.now();
}

std::int64_t SimClock::offset() const {
  const auto drifting = std::chrono::duration_cast<std::chrono::milliseconds>(time_.now() - driftsFrom_).count();
  return offset_ + drift_ * drifting / 1000;
}

void SimTrace::line(std::string_view text) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time_.now() - SimTime::kStart).count();
  const std::string whole = fmt::format("{:>6}.{:06} {}", micros / 1'000'000, micros % 1'000'000, text);
  for (const char byte : whole) hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 1099511628211ULL;
  ++lines_;
  if (print_) std::printf("%s\n", whole.c_str());
}

void SimJournal::note(Severity severity, std::string_view event, std::string_view fields) {
  std::string text = fmt::format("{} {} {} {}", name_, severityName(severity), event, fields);
  // One event is one line, whatever a key or a peer's words hold.
  for (char& byte : text) byte = static_cast<unsigned char>(byte) < ' ' ? '?' : byte;
  trace_.line(text);
  trace_.count(event);
}

SimNode::SimNode(SimRing& ring, unsigned number)
    : ring_(ring),
      number_(number),
      name_(fmt::format("node{}:50140", number)),
      clock_(ring.time),
      journal_(ring.trace, fmt::format("node{}", number)),
      executor_(ring.time),
      random_(ring.random.next()),
      lives_(executor_) {}

void SimNode::start(std::vector<std::string> seeds) {
  MYDHT_ASSERT(down());
  ++incarnations_;
  failed_.reset();
  current_ = std::make_unique<Incarnation>();
  Incarnation& incarnation = *current_;
  incarnation.disk = std::make_unique<SimDisk>(medium_, random_, ring_.diskOptions);
  endpoints_.push_back(std::make_unique<SimEndpoint>(ring_.network, name_, executor_));
  incarnation.endpoint = endpoints_.back().get();
  incarnation.requests = std::make_unique<Gate>(executor_);
  cluster::Settings settings = ring_.settings;
  settings.hostPort = name_;
  settings.seeds = std::move(seeds);
  cluster::World world{{&executor_},
                       *incarnation.disk,
                       *incarnation.endpoint,
                       clock_,
                       random_,
                       journal_,
                       [this, own = ring_.settings.bugs.ownTable](ring::MemberList list) {
                         return own ? ring_.makeOwnRing(*this, std::move(list)) : ring_.makeRing(std::move(list));
                       }};
  incarnation.node = std::make_unique<cluster::Node>(std::move(settings), std::move(world));
  incarnation.endpoint->serve(*incarnation.node);
  ring_.trace.line(name_ + " starts");
  lives_.spawn(live(incarnation));
}

Task<> SimNode::live(Incarnation& incarnation) {
  auto started = co_await incarnation.node->start();
  incarnation.started = true;
  incarnation.serving = started.ok() && !incarnation.ending;
  if (!started) {
    failed_ = started.error();
    ring_.trace.line(fmt::format("{} does not start: {}", name_, started.error().text));
  }
  if (started && !incarnation.ending) co_return;
  incarnation.ending = true;
  co_await end(incarnation, started.ok());
}

void SimNode::beginEnd() {
  Incarnation& incarnation = *current_;
  if (incarnation.ending) return;
  incarnation.ending = true;
  incarnation.serving = false;
  if (incarnation.started) lives_.spawn(end(incarnation, true));
}

Task<> SimNode::end(Incarnation& incarnation, bool started) {
  co_await incarnation.requests->close();
  if (started) co_await incarnation.node->stop();
  incarnation.endpoint->die();
  co_await incarnation.endpoint->drained();
  if (!incarnation.disk->crashed()) incarnation.disk->crash();
  current_.reset();
  ring_.trace.line(name_ + " is down");
}

void SimNode::kill(std::size_t keptBatches) {
  if (down()) return;
  ring_.trace.line(name_ + " is killed");
  if (executor_.paused()) executor_.resume();
  if (!current_->disk->crashed()) current_->disk->crash(keptBatches);
  current_->endpoint->die();
  beginEnd();
}

void SimNode::stop() {
  if (down()) return;
  ring_.trace.line(name_ + " is stopped");
  beginEnd();
}

void SimNode::leave() {
  if (!up()) return;
  ring_.trace.line(name_ + " is to leave");
  leaving_ = incarnations_;
  node().beginLeaving();
  lives_.spawn(endOnceLeft(incarnations_));
}

Task<> SimNode::endOnceLeft(std::uint64_t incarnation) {
  co_await switchTo(executor_);
  const auto leaves = [&] { return incarnations_ == incarnation && up(); };
  while (leaves() && !node().left()) co_await sleepUntil(executor_.now() + std::chrono::milliseconds(50));
  if (!leaves()) co_return;
  const Status left = *node().left();
  ring_.trace.line(name_ + (left ? " has left" : " keeps its place: " + left.error().text));
  beginEnd();
}

bool SimNode::up() const {
  return current_ != nullptr && current_->serving;
}

void SimNode::spawn(Task<> task) {
  current_->requests->spawn(std::move(task));
}

std::size_t SimNode::waiting() const {
  if (current_ == nullptr) return executor_.pending();
  return executor_.pending() + current_->endpoint->underWay() + current_->requests->running();
}

std::optional<store::Identity> SimNode::durableIdentity() const {
  const Bytes* const row = medium_.row(store::kIdentityRow);
  return row == nullptr ? std::nullopt : store::decodeIdentity(row->view());
}

SimRing::SimRing(std::uint64_t seed, bool print)
    : trace(time, print), network(time, seed * 3 + 1), random(seed * 3 + 2) {}

SimRing::~SimRing() {
  shutDown();
}

void SimRing::shutDown() {
  network.rule = nullptr;
  network.observer = nullptr;
  whenRemoved = nullptr;
  network.releaseHeld();
  for (const auto& node : nodes_) node->kill();
  const auto allDown = [&] { return std::ranges::all_of(nodes_, [](const auto& node) { return node->down(); }); };
  MYDHT_ASSERT(time.runUntil(allDown, time.now() + std::chrono::hours(30)));
  time.runUntilIdle();
}

SimNode& SimRing::add() {
  nodes_.push_back(std::make_unique<SimNode>(*this, static_cast<unsigned>(nodes_.size())));
  SimNode& node = *nodes_.back();
  node.medium().whenRemoved = [this, &node](const std::string& name, const Bytes& content) {
    if (whenRemoved && name.front() == 'e') whenRemoved(node, name, content);
  };
  return node;
}

void SimRing::startAndAwait(SimNode& node, std::vector<std::string> seeds) {
  node.start(std::move(seeds));
  MYDHT_ASSERT(await([&] { return node.up(); }));
}

void SimRing::startAll(unsigned nodes) {
  for (unsigned i = 0; i < nodes; ++i) {
    std::vector<std::string> seeds;
    if (i > 0) seeds.push_back((*this)[0].name());
    startAndAwait(add(), std::move(seeds));
  }
  MYDHT_ASSERT(await([&] { return quiet(); }));
}

bool SimRing::await(const std::function<bool()>& condition, Duration within) {
  return time.runUntil(condition, time.now() + within);
}

bool SimRing::quiet() {
  std::optional<ring::VersionName> name;
  for (const auto& node : nodes_) {
    if (!node->up()) continue;
    if (node->leaves()) return false;
    const auto standing = node->node().membership().standing();
    if (node->node().fatal() != nullptr || node->node().memberChanges().leaving() != wire::Leaving::No) return false;
    if (standing->lostPlace) return false;
    if (!standing->view || standing->view->changing() || !node->node().membership().confirmed()) return false;
    const ring::VersionName here = standing->view->newest().name();
    if (name && *name != here) return false;
    name = here;
    if (standing->toFill > 0) return false;
  }
  return name.has_value();
}

ring::RingPtr SimRing::makeRing(ring::MemberList list) {
  wire::Writer key;
  key.list(list);
  ring::RingPtr& ring = rings_[key.take()];
  if (!ring) ring = std::make_shared<const ring::Ring>(std::move(list));
  return ring;
}

ring::RingPtr SimRing::makeOwnRing(const SimNode& node, ring::MemberList list) {
  const ring::RingPtr shared = makeRing(list);
  const auto identity = node.durableIdentity();
  if (!identity || !list.hasPresent(identity->node)) return shared;
  wire::Writer key;
  key.number(identity->node).list(list);
  ring::RingPtr& ring = ownRings_[key.take()];
  if (ring) return ring;
  ring::MemberList placed = list;
  for (ring::Member& member : placed.members) {
    if (member.id == identity->node) member.weightHundredths *= 2;
  }
  ring = std::make_shared<const ring::Ring>(std::move(list), placed);
  return ring;
}

ring::RingPtr SimRing::ringNamed(const ring::VersionName& name) const {
  const auto at = std::ranges::find_if(rings_, [&](const auto& known) { return known.second->name() == name; });
  return at == rings_.end() ? nullptr : at->second;
}

}  // namespace mydht::simulation
