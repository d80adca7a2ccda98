#include "server/cluster/filler.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/ring/quorum.h"

namespace mydht::cluster {
namespace {

// Partitions asked for in one message: their numbers take 4 KiB, and one mark row for all of them after each is enough
// to resume from after a crash.
constexpr std::size_t kGroup = 2048;
constexpr std::uint32_t kPageBytes = 256 * 1024;
// Fetching a large body goes on as long as it moves; this is only the bound for one that never ends.
constexpr Duration kFetchMost = std::chrono::hours(1);
// Large bodies fetched at once: each has a window of its own at both ends.
constexpr unsigned kFetchesAtOnce = 4;

}  // namespace

Filler::Filler(Executor& loop, const Settings& settings, Membership& membership, Peers& peers, Copier& copier,
               Journal& journal)
    : loop_(loop),
      settings_(settings),
      membership_(membership),
      peers_(peers),
      copier_(copier),
      journal_(journal),
      background_(loop) {}

Task<> Filler::stop() {
  return background_.close();
}

std::map<Filler::Sources, Filler::Group> Filler::missing(const Standing& standing) const {
  std::map<Sources, Group> groups;
  const NodeId self = membership_.self().node;
  const auto& active = standing.view->active();
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    if (standing.filled[i] || !standing.view->newest().isHome(self, partition)) continue;
    Sources sources;
    for (std::size_t version = 0; version == 0 || version + 1 < active.size(); ++version) {
      const auto homes = active[version]->homes(partition);
      sources.emplace_back(homes.begin(), homes.end());
    }
    groups[std::move(sources)].push_back(partition);
  }
  return groups;
}

Task<Status> Filler::fill() {
  const StandingPtr standing = membership_.standing();
  if (!standing->view || !standing->member) co_return Status();
  Status outcome;
  for (const auto& [sources, partitions] : missing(*standing)) {
    for (std::size_t at = 0; at < partitions.size(); at += kGroup) {
      const auto begin = partitions.begin() + static_cast<std::ptrdiff_t>(at);
      Group some(begin, begin + static_cast<std::ptrdiff_t>(std::min(kGroup, partitions.size() - at)));
      auto filled = co_await fillGroup(sources, std::move(some), standing->view);
      if (!filled) outcome = filled;
      if (membership_.view() != standing->view) co_return Status();
    }
  }
  co_return outcome;
}

Task<Status> Filler::fillGroup(Sources sources, Group partitions, ring::ViewPtr view) {
  const std::size_t asked = partitions.size();
  Status outcome;
  for (std::size_t version = 0; version < sources.size(); ++version) {
    auto filled = co_await fillFrom(sources[version], std::move(partitions), version == 0, view);
    if (!filled) co_return filled.error();
    partitions = std::move(*filled);
  }
  if (!partitions.empty()) {
    journal_.note(Severity::Debug, "fill.partitions", fmt::format("count={} of={}", partitions.size(), asked));
    const std::size_t filled = partitions.size();
    auto marked = co_await membership_.markFilled(std::move(partitions), view->newest().name());
    if (!marked || filled == asked) co_return marked;
    partitions.clear();
  }
  co_return Error{Kind::Unavailable,
                  fmt::format("some of {} partitions wait for a quorum of their former home nodes", asked)};
}

Task<Result<Filler::Group>> Filler::fillFrom(std::vector<NodeId> sources, Group partitions, bool filledOnly,
                                             ring::ViewPtr view) {
  const unsigned needed = settings_.bugs.fillFromOne ? 1 : ring::quorumOf(sources.size());
  std::map<PartitionId, unsigned> covered;
  const NodeId self = membership_.self().node;
  if (std::find(sources.begin(), sources.end(), self) != sources.end()) {
    const StandingPtr standing = membership_.standing();
    for (const PartitionId partition : partitions) {
      if (!filledOnly || standing->sources[partition]) ++covered[partition];  // what lies here lies here
    }
  }
  const auto done = [&](PartitionId partition) { return covered[partition] >= needed; };
  for (const NodeId source : peers_.promptFirst(sources, loop_.now())) {
    if (source == self) continue;
    if (std::all_of(partitions.begin(), partitions.end(), done)) break;
    auto cannotSay = co_await copyFrom(source, partitions, filledOnly, view);
    if (!cannotSay) {
      journal_.note(Severity::Info, "fill.source", fmt::format("why=\"{}\"", cannotSay.error().text));
      continue;
    }
    for (const PartitionId partition : partitions) {
      if (!filledOnly || !cannotSay->contains(partition)) ++covered[partition];
    }
  }
  Group filled;
  std::copy_if(partitions.begin(), partitions.end(), std::back_inserter(filled), done);
  co_return filled;
}

Task<Result<std::set<PartitionId>>> Filler::copyFrom(NodeId source, Group partitions, bool filledOnly,
                                                     ring::ViewPtr view) {
  wire::FillPage message{partitions, 0, Key(), kPageBytes, !filledOnly};
  std::set<PartitionId> cannotSay;
  while (true) {
    auto answer = co_await peers_.ask(source, view, message, Body(), loop_.now() + 2 * settings_.timing.call);
    if (!answer) co_return answer.error();
    wire::FillPageAnswer& page = answer->answer;
    cannotSay.insert(page.cannotSay.begin(), page.cannotSay.end());
    const bool over = page.over || page.rows.empty();
    if (!page.rows.empty()) {
      message.after = page.rows.back().entry.key;
      message.startPartition = partitionOf(message.after);
    }
    auto taken = co_await takeAll(source, std::move(page));
    if (!taken) co_return taken.error();
    if (over) co_return cannotSay;
  }
}

/// One page's rows on their way into the store.
struct Filler::Take {
  explicit Take(Executor& executor) : changed(executor) {}
  unsigned running = 0;
  Status outcome;
  Signal changed;
};

Task<Status> Filler::takeAll(NodeId source, wire::FillPageAnswer page) {
  const auto take = std::make_shared<Take>(loop_);
  std::map<PartitionId, Version> settled;
  for (const wire::FillMarks& marks : page.marks) settled[marks.partition] = marks.settled;
  for (wire::FillRow& row : page.rows) {
    while (!row.withValue && take->running >= kFetchesAtOnce) co_await take->changed.wait();
    ++take->running;
    const Version mark = settled[partitionOf(row.entry.key)];
    background_.spawn(takeOne(take, source, std::move(row), mark));
  }
  while (take->running > 0) co_await take->changed.wait();
  co_return take->outcome;
}

Task<> Filler::takeOne(std::shared_ptr<Take> take, NodeId source, wire::FillRow row, Version settled) {
  Status taken;
  const Deadline deadline = loop_.now() + kFetchMost;
  if (row.withValue) {
    auto done = co_await copier_.take(std::move(row.entry), std::move(row.value), wire::From::Fill, settled, deadline);
    taken = done;
  } else {
    auto done = co_await copier_.fetch(std::move(row.entry), source, wire::From::Fill, settled, deadline);
    taken = done;
  }
  --take->running;
  if (!taken) take->outcome = taken;
  take->changed.notifyAll();
}

}  // namespace mydht::cluster
