#include "server/disk/rows.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <map>
#include <mutex>

#include "server/disk/blob_format.h"
#include "server/disk/log_check.h"

namespace mydht::disk {
namespace {

// Few parts of the cache that lock by themselves, so that each holds many blocks.
constexpr int kCacheShardBits = 3;

// Of a table that is checked.
constexpr std::size_t kReadAtOnce = 256 * 1024;

// What a row's name begins with in the engine: kData and the letter of its family.
constexpr std::size_t kFamilyBytes = 2;
constexpr char kData = 'd';
constexpr char kPublished = 'p';
constexpr std::string_view kBatchNumber = "sbatch";
constexpr std::string_view kOpenings = "sopened";

Error errorOf(const rocksdb::Status& status, std::string_view doing) {
  const std::string text = std::string(doing) + ": " + status.ToString();
  if (status.IsCorruption()) return {Kind::Corrupt, text};
  if (status.IsNoSpace()) return {Kind::NoSpace, text};
  // The process is short of descriptors: that says nothing of the disk.
  if (text.find("Too many open files") != std::string::npos) return {Kind::Unavailable, text};
  return {Kind::Io, text};
}

rocksdb::Slice sliceOf(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}
std::string_view viewOf(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

std::string dataKey(std::string_view row) {
  std::string key;
  key.reserve(row.size() + 1);
  key.push_back(kData);
  key += row;
  return key;
}

/// The least key that is behind every key with this beginning.
std::string folderKey(unsigned folder) {
  std::string key(1, static_cast<char>(kPublished + static_cast<char>(folder >> 8)));
  if (folder < 256) key.push_back(static_cast<char>(folder));
  return key;
}

std::string publishedKey(BlobId id) {
  std::string key = folderKey(folderOf(id));
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(id >> shift));
  return key;
}

std::string encodeNumber(std::uint64_t number) {
  std::string bytes;
  for (unsigned i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(number >> (8 * i)));
  return bytes;
}

std::optional<std::uint64_t> decodeNumber(std::string_view bytes) {
  if (bytes.size() != 8) return std::nullopt;
  std::uint64_t number = 0;
  for (unsigned i = 0; i < 8; ++i) number |= std::uint64_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
  return number;
}

/// Remembers that the engine has failed in the background: what it could not flush must not be followed by more.
class FailureListener final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    // A compaction that finds no room loses nothing: the engine does it later.
    if (status->IsNoSpace() && status->severity() < rocksdb::Status::Severity::kHardError) return;
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = errorOf(*status, "the rows' engine has failed");
  }
  std::optional<Error> failure() {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

 private:
  std::mutex mutex_;
  std::optional<Error> failure_;
};

rocksdb::Options engineOptions(const RowsOptions& wanted, bool make, std::shared_ptr<FailureListener> listener) {
  rocksdb::Options options;
  options.create_if_missing = make;
  options.wal_recovery_mode =
      rocksdb::WALRecoveryMode::kPointInTimeRecovery;  // after checkLogs: only a torn end is left
  options.track_and_verify_wals_in_manifest = true;
  options.max_bgerror_resume_count = 0;
  options.listeners.push_back(std::move(listener));
  options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();

  options.write_buffer_size = wanted.writeBufferBytes;
  // Rows of one family come in order: each is looked for from where the last one went.
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(kFamilyBytes));
  options.max_write_buffer_number = 3;
  options.max_open_files = wanted.openTables;
  options.target_file_size_base = wanted.tableBytes;
  options.max_background_jobs = 2;
  options.bytes_per_sync = 1024 * 1024;
  options.compression = rocksdb::kLZ4Compression;
  options.bottommost_compression = rocksdb::kZSTD;
  options.level_compaction_dynamic_level_bytes = true;
  options.avoid_flush_during_shutdown = true;  // everything is in the log, and stopping is quick

