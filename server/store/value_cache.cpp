#include "server/store/value_cache.h"

#include "common/hash/position.h"

namespace mydht::store {
namespace {

// What a cached row costs beside its key and value: list and map nodes, the row itself.
constexpr std::size_t kOverhead = 256;

std::size_t costOf(const Row& row) {
  return row.entry.key.size() + row.value.size() + kOverhead;
}

}  // namespace

ValueCache::Shard& ValueCache::shardOf(std::string_view key) {
  return shards_[positionOf(key) % kShards];
}

RowPtr ValueCache::find(std::string_view key) {
  Shard& shard = shardOf(key);
  const std::lock_guard lock(shard.mutex);
  const auto at = shard.byKey.find(key);
  ++(at == shard.byKey.end() ? shard.lookups.misses : shard.lookups.hits);
  if (at == shard.byKey.end()) return nullptr;
  shard.recent.splice(shard.recent.begin(), shard.recent, at->second);
  return *at->second;
}

ValueCache::Lookups ValueCache::lookups() const {
  Lookups all;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    all.hits += shard.lookups.hits;
    all.misses += shard.lookups.misses;
  }
  return all;
}

ValueCache::Ticket ValueCache::ticket(std::string_view key) {
  Shard& shard = shardOf(key);
  const std::lock_guard lock(shard.mutex);
  return shard.writes;
}

void ValueCache::putRead(const RowPtr& row, Ticket ticket) {
  Shard& shard = shardOf(row->entry.key);
  const std::lock_guard lock(shard.mutex);
  if (shard.writes != ticket) return;
  // One who looked before a write was synced comes back after one who saw it: the write itself is still on its way
  // here.
  const auto at = shard.byKey.find(row->entry.key);
  if (at != shard.byKey.end() && supersedes((*at->second)->entry, row->entry)) return;
  put(shard, row);
}

void ValueCache::putWritten(const RowPtr& row) {
  Shard& shard = shardOf(row->entry.key);
  const std::lock_guard lock(shard.mutex);
  ++shard.writes;
  const auto at = shard.byKey.find(row->entry.key);
  if (at != shard.byKey.end() && supersedes((*at->second)->entry, row->entry)) return;
  put(shard, row);
}

void ValueCache::dropped(const Entry& entry) {
  Shard& shard = shardOf(entry.key);
  const std::lock_guard lock(shard.mutex);
  ++shard.writes;
  const auto at = shard.byKey.find(entry.key);
  if (at == shard.byKey.end() || supersedes((*at->second)->entry, entry)) return;
  forget(shard, entry.key);
}

void ValueCache::forget(Shard& shard, std::string_view key) {
  const auto at = shard.byKey.find(key);
  if (at == shard.byKey.end()) return;
  const auto node = at->second;
  shard.bytes -= costOf(**node);
  shard.byKey.erase(at);
  shard.recent.erase(node);
}

void ValueCache::put(Shard& shard, const RowPtr& row) {
  forget(shard, row->entry.key);
  shard.recent.push_front(row);
  shard.byKey.emplace(row->entry.key, shard.recent.begin());
  shard.bytes += costOf(*row);
  while (shard.bytes > mostBytesAShard_ && !shard.recent.empty()) {
    const RowPtr& last = shard.recent.back();
    shard.bytes -= costOf(*last);
    shard.byKey.erase(last->entry.key);
    shard.recent.pop_back();
  }
}

}  // namespace mydht::store
