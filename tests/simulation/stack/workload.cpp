#include "tests/simulation/stack/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

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
    : ring_(ring), acknowledged_(ring, copies), options_(options), random_(ring.random.next()) {}

std::vector<std::string> Workload::broken() const {
  std::vector<std::string> all = broken_;
  all.insert(all.end(), acknowledged_.broken().begin(), acknowledged_.broken().end());
  return all;
}

std::string Workload::valueBytes(std::uint64_t value, bool large) {
  std::string bytes = std::to_string(value) + ".";
  if (large) bytes.resize(kLargeBytes, static_cast<char>('a' + value % 26));
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
  const std::string key = fmt::format("k{}", random_.below(options_.keys));
  const auto dice = random_.below(100);
  const Action action = dice < 45 ? Action::Get : dice < 88 ? Action::Put : Action::Del;
  run(*node, begin(action, key, client), random_.below(100) < options_.largePercent, client);
}

std::size_t Workload::begin(Action action, const std::string& key, unsigned client) {
  Operation operation;
  operation.action = action;
  operation.key = key;
  operation.client = client;
  operation.begin = ring_.time.now();
  if (action == Action::Put) operation.value = nextValue_++;
  history_.push_back(std::move(operation));
  told_.emplace_back();
  over_.push_back(false);
  identities_.push_back(acknowledged_.identities());
  return history_.size() - 1;
}

void Workload::run(SimNode& node, std::size_t index, bool large, unsigned client) {
  node.spawn(perform(node, node.incarnation(), index, large, client));
}

Task<> Workload::perform(SimNode& node, std::uint64_t incarnation, std::size_t index, bool large, unsigned client) {
  switch (history_[index].action) {
    case Action::Put:
      co_await doPut(node, index, large);
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
  if (client == kDirected) co_return;
  const Duration pause = random_.between(Duration(0), options_.pauseMost);
  ring_.time.callAt(ring_.time.now() + pause, [this, client] { next(client); });
}

void Workload::conclude(std::size_t index, const Error& error) {
  told_[index] = fmt::format("{}: {}", kindName(error.kind), error.text);
  history_[index].outcome =
      error.kind == Kind::NotDone || error.kind == Kind::NoSpace ? Outcome::NoEffect : Outcome::Pending;
}

Task<> Workload::doPut(SimNode& node, std::size_t index, bool large) {
  cluster::PutRequest request;
  request.key = history_[index].key;
  request.value = sourceOfText(valueBytes(history_[index].value, large));
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

Task<> Workload::doGet(SimNode& node, std::size_t index) {
  const Deadline deadline = ring_.time.now() + options_.patience;
  cluster::Coordinator& coordinator = node.node().coordinator(0);
  auto located = co_await coordinator.locate(history_[index].key, cluster::Consistency::Quorum, true, deadline);
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
    auto collected = co_await collect(std::move(*body), 2 * kLargeBytes, deadline);
    bytes = std::move(collected);
  }
  if (!bytes) {
    conclude(index, bytes.error());
    co_return;
  }
  if (bytes->size() != entry.size || sha256Of(bytes->view()) != entry.sha256) {
    broken_.push_back("a value came that is not whole: " + describe(history_[index]));
  }
  history_[index].value = valueOf(bytes->view());
  history_[index].outcome = Outcome::Done;
}

Task<> Workload::doDel(SimNode& node, std::size_t index) {
  const Deadline deadline = ring_.time.now() + options_.patience;
  auto written =
      co_await node.node().coordinator(0).del(history_[index].key, cluster::Consistency::Quorum, {}, deadline);
  if (!written && written.error().kind != Kind::NotFound) {
    conclude(index, written.error());
    co_return;
  }
  history_[index].outcome = Outcome::Done;
  history_[index].versions = written ? written->versions : 2;
  if (written) acknowledged_.see(history_[index], *written, identities_[index]);
}

void Workload::readAll() {
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    if (!ring_[i].up()) continue;
    for (unsigned key = 0; key < options_.keys; ++key) {
      const std::size_t index = get(ring_[i], fmt::format("k{}", key));
      if (!ring_.await([&] { return over(index); }) || history_[index].outcome != Outcome::Done) {
        broken_.push_back("after quiet a read failed: " + describe(history_[index]) + " " + told_[index]);
      }
    }
  }
}

std::size_t Workload::put(SimNode& node, const std::string& key, bool large) {
  const std::size_t index = begin(Action::Put, key, kDirected);
  run(node, index, large, kDirected);
  return index;
}

std::size_t Workload::get(SimNode& node, const std::string& key) {
  const std::size_t index = begin(Action::Get, key, kDirected);
  run(node, index, false, kDirected);
  return index;
}

std::size_t Workload::del(SimNode& node, const std::string& key) {
  const std::size_t index = begin(Action::Del, key, kDirected);
  run(node, index, false, kDirected);
  return index;
}

}  // namespace mydht::simulation
