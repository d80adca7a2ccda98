#include "server/cluster/purger.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace mydht::cluster {
namespace {

// Entries asked about in one message: with their heads alone it stays well below limits::kMessageBytes.
constexpr std::size_t kPageBytes = 256 * 1024;
// Copies on their way at once: enough to hide the time of a call, few enough not to be in the clients' way.
constexpr unsigned kCopiesAtOnce = 8;
// Drops that share a sync.
constexpr unsigned kDropsAtOnce = 64;

void addTo(wire::ActionCounts& all, const wire::ActionCounts& some) {
  all.sent += some.sent;
  all.dropped += some.dropped;
  all.droppedBytes += some.droppedBytes;
  all.kept += some.kept;
  all.keptBytes += some.keptBytes;
}

}  // namespace

/// Some entries of one partition and what their home nodes say of them; shared by the tasks that ask and send.
struct Purger::Page {
  explicit Page(Executor& executor) : changed(executor) {}
  ring::ViewPtr view;
  bool dryRun = false;
  std::vector<NodeId> homes;
  std::vector<store::RowPtr> rows;
  std::vector<std::set<NodeId>> holding;  // for each row
  std::vector<std::set<NodeId>> lacking;
  wire::ActionCounts counts;
  Status outcome;       // the first error of this node's disk
  std::string problem;  // the last thing that went wrong elsewhere
  unsigned running = 0;
  Signal changed;

  bool quorum(const std::set<NodeId>& nodes) const {
    return ring::hasQuorum(homes, [&](NodeId node) { return nodes.contains(node); });
  }
};

Purger::Purger(Executor& loop, const Settings& settings, const Membership& membership, Peers& peers, Copier& copier,
               store::Store& store, Journal& journal)
    : loop_(loop),
      settings_(settings),
      membership_(membership),
      peers_(peers),
      copier_(copier),
      store_(store),
      journal_(journal),
      wake_(loop),
      background_(loop) {}

void Purger::stop() {
  stopping_ = true;
  wake_.notifyAll();
}

Status Purger::mayPurge(const Standing& standing) const {
  if (stopping_) return Error{Kind::Stopped, "this node is stopping"};
  if (!membership_.confirmed() || !standing.view)
    return Error{Kind::Unavailable, "this node does not vote in its ring yet: its data may be the last copies"};
  if (!standing.view->newest().list().hasPresent(membership_.self().node))
    return Error{Kind::Unavailable, "this node is no member of its ring: its data may be the last copies"};
  if (standing.view->changing() && !settings_.bugs.purgeWhileChanging)
    return Error{Kind::Unavailable, "the ring is changing: purge when the change is complete"};
  return {};
}

bool Purger::isForeign(const ring::View& view, PartitionId partition) const {
  const NodeId self = membership_.self().node;
  if (settings_.bugs.purgeWhileChanging) return !view.newest().isHome(self, partition);
  const auto isHome = [&](const ring::RingPtr& version) { return version->isHome(self, partition); };
  return std::ranges::none_of(view.active(), isHome);
}

bool Purger::hasForeign() const {
  const StandingPtr standing = membership_.standing();
  if (!mayPurge(*standing)) return false;
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    const store::Totals held = store_.totals(partition);
    if (held.keys + held.tombstones > 0 && isForeign(*standing->view, partition)) return true;
  }
  return false;
}

Task<> Purger::run() {
  if (settings_.timing.purge == Duration(0)) co_return;
  while (!stopping_) {
    if (hasForeign()) {
      auto outcome = co_await purgeNow(false, true);
      const wire::ActionCounts& counts = outcome.counts;
      journal_.note(
          Severity::Info, "purge.done",
          fmt::format("dropped={} bytes={} sent={} kept={}{}", counts.dropped, counts.droppedBytes, counts.sent,
                      counts.kept, outcome.problem.empty() ? "" : fmt::format(" why=\"{}\"", outcome.problem)));
    }
    if (!stopping_) co_await wake_.waitUntil(loop_.now() + settings_.timing.purge);
  }
}

Task<Purger::Outcome> Purger::purge(bool dryRun) {
  auto outcome = co_await purgeNow(dryRun, false);
  co_return outcome;
}

Task<Purger::Outcome> Purger::purgeNow(bool dryRun, bool paced) {
  while (busy_ && !stopping_) co_await wake_.wait();
  busy_ = true;
  Outcome outcome;
  const StandingPtr standing = membership_.standing();
  Status done = mayPurge(*standing);
  for (std::size_t i = 0; i < limits::kPartitions && done; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    if (store_.isEmpty(partition) || !isForeign(*standing->view, partition)) continue;
    auto purged = co_await purgePartition(standing->view, partition, dryRun, paced, outcome);
    // What cannot be read is repaired first, or stays; it keeps nothing else from going.
    const bool damaged = !purged && purged.error().kind == Kind::Corrupt;
    if (damaged) outcome.problem = purged.error().text;
    if (!damaged) done = purged;
  }
  if (outcome.counts.kept > 0 && outcome.problem.empty()) {
    outcome.problem = fmt::format("too few home nodes hold {} entries yet", outcome.counts.kept);
  }
  if (!done) outcome.problem = done.error().text;
  busy_ = false;
  wake_.notifyAll();
  co_return outcome;
}

