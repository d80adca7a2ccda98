// The store's part in dropping tombstones (R12): the marks of its partitions, and what may go below them.

#include <vector>

#include "server/store/store.h"

namespace mydht::store {
namespace {

// Rows in memory while tombstones among them are dropped.
constexpr std::size_t kReapBytes = 64 * 1024;

}  // namespace

/// False: nothing new.
bool Store::noteMarks(PartitionId partition, const Marks& marks) {
  bool settles = false;
  {
    const std::lock_guard lock(marksMutex_);
    Marks& known = marks_[partition];
    const Marks next = mergeMarks(known, marks);
    if (next == known) return false;
    settles = next.settled != known.settled;
    known = next;
  }
  // What may be dropped is not in the digest any more.
  if (settles && counts_[partition].tombstones > 0) trees_.forget(partition);
  return true;
}

Task<Status> Store::raise(std::map<PartitionId, Marks> marks) {
  for (const auto& lane : lanes_) {
    co_await switchTo(lane->executor);
    auto raised = co_await raiseHere(marks, *lane);
    if (!raised) co_return raised;
  }
  co_return Status();
}

Task<Status> Store::raiseHere(const std::map<PartitionId, Marks>& marks, const Lane& lane) {
  Batch batch;
  std::vector<PartitionId> raised;
  for (const auto& [partition, mark] : marks) {
    if (&laneOf(partition) != &lane || !noteMarks(partition, mark)) continue;
    raised.push_back(partition);
    batch.rows.emplace_back(partitionRowName(partition), encodePartitionRow(partitionRow(partition, 0)));
  }
  if (raised.empty()) co_return Status();
  auto committed = co_await commits_.commit(std::move(batch));
  for (const PartitionId partition : raised) {
    if (committed) {
      trees_.synced(partition, 0);
    } else {
      trees_.lost(partition);
    }
  }
  if (!committed) co_return committed.error().within("raise the marks of partitions");
  co_return Status();
}

Task<Result<std::uint64_t>> Store::digestUpTo(PartitionId partition, Version upTo, Deadline deadline) {
  Lane& lane = laneOf(partition);
  co_await switchTo(lane.executor);
  std::vector<PendingPtr> underWay;
  for (const auto& [key, pending] : lane.pending) {
    if (partitionOf(key) == partition) underWay.push_back(pending);
  }
  for (PendingPtr& pending : underWay) {
    auto synced = co_await settle(std::move(pending));
    if (!synced) co_return synced.error();
  }
  std::uint64_t sum = 0;
  EachEntry add = [&sum, &upTo](const Entry& entry, bool reapable) {
    sum += !reapable && entry.version <= upTo ? digestOf(entry) : 0;
  };
  auto added = co_await forEach(partition, std::move(add), deadline);
  if (!added) co_return added.error();
  co_return sum;
}

Task<Result<std::uint64_t>> Store::reap(PartitionId partition, Version upTo, Deadline deadline) {
  std::uint64_t reaped = 0;
  Key after;
  do {
    auto page = co_await iterate(partition, std::move(after), kReapBytes, deadline);
    if (!page) co_return page.error();
    for (const RowPtr& row : page->rows) {
      if (!mayReap(row->entry, upTo)) continue;
      StillMay always = [] { return true; };
      auto dropped = co_await drop(row->entry, std::move(always), deadline);
      if (!dropped) co_return dropped.error();
      reaped += *dropped ? 1 : 0;
    }
    after = std::move(page->after);
  } while (!after.empty());
  co_return reaped;
}

}  // namespace mydht::store
