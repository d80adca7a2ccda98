#include "server/cluster/filler.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <string_view>

#include "common/ring/quorum.h"

namespace mydht::cluster {
namespace {

// Partitions asked for in one message: one mark row for all of them after each is enough to resume from after a crash,
// and few enough that people see it go on.
constexpr std::size_t kGroup = 512;
constexpr std::uint32_t kPageBytes = 512 * 1024;
// Small values of one group on their way into the store: the next page is asked for while the last ones are synced.
constexpr std::size_t kTakenAtOnce = 2 * 1024 * 1024;
// Fetching a large body goes on as long as it moves; this is only the bound for one that never ends.
constexpr Duration kFetchMost = std::chrono::hours(1);
// Large bodies of one group fetched at once: each has a window of its own at both ends, and most of their time they
// wait for a sync.
constexpr unsigned kFetchesAtOnce = 16;
// Groups filled at once: while one waits for its second source or for its mark, others move.
constexpr unsigned kGroupsAtOnce = 4;
// What a filled source holds counts whatever this node's own marks say: they may be of an earlier life, and what it has
// is a copy like any other until it is filled.
constexpr Version kAuthority{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::uint32_t>::max(), 0, 0};
// How often the journal says how far it is.
constexpr Duration kTellEvery = std::chrono::seconds(5);

}  // namespace

Filler::Filler(Executor& loop, const Settings& settings, Membership& membership, Peers& peers, Copier& copier,
               store::Store& store, Journal& journal)
    : loop_(loop),
      settings_(settings),
      membership_(membership),
      peers_(peers),
      copier_(copier),
      store_(store),
      journal_(journal),
      background_(loop),
      throttle_(loop, settings.fillBytesPerSecond) {}

Task<> Filler::stop() {
  throttle_.stop();
  return background_.close();
}

wire::Move Filler::move() const {
  const std::lock_guard lock(mutex_);
  return move_;
}

void Filler::begin(std::size_t partitions) {
  const std::lock_guard lock(mutex_);
  if (partitions == 0) {
    move_ = {};
    return;
  }
  // What was begun and is tried again goes on counting.
  if (move_.partitions - move_.done == partitions) return;
  move_ = {static_cast<std::uint32_t>(partitions), 0, 0, 0, 0};
  began_ = loop_.now();
  told_ = began_;
}

void Filler::count(std::size_t partitions, std::uint64_t bytes) {
  using Seconds = std::chrono::duration<double>;
  const double seconds = std::max(0.001, Seconds(loop_.now() - began_).count());
  const std::lock_guard lock(mutex_);
  move_.done = std::min(move_.partitions, move_.done + static_cast<std::uint32_t>(partitions));
  move_.bytes += bytes;
  move_.bytesPerSecond = static_cast<std::uint64_t>(static_cast<double>(move_.bytes) / seconds);
  const double left = move_.done == 0 ? 0 : seconds * (move_.partitions - move_.done) / move_.done;
  move_.secondsLeft = static_cast<std::uint32_t>(std::min(left, 1e9));
}

void Filler::tell() {
  const wire::Move move = this->move();
  const bool over = move.done == move.partitions;
  if (!over && loop_.now() < told_ + kTellEvery) return;
  told_ = loop_.now();
  journal_.note(Severity::Info, over ? "fill.done" : "fill.progress",
                fmt::format("partitions={} of={} bytes={} bytes_per_second={} seconds_left={}", move.done,
                            move.partitions, move.bytes, move.bytesPerSecond, move.secondsLeft));
}

std::map<Filler::Sources, Filler::Group> Filler::missing(const Standing& standing) const {
  std::map<Sources, Group> groups;
  if (standing.toFill == 0) return groups;  // nearly always: the partitions need not be looked at one by one
  const NodeId self = membership_.self().node;
  const std::size_t versions = standing.view->active().size();
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    const bool owed = standing.owed[i];
    if ((standing.filled[i] && !owed) || !standing.view->newest().isHome(self, partition)) continue;
    Sources sources;
    sources.held = owed;
    for (std::size_t version = 0; version == 0 || version + 1 < versions; ++version) {
      sources.homes.push_back(standing.view->homesIn(version, partition));
    }
    groups[std::move(sources)].push_back(partition);
  }
  return groups;
}

