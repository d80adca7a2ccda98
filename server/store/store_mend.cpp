#include <algorithm>

#include "server/store/store.h"

/// What is written over damaged rows and values, past the one door's comparison: there is nothing left to compare with.
namespace mydht::store {

Task<Result<bool>> Store::mend(Mending mending, Deadline deadline) {
  Lane& lane = laneOf(partitionOf(mending.key));
  co_await switchTo(lane.executor);
  auto mended = co_await compareAndMend(lane, std::move(mending), deadline);
  co_return mended;
}

Task<Result<bool>> Store::compareAndMend(Lane& lane, Mending mending, Deadline deadline) {
  co_await enter(lane, mending.key);
  auto before = co_await held(lane, mending.key, deadline);
  lane.comparing.erase(mending.key);
  lane.compared.notifyAll();
  const bool unreadable = !before && before.error().kind == Kind::Corrupt;
  if (!before && !unreadable) co_return before.error();
  const bool isIt = before && mending.damaged && before->row && !before->pending &&
                    compareEntries(before->row->entry, *mending.damaged) == 0;
  if (!unreadable && !isIt) co_return false;
  if (mending.entry && refusal(*mending.entry, nullptr, wire::From::Repair, mending.settled)) co_return false;

  RowPtr row;
  if (mending.entry) {
    auto made = std::make_shared<Row>();
    made->entry = *mending.entry;
    if (const auto* blob = std::get_if<BlobId>(&mending.value)) {
      made->blob = *blob;
    } else {
      made->value = std::get<Bytes>(mending.value);
    }
    row = std::move(made);
  }
  RowPtr old = isIt ? before->row : unreadableRow(mending);
  auto written = co_await writeAnew(lane, mending.key, std::move(row), old);
  // What takes its place may be an older version, which the cache would leave out.
  if (written && isIt && !(mending.entry && *mending.entry == old->entry)) cache_.dropped(old->entry);
  co_return written;
}

/// A row in the place of one that cannot be read, so that the counts stay about right until the partition is added up
/// again: what was there is most likely what takes its place.
RowPtr Store::unreadableRow(const Mending& mending) const {
  auto row = std::make_shared<Row>();
  row->entry.key = mending.key;
  if (mending.entry) {
    row->entry = *mending.entry;
  } else {
    row->entry.tombstone = counts_[partitionOf(mending.key)].keys == 0;
  }
  return row;
}

Task<Status> Store::rewrite(Key key, Deadline deadline) {
  Lane& lane = laneOf(partitionOf(key));
  co_await switchTo(lane.executor);
  co_await enter(lane, key);
  auto before = co_await held(lane, key, deadline);
  lane.comparing.erase(key);
  lane.compared.notifyAll();
  if (!before) co_return before.error();
  if (!before->row || before->pending) co_return Status();
  auto old = std::make_shared<Row>(*before->row);
  old->blob = 0;  // stays the row's
  auto written = co_await writeAnew(lane, std::move(key), before->row, std::move(old));
  if (!written) co_return written.error();
  co_return Status();
}

Task<Result<bool>> Store::writeAnew(Lane& lane, Key key, RowPtr row, RowPtr old) {
  // What was there before is not known for sure: neither memory nor the partition's row may go by it.
  trees_.forget(partitionOf(key));
  const PendingPtr pending = enlist(lane, std::move(key), std::move(row));
  Batch batch = batchFor(*pending, old);
  auto written = co_await write(lane, pending, std::move(old), std::move(batch));
  if (!written) co_return written.error();
  co_return true;
}

}  // namespace mydht::store
