#include "tests/simulation/stack/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "tests/simulation/stack/checkers/origins.h"
#include "tests/simulation/stack/checkers/resurrections.h"

namespace mydht::simulation {
namespace {

// The client of operations that a scenario asks for.
constexpr unsigned kDirected = std::numeric_limits<unsigned>::max();

std::unique_ptr<ByteSource> sourceOfText(std::string text) {
  return sourceOf(Bytes(std::move(text)));
}

std::uint64_t valueOf(std::string_view bytes) {
  std::uint64_t value = 0;
  std::from_chars(bytes.data(), bytes.data() + bytes.size(), value);
  return value;
}

}  // namespace

Workload::Workload(SimRing& ring, Copies& copies, Options options)
    : ring_(ring), acknowledged_(ring, copies), whole_(ring), options_(options), random_(ring.random.next()) {}

std::vector<std::string> Workload::broken() const {
  std::vector<std::string> all = broken_;
  for (const auto& list : {acknowledged_.broken(), whole_.broken()}) all.insert(all.end(), list.begin(), list.end());
  if (auto why = whyNotFromAPut(history_)) all.push_back(*why);
  if (auto why = whyResurrected(history_)) all.push_back(*why);
  return all;
}

std::uint64_t Workload::done(Consistency consistency) const {
  return static_cast<std::uint64_t>(std::ranges::count_if(history_, [&](const Operation& operation) {
    return operation.consistency == consistency && operation.outcome == Outcome::Done;
  }));
}

std::string Workload::valueBytes(std::uint64_t value, bool large, std::size_t largeBytes) {
  std::string bytes = std::to_string(value) + ".";
  if (large) bytes.resize(largeBytes, static_cast<char>('a' + value % 26));
  return bytes;
}

void Workload::start() {
  for (unsigned client = 0; client < options_.clients; ++client) {
    ++running_;
    ring_.time.callAt(ring_.time.now(), [this, client] { next(client); });
  }
}

SimNode* Workload::anyUp() {
  std::vector<SimNode*> up;
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    if (ring_[i].up() && !ring_[i].executor().paused()) up.push_back(&ring_[i]);
  }
  return up.empty() ? nullptr : up[random_.below(up.size())];
}

void Workload::next(unsigned client) {
  if (stopping_) {
    --running_;
    return;
  }
  SimNode* const node = anyUp();
  if (node == nullptr) {
    ring_.time.callAt(ring_.time.now() + std::chrono::milliseconds(50), [this, client] { next(client); });
    return;
  }
  begin(*node, drawn(client));
}

/// What a client does next, by chance.
Operation Workload::drawn(unsigned client) {
  Operation operation;
  operation.client = client;
  if (random_.below(100) < options_.onePercent) {
    operation.consistency = Consistency::One;
    operation.key = fmt::format("one{}", random_.below(options_.keysAtOne));
  } else {
    operation.consistency = random_.below(100) < options_.allPercent ? Consistency::All : Consistency::Quorum;
    operation.key = fmt::format("k{}", random_.below(options_.keys));
  }
  const auto dice = random_.below(100);
  operation.action = dice < 45 ? Action::Get : dice < 88 ? Action::Put : Action::Del;
  operation.large = operation.action == Action::Put && random_.below(100) < options_.largePercent;
  return operation;
}

std::size_t Workload::begin(SimNode& node, Operation operation) {
  operation.begin = ring_.time.now();
  if (operation.action == Action::Put) operation.value = nextValue_++;
  history_.push_back(std::move(operation));
  told_.emplace_back();
  over_.push_back(false);
  identities_.push_back(acknowledged_.identities());
  const std::size_t index = history_.size() - 1;
  node.spawn(perform(node, node.incarnation(), index));
  return index;
}

Task<> Workload::perform(SimNode& node, std::uint64_t incarnation, std::size_t index) {
  switch (history_[index].action) {
    case Action::Put:
      co_await doPut(node, index);
      break;
    case Action::Get:
      co_await doGet(node, index);
      break;
    case Action::Del:
      co_await doDel(node, index);
      break;
  }
  Operation& operation = history_[index];
  // A killed node's last words never reach its client.
  if (node.incarnation() != incarnation || !node.up()) operation.outcome = Outcome::Pending;
  if (operation.outcome == Outcome::Pending && operation.action == Action::Get) operation.outcome = Outcome::NoEffect;
  if (operation.outcome != Outcome::Pending) operation.end = ring_.time.now();
  over_[index] = true;
  identities_[index] = {};  // not needed any more: on a large ring it would be most of the history's memory
  ++finished_;
  ring_.trace.line(describe(operation) + (told_[index].empty() ? "" : " (" + told_[index] + ")"));
  const unsigned client = operation.client;
  if (client == kDirected) co_return;
  const Duration pause = random_.between(Duration(0), options_.pauseMost);
  ring_.time.callAt(ring_.time.now() + pause, [this, client] { next(client); });
}