  options.info_log_level = rocksdb::WARN_LEVEL;
  options.max_log_file_size = 1024 * 1024;
  options.keep_log_file_num = 2;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(wanted.blockCacheBytes, kCacheShardBits);
  // In the cache, or they would grow with the number of keys; in parts, or those of one table would not fit in there
  // and every look-up would read them anew.
  table.cache_index_and_filter_blocks = true;
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.pin_top_level_index_and_filter = true;
  // What was just written is read soon: a flush must not make tryGet miss it.
  table.prepopulate_block_cache = rocksdb::BlockBasedTableOptions::PrepopulateBlockCache::kFlushOnly;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::Status checkBlocks(const std::string& path) {
  rocksdb::SstFileReader reader{rocksdb::Options()};
  rocksdb::Status status = reader.Open(path);
  if (status.ok()) status = reader.VerifyChecksum();
  return status;
}

rocksdb::Status checkFile(const std::string& path, const std::string& expected) {
  std::unique_ptr<rocksdb::SequentialFile> file;
  rocksdb::Status status = rocksdb::Env::Default()->NewSequentialFile(path, &file, rocksdb::EnvOptions());
  const auto checksum = rocksdb::GetFileChecksumGenCrc32cFactory()->CreateFileChecksumGenerator({});
  std::string buffer(kReadAtOnce, '\0');
  rocksdb::Slice read;
  do {
    if (status.ok()) status = file->Read(buffer.size(), &read, buffer.data());
    if (!status.ok()) return status;
    checksum->Update(read.data(), read.size());
  } while (!read.empty());
  checksum->Finalize();
  return checksum->GetChecksum() == expected ? status : rocksdb::Status::Corruption("checksum mismatch", path);
}

/// Reads a whole table past the engine's caches. The checksums of its blocks leave out the parts of filters and what
/// fills up the footer, so its file is compared with the one that the engine noted as it wrote it; a table from before
/// such were noted has none.
rocksdb::Status checkTable(const rocksdb::LiveFileMetaData& table) {
  const std::string path = table.db_path + table.name;
  const bool hasChecksum = table.file_checksum_func_name == rocksdb::kStandardDbFileChecksumFuncName;
  return hasChecksum ? checkFile(path, table.file_checksum) : checkBlocks(path);
}

}  // namespace

struct Rows::Engine {
  std::shared_ptr<FailureListener> listener = std::make_shared<FailureListener>();
  std::unique_ptr<rocksdb::DB> db;

  Result<std::uint64_t> number(std::string_view key) const {
    std::string bytes;
    const auto status = db->Get(rocksdb::ReadOptions(), sliceOf(key), &bytes);
    if (status.IsNotFound()) return std::uint64_t{0};
    if (!status.ok()) return errorOf(status, "read " + std::string(key));
    const auto number = decodeNumber(bytes);
    if (!number) return Error{Kind::Corrupt, "row " + std::string(key) + " is no number"};
    return *number;
  }
};

Result<std::unique_ptr<Rows>> Rows::open(const std::string& path, bool make, const RowsOptions& options) {
  const auto logs = checkLogs(path);
  if (!logs) return logs.error();
  const auto cut = cutTornFileList(path);
  if (!cut) return cut.error();
  auto engine = std::make_unique<Engine>();
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(engineOptions(options, make, engine->listener), path, &db);
  if (!status.ok()) return errorOf(status, "open " + path);
  engine->db.reset(db);
  std::unique_ptr<Rows> rows(new Rows(std::move(engine)));
  const auto started = rows->start();
  if (!started) return started.error().within("open " + path);
  return rows;
}

