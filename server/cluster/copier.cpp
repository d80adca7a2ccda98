#include "server/cluster/copier.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/result/check.h"
#include "common/ring/ring.h"

namespace mydht::cluster {

Copier::Copier(const std::vector<Executor*>& loops, const Settings& settings, const Membership& membership,
               Peers& peers, store::Store& store, Staging& staging)
    : settings_(settings), membership_(membership), peers_(peers), store_(store), staging_(staging) {
  for (Executor* const loop : loops) gates_.push_back({loop, std::make_unique<Gate>(*loop)});
}

Task<> Copier::stop() {
  for (const LoopGate& one : gates_) {
    co_await switchTo(*one.loop);
    co_await one.gate->close();
  }
}

Gate& Copier::gateOf(const Executor& loop) {
  const auto at = std::ranges::find_if(gates_, [&](const LoopGate& one) { return one.loop == &loop; });
  MYDHT_ASSERT(at != gates_.end());
  return *at->gate;
}

Task<Status> Copier::take(Entry entry, Bytes value, wire::From from, Version settled, Deadline deadline) {
  if (!entry.tombstone && (value.size() != entry.size || sha256Of(value.view()) != entry.sha256)) {
    co_return Error{Kind::Corrupt, "a copy's value does not match its entry"};
  }
  auto offered = co_await store_.offer(std::move(entry), std::move(value), from, settled, deadline);
  if (!offered) co_return offered.error();
  co_return Status();
}

Task<Result<bool>> Copier::holds(Entry entry, Deadline deadline) {
  auto row = co_await store_.row(entry.key, deadline);
  if (!row) co_return row.error();
  co_return *row&& compareEntries((*row)->entry, entry) >= 0;
}

Task<Status> Copier::fetch(Entry entry, NodeId source, wire::From from, Version settled, Deadline deadline) {
  auto here = co_await holds(entry, deadline);
  if (here && *here) co_return Status();
  if (entry.tombstone || entry.size == 0) {
    auto taken = co_await take(std::move(entry), Bytes(), from, settled, deadline);
    co_return taken;
  }
  // The answer begins soon or never, for its message may be lost; how long the body takes is another matter.
  Executor& executor = co_await currentExecutor();
  const Deadline begins = std::min(deadline, executor.now() + 2 * settings_.timing.call);
  wire::FetchBody message{entry, 0, entry.size};
  auto answer = co_await peers_.ask(source, membership_.view(), std::move(message), Body(), begins);
  if (!answer) co_return answer.error();
  if (entry.size <= limits::kInlineBytes) {
    const Deadline whole = std::min(deadline, executor.now() + settings_.timing.progress);
    auto value = co_await collect(std::move(answer->body), limits::kInlineBytes, whole);
    if (!value) co_return value.error();
    auto taken = co_await take(std::move(entry), std::move(*value), from, settled, deadline);
    co_return taken;
  }
  auto staged = co_await staging_.receive(sourceOf(std::move(answer->body)), settings_.timing.progress);
  if (!staged) co_return staged.error();
  if (staged->size != entry.size || staged->sha256 != entry.sha256) {
    store_.discard(staged->blob);
    co_return Error{Kind::Corrupt, fmt::format("{} sent a value that does not match its entry", peers_.nameOf(source))};
  }
  auto offered = co_await store_.offer(std::move(entry), staged->blob, from, settled, deadline);
  if (!offered || offered->outcome != wire::OfferOutcome::Accepted) store_.discard(staged->blob);
  if (!offered) co_return offered.error();
  co_return Status();
}

/// The votes that one key's filling collects; the asking tasks and the waiting one share it, on one loop.
struct Copier::FillVotes {
  explicit FillVotes(Executor& executor) : changed(executor) {}
  Signal changed;
  unsigned voted = 0;
  unsigned running = 0;
  std::optional<Entry> newest;
  NodeId source = 0;
  Version settled;
  std::string lastError;
};

Task<> Copier::askForFill(std::shared_ptr<FillVotes> votes, NodeId node, wire::Vote message, ring::ViewPtr view,
                          Deadline deadline) {
  auto answer = co_await peers_.ask(node, std::move(view), std::move(message), Body(), deadline);
  if (answer) {
    ++votes->voted;
    votes->settled = std::max(votes->settled, answer->answer.settled);
    const auto& entry = answer->answer.entry;
    if (entry && (!votes->newest || supersedes(*entry, *votes->newest))) {
      votes->newest = entry;
      votes->source = node;
    }
  } else {
    votes->lastError = answer.error().text;
  }
  --votes->running;
  votes->changed.notifyAll();
}

Task<Status> Copier::fillKeyFrom(std::size_t version, Key key, ring::ViewPtr view, Deadline deadline) {
  Executor& executor = co_await currentExecutor();
  const std::vector<NodeId> homes = view->homesIn(version, partitionOf(key));
  if (homes.empty()) co_return Status();  // all of them are destroyed: there is nothing to fill from
  const unsigned needed = settings_.bugs.fillFromOne ? 1 : ring::quorumOf(homes.size());
  const auto votes = std::make_shared<FillVotes>(executor);
  std::vector<NodeId> others;
  for (const NodeId node : homes) {
    if (node != membership_.self().node) others.push_back(node);
  }
  // Between the complete and the newest version what lies here counts.
  if (version > 0 && others.size() < homes.size()) votes->voted = 1;
  // One that failed lately or is silent is not asked if the others are enough.
  std::vector<NodeId> asked = others;
  std::erase_if(asked, [&](NodeId node) { return !peers_.prompt(node, executor.now()); });
  if (votes->voted + asked.size() < needed) asked = others;
  const Deadline askBy = executor.now() + (deadline - executor.now()) / 2;
  for (const NodeId node : asked) {
    ++votes->running;
    wire::Vote message{key, 0, version == 0 ? wire::VoteFor::Fill : wire::VoteFor::FillAny};
    gateOf(executor).spawn(askForFill(votes, node, std::move(message), view, askBy));
  }
  while (votes->voted < needed && votes->running > 0) co_await votes->changed.wait();
  // Who has not answered by now is not waited for: it may be frozen.
  const std::optional<Entry> newest = votes->newest;
  const NodeId from = votes->source;
  const Version settled = votes->settled;
  if (votes->voted < needed) {
    co_return Error{
        Kind::Unavailable,
        fmt::format("this node has not filled the key yet, and only {} of the {} nodes needed could say: {}",
                    votes->voted, needed, votes->lastError)};
  }
  if (!newest) co_return Status();
  auto fetched = co_await fetch(*newest, from, wire::From::Fill, settled, deadline);
  co_return fetched;
}

Task<Status> Copier::fillKey(Key key, ring::ViewPtr view, Deadline deadline) {
  for (std::size_t version = 0; version == 0 || version + 1 < view->active().size(); ++version) {
    auto filled = co_await fillKeyFrom(version, key, view, deadline);
    if (!filled) co_return filled;
  }
  co_return Status();
}

}  // namespace mydht::cluster
