#include "server/store/store.h"

#include <algorithm>

#include "common/version/marks.h"
#include "server/store/watched_blob.h"

namespace mydht::store {
namespace {

constexpr std::size_t kScanBytes = 1024 * 1024;
// Rows in memory while digests are added up; a partition of a million keys' ring takes one such page.
constexpr std::size_t kSumBytes = 256 * 1024;

wire::OfferAnswer answer(wire::OfferOutcome outcome, const RowPtr& held, Version limit = {}) {
  wire::OfferAnswer result;
  result.outcome = outcome;
  if (held) result.held = held->entry;
  result.limit = limit;
  return result;
}

/// Whether the row that this makes can be read again: whoever stores what cannot makes its key unreadable for good.
Status canBeRow(const Entry& entry, const Value& value) {
  const auto* const bytes = std::get_if<Bytes>(&value);
  const bool sizesAgree = bytes == nullptr ? !entry.tombstone : bytes->size() == entry.size;
  const bool fits = !entry.key.empty() && entry.key.size() <= limits::kKeyBytes &&
                    entry.contentType.size() <= limits::kContentTypeBytes &&
                    (bytes == nullptr || bytes->size() <= limits::kInlineBytes);
  const bool emptyIfDeleted = !entry.tombstone || entry.size == 0;
  if (sizesAgree && fits && emptyIfDeleted && limits::isTime(entry.version.physicalMicros)) return {};
  return Error{Kind::BadRequest, "an entry that does not match its value or is beyond the limits"};
}

Error refusedBy(const Error& failure) {
  return {Kind::Unavailable, "this node's disk has failed and stores nothing until a restart: " + failure.text};
}

RowPtr makeRow(Entry entry, const Value& value) {
  auto row = std::make_shared<Row>();
  row->entry = std::move(entry);
  if (const auto* blob = std::get_if<BlobId>(&value)) {
    row->blob = *blob;
  } else {
    row->value = std::get<Bytes>(value);
  }
  return row;
}

}  // namespace

Store::Store(StoreSettings settings, Disk& disk, Commits& commits, const Clock& clock,
             const std::vector<Executor*>& loops)
    : settings_(settings),
      disk_(disk),
      commits_(commits),
      clock_(clock),
      cache_(settings.cacheBytes),
      counts_(limits::kPartitions) {
  for (Executor* const loop : loops) lanes_.push_back(std::make_unique<Lane>(*loop));
}

Store::~Store() {
  for (const auto& lane : lanes_) MYDHT_ASSERT(lane->comparing.empty());
}

Task<Status> Store::open(Deadline deadline) {
  std::string from = "p";
  while (!from.empty()) {
    auto page = co_await disk_.scan(from, "q", kScanBytes, deadline);
    if (!page) co_return page.error().within("read the partitions' counts");
    for (const auto& [name, content] : page->rows) {
      auto row = decodePartitionRow(content.view());
      if (!row || name.size() != 3) co_return Error{Kind::Corrupt, "a damaged partition row"};
      const auto partition =
          static_cast<PartitionId>(static_cast<unsigned char>(name[1]) << 8 | static_cast<unsigned char>(name[2]));
      if (partition >= limits::kPartitions) co_return Error{Kind::Corrupt, "a damaged partition row"};
      counts_[partition].keys = row->keys;
      counts_[partition].tombstones = row->tombstones;
      counts_[partition].bytes = row->bytes;
      counts_[partition].any = true;
      all_.keys += row->keys;
      all_.tombstones += row->tombstones;
      all_.bytes += row->bytes;
      trees_.load(partition, row->digest);
      if (row->closed != Version() || row->settled != Version()) marks_[partition] = {row->closed, row->settled};
    }
    from = page->next;
  }
  co_return Status();
}

std::optional<Result<RowPtr>> Store::tryRow(std::string_view key) {
  if (settings_.showUnsynced) {
    const auto& pending = laneOf(partitionOf(key)).pending;
    if (const auto at = pending.find(Key(key)); at != pending.end()) return Result<RowPtr>(at->second->row);
  }
  if (RowPtr cached = cache_.find(key)) return Result<RowPtr>(std::move(cached));
  if (isEmpty(partitionOf(key))) return Result<RowPtr>(RowPtr());
  const ValueCache::Ticket ticket = cache_.ticket(key);
  const std::string name = entryRowName(key);
  auto content = disk_.tryGet(name);
  if (!content) return std::nullopt;
  if (!*content) return Result<RowPtr>(content->error());
  if (!content->value()) return Result<RowPtr>(RowPtr());
  auto row = decodeEntryRow(name, (*content)->value().view());
  if (row) cache_.putRead(*row, ticket);
  if (!row) damage_->note(Key(key));
  return row;
}

Task<Result<RowPtr>> Store::row(Key key, Deadline deadline) {
  auto here = tryRow(key);
  if (here) co_return std::move(*here);
  const ValueCache::Ticket ticket = cache_.ticket(key);
  const std::string name = entryRowName(key);
  auto content = co_await disk_.get(name, deadline);
  if (!content && content.error().kind == Kind::Corrupt) damage_->note(key);
  if (!content) co_return content.error().within("read the entry of a key");
  if (!content->has_value()) co_return RowPtr();
  auto row = decodeEntryRow(name, (*content)->view());
  if (row) cache_.putRead(*row, ticket);
  if (!row) damage_->note(key);
  co_return row;
}

Task<Result<Body>> Store::body(RowPtr row, std::uint64_t offset, std::uint64_t length, Deadline deadline) {
  if (offset > row->entry.size || length > row->entry.size - offset) {
    co_return Error{Kind::BadRequest, "a range beyond the value's end"};
  }
  if (row->blob == 0) {
    co_return Body(row->value.part(static_cast<std::size_t>(offset), static_cast<std::size_t>(length)));
  }
  auto blob = co_await disk_.openBlob(row->blob, deadline);
  if (!blob && blob.error().kind == Kind::Corrupt) damage_->note(row->entry.key);
  if (!blob) co_return blob.error().within("open a value's file");
  if ((*blob)->size() != row->entry.size) {
    damage_->note(row->entry.key);
    co_return Error{Kind::Corrupt, "a value's file has another size than its entry"};
  }
  Region region{std::make_shared<const WatchedBlob>(std::move(*blob), row->entry.key, damage_), offset, length};
  co_return Body(std::move(region));
}

Task<Result<wire::OfferAnswer>> Store::offer(Entry entry, Value value, wire::From from, Version senderSettled,
                                             Deadline deadline) {
  if (const Status sound = canBeRow(entry, value); !sound) co_return sound.error();
  if (const auto failure = disk_.failure()) co_return refusedBy(*failure);
  Lane& lane = laneOf(partitionOf(entry.key));
  co_await switchTo(lane.executor);
  auto result = co_await compareAndWrite(lane, std::move(entry), std::move(value), from, senderSettled, deadline);
  co_return result;
}

Task<> Store::enter(Lane& lane, Key key) {
  while (lane.comparing.contains(key)) co_await lane.compared.wait();
  lane.comparing.insert(std::move(key));
}

Task<Result<Store::Held>> Store::held(Lane& lane, Key key, Deadline deadline) {
  if (const auto at = lane.pending.find(key); at != lane.pending.end()) co_return Held{at->second->row, at->second};
  auto found = co_await row(std::move(key), deadline);
  if (!found) co_return found.error();
  co_return Held{*found, nullptr};
}

std::optional<wire::OfferAnswer> Store::refusal(const Entry& entry, const RowPtr& held, wire::From from,
                                                const Version& senderSettled) const {
  if (settings_.ignoreMarks) return std::nullopt;
  const PartitionId partition = partitionOf(entry.key);
  if (from != wire::From::Client) {
    const Version mark = settled(partition);
    if (!mayTakeCopy(entry.version, senderSettled, mark)) return answer(wire::OfferOutcome::Settled, held, mark);
    return std::nullopt;
  }
  const Version mark = closed(partition);
  if (!mayTakeClientWrite(entry.version, mark)) return answer(wire::OfferOutcome::Closed, held, mark);
  const Version stored = held ? held->entry.version : Version();
  if (isTooFarAhead(entry.version, clock_.wallMicros(), stored, mark)) {
    const std::int64_t latest = std::max({clock_.wallMicros(), stored.physicalMicros, mark.physicalMicros});
    return answer(wire::OfferOutcome::TooFar, held, Version{latest, 0, 0, 0});
  }
  return std::nullopt;
}

Task<Result<wire::OfferAnswer>> Store::compareAndWrite(Lane& lane, Entry entry, Value value, wire::From from,
                                                       Version senderSettled, Deadline deadline) {
  const Key key = entry.key;
  co_await enter(lane, key);
  auto before = co_await held(lane, key, deadline);
  lane.comparing.erase(key);
  lane.compared.notifyAll();
  // What is held cannot be read: nothing was changed.
  if (!before) co_return Error{Kind::Unavailable, before.error().text};

  if (auto refused = refusal(entry, before->row, from, senderSettled)) co_return std::move(*refused);
  const auto order = before->row ? compareEntries(entry, before->row->entry) : std::strong_ordering::greater;
  if (order <= 0 && !(settings_.lastArrivalWins && order < 0)) {
    if (before->pending) {
      auto synced = co_await settle(before->pending);
      if (!synced) co_return synced.error();
    }
    if (order < 0) co_return answer(wire::OfferOutcome::Newer, before->row);
    if (const auto* blob = std::get_if<BlobId>(&value)) disk_.discardBlob(*blob);
    co_return answer(wire::OfferOutcome::Accepted, before->row);
  }

  if (const Status may = mayStore(entry, value, from); !may) co_return may.error();
  const PendingPtr pending = enlist(lane, key, makeRow(std::move(entry), value));
  Batch batch = batchFor(*pending, before->row);
  auto written = co_await write(lane, pending, before->row, std::move(batch));
  if (!written) co_return written.error();
  co_return answer(wire::OfferOutcome::Accepted, before->row);
}

/// A full disk still takes deletes, what was staged while there was room, and some repairs: gets depend on those.
Status Store::mayStore(const Entry& entry, const Value& value, wire::From from) const {
  if (entry.tombstone || std::holds_alternative<BlobId>(value) || disk_.freeBytes() > 0) return {};
  if (from == wire::From::Repair && disk_.space().spare > 0) return {};
  return Error{Kind::NoSpace, "the disk is full"};
}

Task<Result<bool>> Store::drop(Entry entry, StillMay stillMay, Deadline deadline) {
  Lane& lane = laneOf(partitionOf(entry.key));
  co_await switchTo(lane.executor);
  auto result = co_await compareAndDrop(lane, std::move(entry), std::move(stillMay), deadline);
  co_return result;
}

Task<Result<bool>> Store::compareAndDrop(Lane& lane, Entry entry, StillMay stillMay, Deadline deadline) {
  co_await enter(lane, entry.key);
  auto before = co_await held(lane, entry.key, deadline);
  lane.comparing.erase(entry.key);
  lane.compared.notifyAll();
  if (!before) co_return before.error();
  const bool isIt = before->row && !before->pending && compareEntries(before->row->entry, entry) == 0;
  if (!isIt || !stillMay()) co_return false;

  const PendingPtr pending = enlist(lane, std::move(entry.key), nullptr);
  Batch batch = batchFor(*pending, before->row);
  auto written = co_await write(lane, pending, before->row, std::move(batch));
  if (!written) co_return written.error();
  co_return true;
}

Store::PendingPtr Store::enlist(Lane& lane, Key key, RowPtr row) {
  auto pending = std::make_shared<Pending>(lane.executor);
  pending->key = std::move(key);
  pending->row = std::move(row);
  lane.pending.insert_or_assign(pending->key, pending);
  return pending;
}

/// What a row adds to its partition's digest.
std::uint64_t Store::digestIn(PartitionId partition, const Row* row) const {
  return row == nullptr || mayReap(row->entry, settled(partition)) ? 0 : digestOf(row->entry);
}

Batch Store::batchFor(Pending& pending, const RowPtr& old) {
  const Key& key = pending.key;
  const Row* const row = pending.row.get();
  const PartitionId partition = partitionOf(key);
  Batch batch;
  const bool stays = row != nullptr;
  batch.rows.emplace_back(entryRowName(key), stays ? std::optional(encodeEntryRow(*row)) : std::nullopt);
  batch.rows.emplace_back(listRowName(key), stays ? std::optional(encodeListRow(row->entry)) : std::nullopt);
  if (stays && row->blob != 0) batch.publishes.push_back(row->blob);
  if (old && old->blob != 0) batch.drops.push_back(old->blob);

  count(partition, old.get(), row);
  pending.change = digestIn(partition, row) - digestIn(partition, old.get());
  batch.rows.emplace_back(partitionRowName(partition), encodePartitionRow(partitionRow(partition, pending.change)));
  return batch;
}

/// What the partition's row is to say once a write that changes its digest so is on the disk.
PartitionRow Store::partitionRow(PartitionId partition, std::uint64_t change) {
  const Counts& counts = counts_[partition];
  return {closed(partition), settled(partition), counts.keys,
          counts.tombstones, counts.bytes,       trees_.begin(partition, change)};
}

void Store::count(PartitionId partition, const Row* old, const Row* row) {
  if (row != nullptr) counts_[partition].any = true;
  for (Counts* const counts : {&counts_[partition], &all_}) {
    if (old != nullptr) {
      --(old->entry.tombstone ? counts->tombstones : counts->keys);
      counts->bytes -= old->entry.size;
    }
    if (row == nullptr) continue;
    ++(row->entry.tombstone ? counts->tombstones : counts->keys);
    counts->bytes += row->entry.size;
  }
}

/// What was counted for a row that could not be read was a guess.
void Store::recount(PartitionId partition, const Totals& totals) {
  Counts& counts = counts_[partition];
  all_.keys += totals.keys - counts.keys;
  all_.tombstones += totals.tombstones - counts.tombstones;
  all_.bytes += totals.bytes - counts.bytes;
  counts.keys = totals.keys;
  counts.tombstones = totals.tombstones;
  counts.bytes = totals.bytes;
}

Task<Status> Store::write(Lane& lane, PendingPtr pending, RowPtr old, Batch batch) {
  const RowPtr row = pending->row;
  const PartitionId partition = partitionOf(pending->key);
  if (row) commits_.noteVersion(row->entry.version);
  auto committed = co_await commits_.commit(std::move(batch));
  if (committed) {
    trees_.synced(partition, pending->change);
    if (row) {
      cache_.putWritten(row);
    } else {
      cache_.dropped(old->entry);
    }
  } else {
    trees_.lost(partition);
    pending->result = committed.error();
    // Whether the batch is there after a restart nobody knows: a full disk too must not look like "surely not".
    if (committed.error().kind != Kind::Stopped) pending->result = Error{Kind::Io, committed.error().text};
  }
  pending->over = true;
  const auto at = lane.pending.find(pending->key);
  if (at != lane.pending.end() && at->second == pending) lane.pending.erase(at);
  pending->done.notifyAll();
  co_return pending->result;
}

Task<Status> Store::settle(PendingPtr pending) {
  while (!pending->over) co_await pending->done.wait();
  co_return pending->result;
}

Task<Result<EntryPage>> Store::iterate(PartitionId partition, Key after, std::size_t mostBytes, Deadline deadline) {
  const bool fromStart = after.empty();
  auto page = co_await disk_.scan(entryRowAfter(partition, after), entryRowsEnd(partition), mostBytes, deadline);
  if (!page && page.error().kind == Kind::Corrupt) damage_->noteScan(partition);
  if (!page) co_return page.error().within("read the entries of a partition");
  EntryPage result;
  for (const auto& [name, content] : page->rows) {
    auto row = decodeEntryRow(name, content.view());
    if (!row) damage_->note(keyOfEntryRow(name));
    if (!row) co_return row.error();
    result.rows.push_back(std::move(*row));
  }
  if (!page->next.empty() && !result.rows.empty()) result.after = result.rows.back()->entry.key;
  if (fromStart && result.after.empty()) damage_->noteSound(partition);
  co_return result;
}

bool Store::isEmpty(PartitionId partition) const {
  return !counts_[partition].any;
}

Task<Status> Store::forEach(PartitionId partition, EachEntry each, Deadline deadline) {
  Key after;
  do {
    auto page = co_await iterate(partition, std::move(after), kSumBytes, deadline);
    if (!page) co_return page.error();
    const Version mark = settled(partition);
    for (const RowPtr& row : page->rows) each(row->entry, mayReap(row->entry, mark));
    after = std::move(page->after);
  } while (!after.empty());
  damage_->noteSound(partition);
  co_return Status();
}

Task<Result<std::uint64_t>> Store::digest(PartitionId partition, Deadline deadline) {
  const auto known = trees_.digest(partition);
  if (known) co_return *known;
  co_await switchTo(laneOf(partition).executor);
  const auto before = trees_.beforeScan(partition);
  if (before) {
    std::uint64_t sum = 0;
    Totals totals;
    EachEntry add = [&sum, &totals](const Entry& entry, bool reapable) {
      sum += reapable ? 0 : digestOf(entry);
      ++(entry.tombstone ? totals.tombstones : totals.keys);
      totals.bytes += entry.size;
    };
    auto added = co_await forEach(partition, std::move(add), deadline);
    if (!added) co_return added.error();
    if (trees_.settle(partition, *before, sum)) {
      recount(partition, totals);
      co_return sum;
    }
  }
  co_return Error{Kind::Unavailable, "a partition's digest cannot be added up while it is written to"};
}

Task<Result<std::vector<std::uint64_t>>> Store::leaves(PartitionId partition, unsigned bits, Deadline deadline) {
  std::vector<std::uint64_t> sums(std::size_t{1} << bits);
  EachEntry add = [&sums, bits](const Entry& entry, bool reapable) {
    sums[leafOf(entry.key, bits)] += reapable ? 0 : digestOf(entry);
  };
  auto added = co_await forEach(partition, std::move(add), deadline);
  if (!added) co_return added.error();
  co_return sums;
}

Version Store::settled(PartitionId partition) const {
  const std::lock_guard lock(marksMutex_);
  const auto at = marks_.find(partition);
  return at == marks_.end() ? Version() : at->second.settled;
}

Version Store::closed(PartitionId partition) const {
  const std::lock_guard lock(marksMutex_);
  const auto at = marks_.find(partition);
  return at == marks_.end() ? Version() : at->second.closed;
}

Totals Store::totals() const {
  return {all_.keys, all_.tombstones, all_.bytes};
}

Totals Store::totals(PartitionId partition) const {
  const Counts& counts = counts_[partition];
  return {counts.keys, counts.tombstones, counts.bytes};
}

}  // namespace mydht::store