/// The groups that are left, shared by the tasks that fill them one after the other.
struct Filler::Work {
  explicit Work(Executor& executor) : changed(executor) {}
  std::deque<std::pair<Sources, Group>> groups;
  unsigned running = 0;
  Status outcome;
  Signal changed;
};

Task<Status> Filler::fill() {
  const StandingPtr standing = membership_.standing();
  if (!standing->view || !standing->member) co_return Status();
  const auto work = std::make_shared<Work>(loop_);
  std::size_t all = 0;
  for (const auto& [sources, partitions] : missing(*standing)) {
    all += partitions.size();
    for (std::size_t at = 0; at < partitions.size(); at += kGroup) {
      const auto begin = partitions.begin() + static_cast<std::ptrdiff_t>(at);
      Group some(begin, begin + static_cast<std::ptrdiff_t>(std::min(kGroup, partitions.size() - at)));
      work->groups.emplace_back(sources, std::move(some));
    }
  }
  begin(all);
  silent_.clear();
  for (; work->running < kGroupsAtOnce; ++work->running) background_.spawn(fillGroups(work, standing->view));
  while (work->running > 0) co_await work->changed.wait();
  co_return membership_.view() == standing->view ? work->outcome : Status();
}

Task<> Filler::fillGroups(std::shared_ptr<Work> work, ring::ViewPtr view) {
  while (!work->groups.empty() && membership_.view() == view) {
    auto [sources, partitions] = std::move(work->groups.front());
    work->groups.pop_front();
    auto filled = co_await fillGroup(std::move(sources), std::move(partitions), view);
    if (!filled) work->outcome = filled;
  }
  --work->running;
  work->changed.notifyAll();
}

Task<Status> Filler::fillGroup(Sources sources, Group partitions, ring::ViewPtr view) {
  const std::size_t asked = partitions.size();
  for (std::size_t version = 0; version < sources.homes.size(); ++version) {
    const Reading reading{version == 0, sources.held || version > 0};
    auto filled = co_await fillFrom(sources.homes[version], std::move(partitions), reading, view);
    if (!filled) co_return filled.error();
    partitions = std::move(*filled);
  }
  if (!partitions.empty()) {
    const std::size_t filled = partitions.size();
    auto marked = co_await membership_.markFilled(std::move(partitions), view);
    if (marked) {
      count(filled, 0);
      tell();
    }
    if (!marked || filled == asked) co_return marked;
  }
  co_return Error{Kind::Unavailable,
                  fmt::format("some of {} partitions wait for a quorum of their former home nodes", asked)};
}

/// How many of one version's home nodes what lies here covers, partition by partition, and what those that answered
/// have not filled themselves.
struct Filler::Coverage {
  unsigned homes = 0;
  unsigned needed = 0;
  std::map<PartitionId, unsigned> by;
  std::vector<std::pair<NodeId, std::set<PartitionId>>> unfilled;

  bool covers(PartitionId partition) { return by[partition] >= needed; }
};

Task<Result<Filler::Group>> Filler::fillFrom(std::vector<NodeId> sources, Group partitions, Reading reading,
                                             ring::ViewPtr view) {
  if (sources.empty()) co_return partitions;  // all of them are destroyed: there is nothing to fill from
  Coverage coverage;
  coverage.homes = static_cast<unsigned>(sources.size());
  coverage.needed = settings_.bugs.fillFromOne ? 1 : ring::quorumOf(sources.size());
  const NodeId self = membership_.self().node;
  if (std::find(sources.begin(), sources.end(), self) != sources.end()) {
    const StandingPtr standing = membership_.standing();
    std::set<PartitionId> unfilled;
    for (const PartitionId partition : partitions) {
      const bool counts = !reading.filledOnly || standing->sources[partition];  // what lies here lies here
      if (counts) ++coverage.by[partition];
      if (!counts) unfilled.insert(partition);
    }
    coverage.unfilled.emplace_back(self, std::move(unfilled));
  }
  // One that did not answer for a group is asked last for the others: each would wait for it anew.
  std::vector<NodeId> order = peers_.promptFirst(sources, loop_.now());
  std::stable_partition(order.begin(), order.end(), [&](NodeId source) { return !silent_.contains(source); });
  for (const NodeId source : order) {
    if (source == self) continue;
    if (std::ranges::all_of(partitions, [&](PartitionId partition) { return coverage.covers(partition); })) break;
    auto cannotSay = co_await copyFrom(source, partitions, reading, view);
    if (!cannotSay) {
      silent_.insert(source);
      journal_.note(Severity::Info, "fill.source", fmt::format("why=\"{}\"", cannotSay.error().text));
      continue;
    }
    // The next one has nearly the same: what differs is worth sending.
    reading.entriesOnly = true;
    for (const PartitionId partition : partitions) {
      if (!reading.filledOnly || !cannotSay->contains(partition)) ++coverage.by[partition];
    }
    if (reading.filledOnly) coverage.unfilled.emplace_back(source, std::move(*cannotSay));
  }
  if (reading.filledOnly) co_await fillFromUnfilled(coverage, partitions, view);
  Group filled;
  std::ranges::copy_if(partitions, std::back_inserter(filled),
                       [&](PartitionId partition) { return coverage.covers(partition); });
  co_return filled;
}

