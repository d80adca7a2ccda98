#include "tests/unit/server/store_power_cut/real_store.h"

#include <boost/filesystem.hpp>
#include <map>
#include <set>

#include "common/hash/position.h"
#include "common/hash/sha256.h"
#include "server/store/node_state.h"

namespace mydht {
namespace {

namespace fs = boost::filesystem;

constexpr Deadline kNever = Deadline::max();
constexpr std::size_t kAll = std::size_t{1} << 30;

disk::RocksDiskOptions smallOptions() {
  disk::RocksDiskOptions options;
  options.rows.writeBufferBytes = 64 * 1024;  // so that tables are written, and logs change, while the power goes
  options.rows.blockCacheBytes = 1024 * 1024;
  return options;
}

/// What lies on the disk, as read from it row by row.
struct Held {
  std::map<Key, store::RowPtr> entries;
  std::map<Key, Entry> listed;
  std::string wrong;
};

Task<Held> readAll(RealStore& real) {
  Held held;
  auto entries = co_await real.disk().scan("e", "f", kAll, kNever);
  auto listed = co_await real.disk().scan("k", "l", kAll, kNever);
  if (!entries || !listed) {
    held.wrong = "the rows cannot be read";
    co_return held;
  }
  for (const auto& [name, content] : entries->rows) {
    const auto row = store::decodeEntryRow(name, content.view());
    if (!row) held.wrong = "a damaged entry";
    if (row) held.entries[(*row)->entry.key] = *row;
  }
  for (const auto& [name, content] : listed->rows) {
    const auto entry = store::decodeListRow(name, content.view());
    if (!entry) held.wrong = "a damaged row of the listing";
    if (entry) held.listed[entry->key] = *entry;
  }
  co_return held;
}

/// The value that a row stands for; an error if it is not whole.
Task<Result<std::string>> valueOf(store::Store& store, store::RowPtr row) {
  auto body = co_await store.body(row, 0, row->entry.size, kNever);
  if (!body) co_return body.error();
  auto bytes = co_await collect(std::move(*body), kAll, kNever);
  if (!bytes) co_return bytes.error();
  co_return std::string(bytes->view());
}

std::string wrongWithValues(RealStore& real, const Held& held, const History& history) {
  for (const Key& key : history.keys()) {
    const auto row = real.run(real.store().row(key, kNever));
    if (!row) return key + " cannot be read: " + row.error().text;
    const auto there = held.entries.find(key);
    const bool same =
        *row ? there != held.entries.end() && there->second->entry == (*row)->entry : there == held.entries.end();
    if (!same) return key + " is there and not there";
    std::string wrong = history.wrongWith(key, *row ? &(*row)->entry : nullptr);
    if (!wrong.empty()) return wrong;
    if (!*row || (*row)->entry.tombstone) continue;
    const auto value = real.run(valueOf(real.store(), *row));
    if (!value) return "the value of " + key + ": " + value.error().text;
    if (sha256Of(*value) != (*row)->entry.sha256) return "the value of " + key + " is another";
  }
  return "";
}

/// Each entry stands in the listing, and each value's file belongs to one.
std::string wrongWithRows(RealStore& real, const Held& held, const std::string& blobs) {
  if (!held.wrong.empty()) return held.wrong;
  if (held.entries.size() != held.listed.size()) return "the listing has other keys";
  std::size_t files = 0;
  std::int64_t newest = 0;
  for (const auto& [key, row] : held.entries) {
    const auto listed = held.listed.find(key);
    if (listed == held.listed.end() || listed->second != row->entry) return "the listing says something else of " + key;
    files += row->blob != 0 ? 1 : 0;
    newest = std::max(newest, row->entry.version.physicalMicros);
  }
  if (real.disk().swept().missing > 0) return "a published value's file is missing";
  std::size_t found = 0;
  for (const auto& at : fs::recursive_directory_iterator(blobs)) found += fs::is_regular_file(at.path()) ? 1 : 0;
  if (found != files) return "files that belong to no entry";
  const auto state = real.run(store::loadNodeState(real.disk(), kNever));
  if (!state) return state.error().text;
  return state->clockFloorMicros < newest ? "the clock's floor is below a version" : "";
}

/// Counts, sums and marks that are kept, against what lies there.
std::string wrongWithPartitions(RealStore& real, const Held& held, const History& history) {
  std::map<PartitionId, store::Totals> totals;
  std::map<PartitionId, std::uint64_t> digests;
  std::set<PartitionId> partitions;
  for (const Key& key : history.keys()) partitions.insert(partitionOf(key));
  for (const auto& [key, row] : held.entries) {
    const PartitionId partition = partitionOf(key);
    ++(row->entry.tombstone ? totals[partition].tombstones : totals[partition].keys);
    totals[partition].bytes += row->entry.size;
    const bool counts = !mayReap(row->entry, real.store().settled(partition));
    digests[partition] += counts ? store::digestOf(row->entry) : 0;
  }
  for (const PartitionId partition : partitions) {
    const store::Totals kept = real.store().totals(partition);
    const store::Totals& right = totals[partition];
    const std::string name = " of partition " + std::to_string(partition);
    if (kept.keys != right.keys || kept.tombstones != right.tombstones) return "the count" + name;
    if (kept.bytes != right.bytes) return "the bytes" + name;
    const auto digest = real.run(real.store().digest(partition, kNever));
    if (!digest || *digest != digests[partition]) return "the digest" + name;
    std::string wrong = history.wrongMark(partition, real.store().settled(partition));
    if (!wrong.empty()) return wrong;
  }
  return "";
}

}  // namespace

RealStore::RealStore(const std::string& path) : real_(path, smallOptions()) {
  if (!real_.isOpen()) {
    error_ = real_.error().text;
    return;
  }
  const Status started = run(start());
  if (!started) error_ = started.error().text;
}

RealStore::~RealStore() {
  store_.reset();
  commits_.reset();
}

/// On the loop, whose executor the store's lanes are.
Task<Status> RealStore::start() {
  Executor& here = co_await currentExecutor();
  commits_ = std::make_unique<store::Commits>(disk());
  store_ =
      std::make_unique<store::Store>(store::StoreSettings(), disk(), *commits_, clock_, std::vector<Executor*>{&here});
  auto opened = co_await store_->open(kNever);
  co_return opened;
}

std::string wrongWithStore(RealStore& real, const History& history, const std::string& path) {
  if (!real.error().empty()) return real.error();
  if (real.disk().lastSynced() < history.lastBatch()) return "the last batches are not there";
  const Held held = real.run(readAll(real));
  std::string wrong = wrongWithRows(real, held, path + "/blobs");
  if (wrong.empty()) wrong = wrongWithValues(real, held, history);
  if (wrong.empty()) wrong = wrongWithPartitions(real, held, history);
  return wrong;
}

}  // namespace mydht