Task<Status> Purger::purgePartition(ring::ViewPtr view, PartitionId partition, bool dryRun, bool paced,
                                    Outcome& outcome) {
  Key after;
  do {
    const Time begun = loop_.now();
    auto entries = co_await store_.iterate(partition, after, kPageBytes, begun + settings_.timing.call);
    if (!entries) co_return entries.error();
    const auto page = std::make_shared<Page>(loop_);
    page->view = view;
    page->dryRun = dryRun;
    const auto homes = view->newest().homes(partition);
    page->homes.assign(homes.begin(), homes.end());
    page->rows = std::move(entries->rows);
    page->holding.resize(page->rows.size());
    page->lacking.resize(page->rows.size());
    auto purged = co_await purgePage(page, outcome);
    if (!purged) co_return purged;
    after = std::move(entries->after);
    // By itself a purge works at most half of the time.
    const Duration pause = std::min<Duration>(loop_.now() - begun, std::chrono::seconds(1));
    if (paced && !stopping_) co_await sleepUntil(loop_.now() + pause);
  } while (!after.empty());
  co_return Status();
}

Task<Status> Purger::purgePage(PagePtr page, Outcome& outcome) {
  if (stopping_) co_return Error{Kind::Stopped, "this node is stopping"};
  if (membership_.view() != page->view) co_return Error{Kind::Unavailable, "the ring has changed since: purge again"};
  if (!settings_.bugs.purgeUnasked) co_await askHomes(page, page->homes);
  if (page->dryRun) {
    countOnly(*page);
  } else {
    if (!settings_.bugs.purgeUnasked) {
      auto again = co_await sendLacking(page);
      co_await askHomes(page, std::move(again));
    }
    co_await dropHeld(page);
  }
  addTo(outcome.counts, page->counts);
  if (!page->problem.empty()) outcome.problem = page->problem;
  co_return page->outcome;
}

Task<> Purger::askHomes(PagePtr page, std::vector<NodeId> nodes) {
  for (const NodeId node : nodes) {
    ++page->running;
    background_.spawn(askHome(page, node));
  }
  while (page->running > 0) co_await page->changed.wait();
}

Task<> Purger::askHome(PagePtr page, NodeId node) {
  if (!peers_.usable(node)) {
    page->problem = fmt::format("{} did not answer lately", peers_.nameOf(node));
  } else {
    wire::Holds message;
    for (const store::RowPtr& row : page->rows) message.entries.push_back(row->entry);
    const Deadline deadline = loop_.now() + 2 * settings_.timing.call;
    auto answer = co_await peers_.ask(node, page->view, std::move(message), Body(), deadline);
    const bool fits = answer && answer->answer.entries.size() == page->rows.size();
    if (!answer) page->problem = answer.error().text;
    for (std::size_t i = 0; fits && i < page->rows.size(); ++i) {
      const wire::Held held = answer->answer.entries[i];
      if (held == wire::Held::Holds) page->holding[i].insert(node);
      if (held == wire::Held::Lacks) page->lacking[i].insert(node);
      if (held != wire::Held::Lacks) page->lacking[i].erase(node);
      if (held == wire::Held::CannotSay) page->problem = fmt::format("{} is being filled", peers_.nameOf(node));
    }
  }
  --page->running;
  page->changed.notifyAll();
}

/// Sends to each home node what it said it lacks; returns who got something.
Task<std::vector<NodeId>> Purger::sendLacking(PagePtr page) {
  std::set<NodeId> asked;
  for (std::size_t i = 0; i < page->rows.size(); ++i) {
    const std::set<NodeId> nodes = page->lacking[i];
    if (!nodes.empty()) ++page->counts.sent;
    for (const NodeId node : nodes) {
      while (page->running >= kCopiesAtOnce) co_await page->changed.wait();
      ++page->running;
      asked.insert(node);
      background_.spawn(send(page, node, page->rows[i]));
    }
  }
  while (page->running > 0) co_await page->changed.wait();
  co_return std::vector<NodeId>(asked.begin(), asked.end());
}

Task<> Purger::send(PagePtr page, NodeId node, store::RowPtr row) {
  // No mark of this node's counts: it is no home of the key.
  auto sent = co_await copier_.send(std::move(row), node, page->view, wire::From::Repair, Version());
  if (!sent) page->problem = sent.error().text;
  --page->running;
  page->changed.notifyAll();
}

Task<> Purger::dropHeld(PagePtr page) {
  for (std::size_t i = 0; i < page->rows.size(); ++i) {
    if (!settings_.bugs.purgeUnasked && !page->quorum(page->holding[i])) {
      ++page->counts.kept;
      page->counts.keptBytes += page->rows[i]->entry.size;
      continue;
    }
    while (page->running >= kDropsAtOnce) co_await page->changed.wait();
    ++page->running;
    background_.spawn(drop(page, page->rows[i]));
  }
  while (page->running > 0) co_await page->changed.wait();
}

Task<> Purger::drop(PagePtr page, store::RowPtr row) {
  const bool whileChanging = settings_.bugs.purgeWhileChanging;
  const store::Store::StillMay stillMay = [this, page, whileChanging] {
    return whileChanging || membership_.view() == page->view;
  };
  auto dropped = co_await store_.drop(row->entry, stillMay, loop_.now() + settings_.timing.call);
  if (!dropped && page->outcome) page->outcome = dropped.error().within("purge");
  // Not dropped: replaced meanwhile, or the ring has changed. The next purge looks again.
  if (dropped && *dropped) {
    ++page->counts.dropped;
    page->counts.droppedBytes += row->entry.size;
  }
  --page->running;
  page->changed.notifyAll();
}

void Purger::countOnly(Page& page) const {
  for (std::size_t i = 0; i < page.rows.size(); ++i) {
    std::set<NodeId> able = page.holding[i];
    able.insert(page.lacking[i].begin(), page.lacking[i].end());
    if (!page.lacking[i].empty()) ++page.counts.sent;
    const bool goes = page.quorum(able);
    ++(goes ? page.counts.dropped : page.counts.kept);
    (goes ? page.counts.droppedBytes : page.counts.keptBytes) += page.rows[i]->entry.size;
  }
}

}  // namespace mydht::cluster