/// Where too few have filled, and a home node of the complete version is destroyed, what all the others have is all
/// there is, as long as one of them has filled (R8).
Task<> Filler::fillFromUnfilled(Coverage& coverage, const Group& partitions, ring::ViewPtr view) {
  const NodeId self = membership_.self().node;
  std::map<PartitionId, unsigned> all = coverage.by;
  for (const auto& [source, unfilled] : coverage.unfilled) {
    Group some;
    std::ranges::copy_if(partitions, std::back_inserter(some), [&, &lacks = unfilled](PartitionId partition) {
      return lacks.contains(partition) && view->hasLost(partition) && coverage.by[partition] > 0 &&
             !coverage.covers(partition);
    });
    if (some.empty()) continue;
    if (source != self) {
      auto copied = co_await copyFrom(source, some, {false, true}, view);
      if (!copied) {
        journal_.note(Severity::Info, "fill.source", fmt::format("why=\"{}\"", copied.error().text));
        continue;
      }
    }
    for (const PartitionId partition : some) {
      if (++all[partition] == coverage.homes) coverage.by[partition] = coverage.needed;
    }
  }
}

/// Rows of one source on their way into the store.
struct Filler::Take {
  explicit Take(Executor& executor) : changed(executor) {}
  unsigned running = 0;
  unsigned fetching = 0;   // those of them whose value is fetched by itself
  std::size_t taking = 0;  // bytes of the others' values
  Status outcome;
  Signal changed;
};

Task<Result<std::set<PartitionId>>> Filler::copyFrom(NodeId source, Group partitions, Reading reading,
                                                     ring::ViewPtr view) {
  const auto take = std::make_shared<Take>(loop_);
  auto cannotSay = co_await readPages(take, source, std::move(partitions), reading, std::move(view));
  while (take->running > 0) co_await take->changed.wait();
  if (!take->outcome) co_return take->outcome.error();
  co_return cannotSay;
}

Task<Result<std::set<PartitionId>>> Filler::readPages(std::shared_ptr<Take> take, NodeId source, Group partitions,
                                                      Reading reading, ring::ViewPtr view) {
  wire::FillPage message{partitions, 0, Key(), kPageBytes, !reading.filledOnly, reading.entriesOnly};
  std::set<PartitionId> cannotSay;
  while (true) {
    auto answer = co_await peers_.ask(source, view, message, Body(), loop_.now() + 2 * settings_.timing.call);
    if (!answer) co_return answer.error();
    wire::FillPageAnswer& page = answer->answer;
    cannotSay.insert(page.cannotSay.begin(), page.cannotSay.end());
    if (!page.over && page.rows.empty()) {
      co_return Error{Kind::Corrupt, fmt::format("{} sent a page that does not go on", peers_.nameOf(source))};
    }
    const bool over = page.over;
    if (reading.filledOnly && !settings_.bugs.marksStayBehind) {
      auto heard = co_await hearMarks(message, page);
      if (!heard) co_return heard.error();
    }
    if (!page.rows.empty()) {
      message.after = page.rows.back().entry.key;
      message.startPartition = partitionOf(message.after);
    }
    co_await beginTaking(take, source, std::move(page.rows), reading.filledOnly ? kAuthority : Version());
    tell();
    if (over || !take->outcome) co_return cannotSay;
  }
}