Rows::Rows(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
Rows::~Rows() = default;

Result<> Rows::start() {
  const auto last = engine_->number(kBatchNumber);
  if (!last) return last.error();
  const auto opened = engine_->number(kOpenings);
  if (!opened) return opened.error();
  lastBatch_ = *last;
  openings_ = *opened + 1;
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const auto status = engine_->db->Put(synced, sliceOf(kOpenings), encodeNumber(openings_));
  if (!status.ok()) return errorOf(status, "count the opening");
  return {};
}

std::optional<Result<std::optional<Bytes>>> Rows::tryGet(std::string_view row) const {
  rocksdb::ReadOptions options;
  options.read_tier = rocksdb::kBlockCacheTier;
  std::string content;
  const auto status = engine_->db->Get(options, dataKey(row), &content);
  // Of a table that it has not opened the engine says "found", with nothing.
  const bool isThere = status.ok() && !content.empty();
  if (isThere) return std::optional<Bytes>(Bytes(std::move(content)));
  if (status.IsNotFound()) return std::optional<Bytes>();
  return std::nullopt;
}

Result<std::optional<Bytes>> Rows::get(std::string_view row) const {
  std::string content;
  const auto status = engine_->db->Get(rocksdb::ReadOptions(), dataKey(row), &content);
  if (status.ok()) return std::optional<Bytes>(Bytes(std::move(content)));
  if (status.IsNotFound()) return std::optional<Bytes>();
  return errorOf(status, "read a row");
}

Result<Page> Rows::scan(std::string_view from, std::string_view to, std::size_t mostBytes, const RowSkip& skip) const {
  Page page;
  if (from >= to) return page;
  const std::string end = dataKey(to);
  const rocksdb::Slice upperBound = end;
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upperBound;
  const std::unique_ptr<rocksdb::Iterator> at(engine_->db->NewIterator(options));
  std::size_t bytes = 0;
  at->Seek(dataKey(from));
  while (at->Valid()) {
    const std::string_view name = viewOf(at->key()).substr(1);
    if (!page.rows.empty() && bytes >= mostBytes) {
      page.next = name;
      break;
    }
    bytes += name.size() + at->value().size();
    page.rows.emplace_back(name, Bytes(at->value().ToString()));
    const std::string target = skip ? skip(name, viewOf(at->value())) : std::string();
    if (target > name) {
      at->Seek(dataKey(target));
    } else {
      at->Next();
    }
  }
  if (!at->status().ok()) return errorOf(at->status(), "scan rows");
  return page;
}

Result<RowsChecked> Rows::check(const std::string& from) const {
  std::vector<rocksdb::LiveFileMetaData> tables;
  engine_->db->GetLiveFilesMetaData(&tables);
  std::ranges::sort(tables, {}, &rocksdb::LiveFileMetaData::file_number);
  RowsChecked checked;
  if (tables.empty()) return checked;
  // "done/last": what is written meanwhile is checked the next time.
  std::uint64_t done = 0;
  std::uint64_t last = tables.back().file_number;
  if (!from.empty() && std::sscanf(from.c_str(), "%" SCNu64 "/%" SCNu64, &done, &last) != 2) {
    return Error{Kind::BadRequest, "no place in a check of the rows"};
  }
  const auto at = std::ranges::find_if(tables, [done](const auto& table) { return table.file_number > done; });
  if (at == tables.end() || at->file_number > last) return checked;
  const auto status = checkTable(*at);
  checked.bytes = at->size;
  if (std::next(at) != tables.end()) checked.next = std::to_string(at->file_number) + "/" + std::to_string(last);
  if (status.IsCorruption()) {
    if (!at->smallestkey.empty() && at->largestkey.front() >= kData) {
      const std::string first = at->smallestkey.front() == kData ? at->smallestkey.substr(1) : std::string();
      const std::string end =
          at->largestkey.front() == kData ? at->largestkey.substr(1) + '\0' : std::string(1, '\xff');
      checked.damaged.emplace_back(first, end);
    } else {
      checked.damaged.emplace_back();
    }
    return checked;
  }
  // Gone by now: a compaction has read it, against its checksums.
  if (!status.ok() && !status.IsPathNotFound() && !status.IsNotFound()) return errorOf(status, "check the rows");
  return checked;
}

Result<> Rows::write(std::span<const Batch* const> batches, std::uint64_t number) {
  if (auto failure = engine_->listener->failure()) return *failure;
  // Each row once, and in order, as the engine takes them fastest: many batches change the same few rows.
  std::map<std::string, std::optional<rocksdb::Slice>> changed;
  for (const Batch* batch : batches) {
    for (const auto& [name, content] : batch->rows) {
      changed[dataKey(name)] = content ? std::optional(sliceOf(content->view())) : std::nullopt;
    }
    for (const BlobId id : batch->publishes) changed[publishedKey(id)] = rocksdb::Slice();
    for (const BlobId id : batch->drops) changed[publishedKey(id)] = std::nullopt;
  }
  const std::string encodedNumber = encodeNumber(number);
  changed[std::string(kBatchNumber)] = encodedNumber;
  rocksdb::WriteBatch changes;
  rocksdb::Status status;
  for (const auto& [key, content] : changed) {
    if (status.ok()) status = content ? changes.Put(key, *content) : changes.Delete(key);
  }
  rocksdb::WriteOptions synced;
  synced.sync = true;
  if (status.ok()) status = engine_->db->Write(synced, &changes);
  if (!status.ok()) return errorOf(status, "write rows");
  return {};
}

Result<> Rows::compact() {
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  const auto status = engine_->db->CompactRange(options, nullptr, nullptr);
  if (!status.ok()) return errorOf(status, "compact the rows");
  return {};
}

Result<std::vector<BlobId>> Rows::publishedIn(std::uint8_t folder) const {
  std::vector<BlobId> ids;
  const std::string end = folderKey(folder + 1U);
  const rocksdb::Slice upperBound = end;
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upperBound;
  const std::unique_ptr<rocksdb::Iterator> at(engine_->db->NewIterator(options));
  for (at->Seek(folderKey(folder)); at->Valid(); at->Next()) {
    if (at->key().size() != 10) return Error{Kind::Corrupt, "a row that publishes a blob has a wrong name"};
    BlobId id = 0;
    for (const char byte : viewOf(at->key()).substr(2)) id = id << 8 | static_cast<std::uint8_t>(byte);
    ids.push_back(id);
  }
  if (!at->status().ok()) return errorOf(at->status(), "read which blobs are published");
  return ids;
}

Result<bool> Rows::isPublished(BlobId id) const {
  std::string nothing;
  const auto status = engine_->db->Get(rocksdb::ReadOptions(), publishedKey(id), &nothing);
  if (status.ok()) return true;
  if (status.IsNotFound()) return false;
  return errorOf(status, "read whether a blob is published");
}

}  // namespace mydht::disk
