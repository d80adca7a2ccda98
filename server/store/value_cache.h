#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "common/hash/position.h"
#include "server/store/rows.h"

namespace mydht::store {

/// The small-value cache: the rows that were read or written last, in least-recently-used order, bounded in bytes. One
/// a node, owned by the store, any loop. A row gets in only once it is synced, and the writer updates it before its
/// answer goes out, so that a read never goes back. A reader that comes back from the disk puts its row in only if
/// nobody wrote in that shard since it looked: its ticket tells.
class ValueCache {
 public:
  using Ticket = std::uint64_t;

  /// How many finds found something since the start, and how many did not.
  struct Lookups {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
  };
  Lookups lookups() const;

  explicit ValueCache(std::size_t mostBytes) : mostBytesAShard_(mostBytes / kShards) {}

  RowPtr find(std::string_view key);
  /// Take it before reading the disk.
  Ticket ticket(std::string_view key);
  void putRead(const RowPtr& row, Ticket ticket);
  /// A newer row was synced. An older one than what is here is left out.
  void putWritten(const RowPtr& row);
  /// This entry's row is no more. A newer one stays.
  void dropped(const Entry& entry);

 private:
  static constexpr std::size_t kShards = 16;  // as many loops seldom meet in one

  /// By hash: an ordered map would look at some ten keys, each somewhere else in memory, for every get.
  struct Hash {
    std::size_t operator()(std::string_view key) const { return positionOf(key); }
  };

  struct Shard {
    mutable std::mutex mutex;
    std::list<RowPtr> recent;  // front: used last
    std::unordered_map<std::string_view, std::list<RowPtr>::iterator, Hash> byKey;
    std::size_t bytes = 0;
    Ticket writes = 0;
    Lookups lookups;
  };

  Shard& shardOf(std::string_view key);
  void put(Shard& shard, const RowPtr& row);
  void forget(Shard& shard, std::string_view key);

  const std::size_t mostBytesAShard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace mydht::store