/// The marks of the source's partitions are this node's from now on, before any of their entries, so that nobody else
/// can bring what was dropped; and what lies here against them goes (R12): a former home may have slept through a
/// deletion.
Task<Status> Filler::hearMarks(const wire::FillPage& asked, const wire::FillPageAnswer& page) {
  std::map<PartitionId, Marks> marks;
  for (const wire::FillMarks& one : page.marks) marks[one.partition] = {one.closed, one.settled};
  if (marks.empty()) co_return Status();
  auto raised = co_await store_.raise(std::move(marks));
  co_await switchTo(loop_);
  if (!raised) co_return raised;
  for (const wire::FillMarks& one : page.marks) {
    if (one.settled == Version() || store_.isEmpty(one.partition)) continue;
    auto dropped = co_await dropStale(asked, page, one);
    co_await switchTo(loop_);
    if (!dropped) co_return dropped;
  }
  co_return Status();
}

/// Of the part of a partition that the page covers, drops what lies here up to its mark and not at the source.
Task<Status> Filler::dropStale(const wire::FillPage& asked, const wire::FillPageAnswer& page,
                               const wire::FillMarks& marks) {
  const bool isLast = !page.over && !page.rows.empty() && partitionOf(page.rows.back().entry.key) == marks.partition;
  // A page that broke off before this partition's first entry says nothing of it: the next one does.
  if (!page.over && !page.rows.empty() && partitionOf(page.rows.back().entry.key) < marks.partition) co_return Status();
  std::set<std::string_view> theirs;
  for (const wire::FillRow& row : page.rows) theirs.insert(row.entry.key);
  Key after = marks.partition == asked.startPartition ? asked.after : Key();
  const Deadline deadline = loop_.now() + kFetchMost;
  do {
    auto rows = co_await store_.iterate(marks.partition, std::move(after), kPageBytes, deadline);
    if (!rows) co_return rows.error().within("compare with what this node has already");
    for (const store::RowPtr& row : rows->rows) {
      const Key& key = row->entry.key;
      if (isLast && key > page.rows.back().entry.key) co_return Status();
      if (row->entry.version > marks.settled || theirs.contains(key)) continue;
      store::Store::StillMay always = [] { return true; };
      auto dropped = co_await store_.drop(row->entry, std::move(always), deadline);
      if (!dropped) co_return dropped.error();
    }
    after = std::move(rows->after);
  } while (!after.empty());
  co_return Status();
}

Task<> Filler::beginTaking(std::shared_ptr<Take> take, NodeId source, std::vector<wire::FillRow> rows,
                           Version settled) {
  std::uint64_t came = 0;
  for (wire::FillRow& row : rows) {
    ++take->running;
    if (row.withValue) {
      while (take->taking >= kTakenAtOnce) co_await take->changed.wait();
      take->taking += row.value.size();
      came += row.entry.key.size() + row.value.size();
      background_.spawn(takeOne(take, std::move(row), settled));
    } else {
      while (take->fetching >= kFetchesAtOnce) co_await take->changed.wait();
      ++take->fetching;
      background_.spawn(fetchOne(take, source, std::move(row.entry), settled));
    }
  }
  count(0, came);
  co_await throttle_.pay(came);
}

Task<> Filler::takeOne(std::shared_ptr<Take> take, wire::FillRow row, Version settled) {
  const std::size_t size = row.value.size();
  const Deadline deadline = loop_.now() + kFetchMost;
  auto taken = co_await copier_.take(std::move(row.entry), std::move(row.value), wire::From::Fill, settled, deadline);
  take->taking -= size;
  --take->running;
  if (!taken) take->outcome = taken;
  take->changed.notifyAll();
}

Task<> Filler::fetchOne(std::shared_ptr<Take> take, NodeId source, Entry entry, Version settled) {
  auto fetched = co_await fetch(source, std::move(entry), settled);
  --take->fetching;
  --take->running;
  if (!fetched) take->outcome = fetched;
  take->changed.notifyAll();
}

Task<Status> Filler::fetch(NodeId source, Entry entry, Version settled) {
  const Deadline deadline = loop_.now() + kFetchMost;
  auto here = co_await copier_.holds(entry, deadline);
  if (!here) co_return here.error();
  if (*here) co_return Status();
  // A large one is paid for ahead, so that several of them do not come at once.
  co_await throttle_.pay(entry.size);
  count(0, entry.size);
  auto done = co_await copier_.fetch(std::move(entry), source, wire::From::Fill, settled, deadline);
  co_return done;
}

}  // namespace mydht::cluster