void Workload::conclude(std::size_t index, const Error& error) {
  told_[index] = fmt::format("{}: {}", kindName(error.kind), error.text);
  history_[index].outcome =
      error.kind == Kind::NotDone || error.kind == Kind::NoSpace ? Outcome::NoEffect : Outcome::Pending;
}

Task<> Workload::doPut(SimNode& node, std::size_t index) {
  cluster::PutRequest request;
  request.key = history_[index].key;
  request.consistency = history_[index].consistency;
  std::string bytes = valueBytes(history_[index].value, history_[index].large, largeBytes_);
  whole_.sends(history_[index], bytes);
  request.value = sourceOfText(std::move(bytes));
  const Deadline deadline = ring_.time.now() + options_.patience;
  auto written = co_await node.node().coordinator(0).put(std::move(request), deadline);
  if (!written) {
    conclude(index, written.error());
    co_return;
  }
  history_[index].outcome = Outcome::Done;
  history_[index].versions = written->versions;
  acknowledged_.see(history_[index], *written, identities_[index]);
}

/// At `one` a copy in memory is taken without a question, as the server does.
Task<Result<cluster::Located>> Workload::locate(cluster::Coordinator& coordinator, std::size_t index,
                                                Deadline deadline) {
  const Operation& operation = history_[index];
  if (operation.consistency == Consistency::One) {
    auto atHand = coordinator.locateAtHand(operation.key);
    if (atHand) co_return std::move(*atHand);
  }
  auto located = co_await coordinator.locate(operation.key, operation.consistency, true, deadline);
  co_return located;
}

Task<> Workload::doGet(SimNode& node, std::size_t index) {
  const Deadline deadline = ring_.time.now() + options_.patience;
  cluster::Coordinator& coordinator = node.node().coordinator(0);
  auto located = co_await locate(coordinator, index, deadline);
  if (!located && located.error().kind == Kind::NotFound) {
    history_[index].outcome = Outcome::Done;
    co_return;
  }
  if (!located) {
    conclude(index, located.error());
    co_return;
  }
  const Entry entry = located->entry;
  auto body = co_await coordinator.body(std::move(*located), 0, entry.size, deadline);
  Result<Bytes> bytes = Error{Kind::Unavailable, "no body"};
  if (body) {
    auto collected = co_await collect(std::move(*body), 2 * largeBytes_, deadline);
    bytes = std::move(collected);
  }
  if (!bytes) {
    conclude(index, bytes.error());
    co_return;
  }
  history_[index].value = valueOf(bytes->view());
  history_[index].outcome = Outcome::Done;
  whole_.see(history_[index], entry, bytes->view());
}

Task<> Workload::doDel(SimNode& node, std::size_t index) {
  const Deadline deadline = ring_.time.now() + options_.patience;
  const Consistency consistency = history_[index].consistency;
  auto written = co_await node.node().coordinator(0).del(history_[index].key, consistency, {}, deadline);
  if (!written && written.error().kind != Kind::NotFound) {
    conclude(index, written.error());
    co_return;
  }
  history_[index].outcome = Outcome::Done;
  history_[index].versions = written ? written->versions : 2;
  if (written) acknowledged_.see(history_[index], *written, identities_[index]);
}

std::vector<std::string> Workload::keys() const {
  std::vector<std::string> all;
  for (unsigned key = 0; key < options_.keys; ++key) all.push_back(fmt::format("k{}", key));
  for (unsigned key = 0; key < options_.keysAtOne; ++key) all.push_back(fmt::format("one{}", key));
  return all;
}

void Workload::readAll() {
  const std::set<std::string> atOne = keysWrittenAtOne(history_);
  std::map<std::string, std::uint64_t> agreed;
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    if (!ring_[i].up()) continue;
    for (const std::string& key : keys()) {
      const std::size_t index = get(ring_[i], key);
      if (!ring_.await([&] { return over(index); }) || history_[index].outcome != Outcome::Done) {
        broken_.push_back("after quiet a read failed: " + describe(history_[index]) + " " + told_[index]);
        continue;
      }
      // Of all others C1 says so.
      const auto first = agreed.emplace(key, history_[index].value).first;
      if (atOne.contains(key) && first->second != history_[index].value) {
        broken_.push_back(
            fmt::format("after quiet {} was read through another node: {}", first->second, describe(history_[index])));
      }
    }
  }
}

/// An operation that a scenario asks for.
std::size_t Workload::direct(SimNode& node, Action action, const std::string& key, bool large,
                             Consistency consistency) {
  Operation operation;
  operation.action = action;
  operation.key = key;
  operation.large = large;
  operation.consistency = consistency;
  operation.client = kDirected;
  return begin(node, std::move(operation));
}

std::size_t Workload::put(SimNode& node, const std::string& key, bool large, Consistency consistency) {
  return direct(node, Action::Put, key, large, consistency);
}

std::size_t Workload::get(SimNode& node, const std::string& key, Consistency consistency) {
  return direct(node, Action::Get, key, false, consistency);
}

std::size_t Workload::del(SimNode& node, const std::string& key, Consistency consistency) {
  return direct(node, Action::Del, key, false, consistency);
}

}  // namespace mydht::simulation
