#include "server/cluster/copier.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "common/result/check.h"
#include "common/ring/ring.h"
#include "common/version/marks.h"

namespace mydht::cluster {
namespace {

// Whoever fetches a large body from here answers when it has all of it; that answer may be lost. Slower than this it is
// told again, which costs a question if it has it by then.
constexpr std::uint64_t kSlowestBytesPerSecond = 1024 * 1024;

}  // namespace

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

Task<Status> Copier::send(store::RowPtr row, NodeId to, ring::ViewPtr view, wire::From from, Version settled) {
  Executor& executor = co_await currentExecutor();
  if (row->blob != 0) {
    wire::Repair message{row->entry, membership_.self().node};
    const Duration moving = std::chrono::seconds(row->entry.size / kSlowestBytesPerSecond);
    const Deadline whole = executor.now() + settings_.timing.progress + moving;
    auto answer = co_await peers_.ask(to, std::move(view), std::move(message), Body(), whole);
    if (!answer) co_return answer.error();
    co_return Status();
  }
  wire::Offer message{row->entry, from, settled};
  const Deadline deadline = executor.now() + settings_.timing.call;
  auto answer = co_await peers_.ask(to, std::move(view), std::move(message), row->value, deadline);
  if (!answer) co_return answer.error();
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

/// The votes that one key's filling collects in one version; the asking tasks and the waiting one share it, on one
/// loop.
struct Copier::FillVotes {
  explicit FillVotes(Executor& executor) : changed(executor) {}
  Signal changed;
  unsigned needed = 0;
  bool complete = false;  ///< it is the newest complete version, in which only who has filled counts (R5)
  unsigned own = 0;       ///< 1 if what lies here counts
  unsigned running = 0;
  std::set<NodeId> filled;
  std::map<NodeId, wire::VoteAnswer> said;
  std::string lastError;

  bool enough() const { return own + said.size() >= needed && (!complete || !filled.empty()); }
};

Task<> Copier::askForFill(std::shared_ptr<FillVotes> votes, NodeId node, wire::Vote message, ring::ViewPtr view,
                          Deadline deadline) {
  const bool mustBeFilled = message.purpose == wire::VoteFor::Fill;
  auto answer = co_await peers_.ask(node, std::move(view), std::move(message), Body(), deadline);
  if (answer) {
    if (mustBeFilled) votes->filled.insert(node);
    votes->said.emplace(node, std::move(answer->answer));
  } else {
    votes->lastError = answer.error().text;
  }
  --votes->running;
  votes->changed.notifyAll();
}

/// Asks those of the nodes that have not said anything yet, and waits until that is enough, or all have answered.
Task<> Copier::poll(std::shared_ptr<FillVotes> votes, std::vector<NodeId> nodes, wire::Vote message, ring::ViewPtr view,
                    Deadline deadline) {
  Executor& executor = co_await currentExecutor();
  const Deadline askBy = executor.now() + (deadline - executor.now()) / 2;
  for (const NodeId node : nodes) {
    if (votes->said.contains(node)) continue;
    ++votes->running;
    gateOf(executor).spawn(askForFill(votes, node, message, view, askBy));
  }
  while (!votes->enough() && votes->running > 0) co_await votes->changed.wait();
}

/// In the complete version those that have filled count. Where too few have, and one of its home nodes is destroyed,
/// what all the others have is all there is (R8). In a later version every answer counts, and what lies here.
Task<Status> Copier::askHomes(std::shared_ptr<FillVotes> votes, std::vector<NodeId> homes, Key key, ring::ViewPtr view,
                              Deadline deadline) {
  Executor& executor = co_await currentExecutor();
  std::vector<NodeId> others = std::move(homes);
  const auto own = static_cast<unsigned>(std::erase(others, membership_.self().node));
  if (!votes->complete) votes->own = own;
  // One that failed lately or is silent is not asked if the others are enough.
  std::vector<NodeId> asked = others;
  std::erase_if(asked, [&](NodeId node) { return !peers_.prompt(node, executor.now()); });
  if (votes->own + asked.size() < votes->needed) asked = others;
  co_await poll(votes, asked, {key, 0, votes->complete ? wire::VoteFor::Fill : wire::VoteFor::FillAny}, view, deadline);
  if (!votes->enough() && !votes->filled.empty() && view->hasLost(partitionOf(key))) {
    votes->own = own;
    votes->needed = own + static_cast<unsigned>(others.size());
    co_await poll(votes, std::move(others), {std::move(key), 0, wire::VoteFor::FillAny}, std::move(view), deadline);
  }
  if (votes->enough()) co_return Status();
  co_return Error{Kind::Unavailable,
                  fmt::format("this node has not filled the key yet, and only {} of the {} nodes needed could say: {}",
                              votes->own + votes->said.size(), votes->needed, votes->lastError)};
}

Task<Status> Copier::fillKeyFrom(std::size_t version, Key key, ring::ViewPtr view, Version& settled,
                                 Deadline deadline) {
  Executor& executor = co_await currentExecutor();
  std::vector<NodeId> homes = view->homesIn(version, partitionOf(key));
  if (homes.empty()) co_return Status();  // all of them are destroyed: there is nothing to fill from
  const auto votes = std::make_shared<FillVotes>(executor);
  votes->needed = settings_.bugs.fillFromOne ? 1 : ring::quorumOf(homes.size());
  votes->complete = version == 0;
  auto asked = co_await askHomes(votes, std::move(homes), key, std::move(view), deadline);
  if (!asked) co_return asked;
  // Who has not answered by now is not waited for: it may be frozen.
  const std::map<NodeId, wire::VoteAnswer> said = votes->said;
  const std::set<NodeId> filled = votes->filled;
  // Nobody's entry counts against what the filled home nodes of the complete version have settled (R12).
  std::vector<mydht::Vote> counted{{nullptr, settled}};
  for (const auto& [node, vote] : said) counted.push_back({vote.entry ? &*vote.entry : nullptr, vote.settled});
  const Entry* const newest = newestOfVotes(counted);
  for (const auto& [node, vote] : said) settled = std::max(settled, vote.settled);
  if (version == 0) {
    auto dropped = co_await dropStale(key, newest, settled, deadline);
    if (!dropped) co_return dropped;
  }
  if (newest == nullptr) co_return Status();
  std::vector<NodeId> holders;
  for (const auto& [node, vote] : said) {
    if (vote.entry && compareEntries(*vote.entry, *newest) == 0) holders.push_back(node);
  }
  std::stable_partition(holders.begin(), holders.end(), [&](NodeId node) { return filled.contains(node); });
  const bool isAuthority = filled.contains(holders.front());
  const Version authority = isAuthority ? std::max(settled, store_.settled(partitionOf(key))) : Version();
  auto fetched = co_await fetch(*newest, holders.front(), wire::From::Fill, authority, deadline);
  co_return fetched;
}

/// What an unfilled node has itself is a copy like any other: up to what others have settled it counts only if they
/// have it too.
Task<Status> Copier::dropStale(Key key, const Entry* newest, Version settled, Deadline deadline) {
  auto own = co_await store_.row(std::move(key), deadline);
  if (!own) co_return own.error();
  if (!*own || (*own)->entry.version > settled) co_return Status();
  if (newest != nullptr && compareEntries(*newest, (*own)->entry) == 0) co_return Status();
  store::Store::StillMay always = [] { return true; };
  auto dropped = co_await store_.drop((*own)->entry, std::move(always), deadline);
  if (!dropped) co_return dropped.error();
  co_return Status();
}

Task<Status> Copier::fillKey(Key key, ring::ViewPtr view, Deadline deadline) {
  Version settled;
  for (std::size_t version = 0; version == 0 || version + 1 < view->active().size(); ++version) {
    auto filled = co_await fillKeyFrom(version, key, view, settled, deadline);
    if (!filled) co_return filled;
  }
  co_return Status();
}

}  // namespace mydht::cluster
