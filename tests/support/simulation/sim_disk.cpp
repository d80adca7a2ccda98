#include "tests/support/simulation/sim_disk.h"

#include <algorithm>
#include <utility>

#include "common/result/check.h"
#include "common/result/limits.h"

namespace mydht::simulation {
namespace {

/// How long a commit waits at least before it looks again: time goes on even if the one that leads the sync is paused.
constexpr Duration kPatience = std::chrono::microseconds(1);

/// A step of a check.
constexpr std::uint64_t kCheckedAtOnce = 64 * 1024;

Error stopped() {
  return {Kind::Stopped, "the disk's node has crashed"};
}

}  // namespace

/// A blob that is being written, in memory until it is sealed: a crash leaves nothing of it.
class SimDisk::Writer final : public BlobWriter {
 public:
  explicit Writer(SimDisk& disk) : disk_(disk) {}

  Task<Result<>> append(Bytes piece, Deadline deadline) override {
    MYDHT_ASSERT(!sealed_);
    auto taken = co_await disk_.take(disk_.options_.write, deadline);
    if (!taken) co_return taken;
    if (auto error = disk_.injected(Fault::BlobWrite)) co_return *error;
    if (disk_.full_) co_return Error{Kind::NoSpace, "the disk is full"};
    file_->bytes += piece.view();
    co_return Result<>();
  }

  Task<Result<BlobId>> seal(Deadline deadline) override {
    MYDHT_ASSERT(!sealed_);
    sealed_ = true;
    auto taken = co_await disk_.take(disk_.options_.sync, deadline);
    if (!taken) co_return taken.error();
    if (auto error = disk_.injected(Fault::Seal)) co_return *error;
    const BlobId id = ++disk_.medium_.state_.lastBlob;
    disk_.medium_.state_.files[id] = file_;
    co_return id;
  }

 private:
  SimDisk& disk_;
  std::shared_ptr<SimFile> file_ = std::make_shared<SimFile>();
  bool sealed_ = false;
};

/// An open blob: holds its bytes, so that a drop takes nothing from its readers.
class SimDisk::File final : public Blob {
 public:
  File(SimDisk& disk, std::shared_ptr<SimFile> file) : disk_(disk), file_(std::move(file)) {}

  std::uint64_t size() const override { return file_->bytes.size(); }

  Task<Result<Bytes>> read(std::uint64_t offset, std::size_t most, Deadline deadline) const override {
    const std::uint64_t from = std::min<std::uint64_t>(offset, size());
    const std::uint64_t length = std::min<std::uint64_t>(most, size() - from);
    auto checked = co_await verify(from, length, deadline);
    if (!checked) co_return checked.error();
    co_return Bytes(file_->bytes.substr(from, length));
  }

  Task<Result<>> verify(std::uint64_t offset, std::uint64_t length, Deadline deadline) const override {
    auto taken = co_await disk_.take(disk_.options_.read, deadline);
    if (!taken) co_return taken;
    if (auto error = disk_.injected(Fault::Read)) co_return *error;
    if (length == 0) co_return Result<>();
    const auto bad = file_->badChunks.lower_bound(offset / limits::kChunkBytes);
    if (bad != file_->badChunks.end() && *bad <= (offset + length - 1) / limits::kChunkBytes) {
      co_return Error{Kind::Corrupt, "chunk " + std::to_string(*bad) + " does not match its checksum"};
    }
    co_return Result<>();
  }

 private:
  SimDisk& disk_;
  std::shared_ptr<SimFile> file_;
};

SimDisk::SimDisk(SimMedium& medium, Random& random, SimDiskOptions options)
    : medium_(medium), random_(random), options_(options) {
  MYDHT_ASSERT(!medium_.open_);
  medium_.open_ = true;
  medium_.sweep();
  lastQueued_ = medium_.lastBatch();
  lastSynced_ = medium_.lastBatch();
  if (options_.lies) platter_ = medium_.snapshot();
}

SimDisk::~SimDisk() {
  MYDHT_ASSERT(!syncing_);
  if (!crashed_) medium_.open_ = false;
}

std::optional<Result<std::optional<Bytes>>> SimDisk::tryGet(std::string_view row) {
  if (crashed_) return stopped();
  if (medium_.state_.badRows.contains(row) || faults_.contains(Fault::Read)) return std::nullopt;
  if (randomBelow(100) >= options_.cachedPercent) return std::nullopt;
  const Bytes* const content = medium_.row(row);
  if (content == nullptr) return std::optional<Bytes>();
  return std::optional<Bytes>(*content);
}

Task<Result<std::optional<Bytes>>> SimDisk::get(std::string row, Deadline deadline) {
  auto taken = co_await take(options_.read, deadline);
  if (!taken) co_return taken.error();
  if (auto error = injected(Fault::Read)) co_return *error;
  if (medium_.state_.badRows.contains(row)) co_return Error{Kind::Corrupt, "row " + row + " is damaged"};
  const Bytes* const content = medium_.row(row);
  if (content == nullptr) co_return std::optional<Bytes>();
  co_return std::optional<Bytes>(*content);
}

Task<Result<Page>> SimDisk::scan(std::string from, std::string to, std::size_t mostBytes, Deadline deadline) {
  auto page = co_await scanSkipping(std::move(from), std::move(to), mostBytes, RowSkip(), deadline);
  co_return page;
}

Task<Result<Page>> SimDisk::scanSkipping(std::string from, std::string to, std::size_t mostBytes, RowSkip skip,
                                         Deadline deadline) {
  auto taken = co_await take(options_.read, deadline);
  if (!taken) co_return taken.error();
  if (auto error = injected(Fault::Read)) co_return *error;
  co_return pageOf(from, to, mostBytes, skip);
}

Result<Page> SimDisk::pageOf(const std::string& from, const std::string& to, std::size_t mostBytes,
                             const RowSkip& skip) const {
  Page page;
  std::size_t bytes = 0;
  const auto& rows = medium_.rows();
  auto at = rows.lower_bound(from);
  while (at != rows.end() && at->first < to) {
    if (!page.rows.empty() && bytes >= mostBytes) {
      page.next = at->first;
      break;
    }
    if (medium_.state_.badRows.contains(at->first)) return Error{Kind::Corrupt, "row " + at->first + " is damaged"};
    bytes += at->first.size() + at->second.size();
    page.rows.emplace_back(*at);
    const std::string target = skip ? skip(at->first, at->second.view()) : std::string();
    at = target > at->first ? rows.lower_bound(target) : std::next(at);
  }
  return page;
}

Task<Result<RowsChecked>> SimDisk::check(std::string from, Deadline deadline) {
  auto taken = co_await take(options_.read, deadline);
  if (!taken) co_return taken.error();
  if (auto error = injected(Fault::Read)) co_return *error;
  RowsChecked checked;
  const auto& rows = medium_.rows();
  for (auto at = rows.lower_bound(from); at != rows.end(); ++at) {
    if (checked.bytes >= kCheckedAtOnce) {
      checked.next = at->first;
      break;
    }
    checked.bytes += at->first.size() + at->second.size();
    if (medium_.state_.badRows.contains(at->first)) checked.damaged.emplace_back(at->first, at->first + '\0');
  }
  co_return checked;
}

Task<Result<std::uint64_t>> SimDisk::commit(Batch batch) {
  if (crashed_) co_return stopped();
  if (broken_) co_return *broken_;
  Executor& here = co_await currentExecutor();
  const std::uint64_t number = ++lastQueued_;
  queue_.push_back({std::move(batch), number});
  if (auto error = injected(Fault::Write)) broken_ = error->within("an earlier commit");
  while (!crashed_ && !broken_ && lastSynced_ < number) {
    if (!syncing_) {
      co_await syncQueued();
    } else {
      co_await sleepUntil(std::max(syncEnds_, here.now() + kPatience));
    }
  }
  // What was synced before the crash is acknowledged only if its caller ran before it: the rest can't know.
  if (crashed_) co_return stopped();
  if (lastSynced_ < number) co_return *broken_;
  co_return number;
}

/// One sync, led by the commit that found none under way; covers what is queued when it begins.
Task<> SimDisk::syncQueued() {
  Executor& here = co_await currentExecutor();
  const std::uint64_t covered = lastQueued_;
  syncing_ = true;
  syncEnds_ = endOf(options_.sync, here.now());
  co_await sleepUntil(syncEnds_);
  syncing_ = false;
  if (crashed_ || broken_) co_return;
  if (auto error = injected(Fault::Sync)) {
    broken_ = error->within("an earlier commit");
    co_return;
  }
  while (!queue_.empty() && queue_.front().number <= covered) {
    const Queued synced = std::move(queue_.front());
    queue_.pop_front();
    medium_.apply(synced.batch, synced.number);
    lastSynced_ = synced.number;
  }
}

Task<Result<std::unique_ptr<BlobWriter>>> SimDisk::createBlob(std::uint64_t sizeHint) {
  if (crashed_) co_return stopped();
  if (sizeHint > freeBytes() || full_) co_return Error{Kind::NoSpace, "the disk is full"};
  auto taken = co_await take(options_.write, Deadline::max());
  if (!taken) co_return taken.error();
  std::unique_ptr<BlobWriter> writer = std::make_unique<Writer>(*this);
  co_return writer;
}

Task<Result<std::shared_ptr<const Blob>>> SimDisk::openBlob(BlobId blob, Deadline deadline) {
  auto taken = co_await take(options_.read, deadline);
  if (!taken) co_return taken.error();
  if (auto error = injected(Fault::Read)) co_return *error;
  const auto found = medium_.state_.files.find(blob);
  if (found == medium_.state_.files.end()) {
    co_return Error{Kind::NotFound, "no blob " + std::to_string(blob)};
  }
  std::shared_ptr<const Blob> opened = std::make_shared<File>(*this, found->second);
  co_return opened;
}

void SimDisk::discardBlob(BlobId blob) {
  if (crashed_) return;
  MYDHT_ASSERT(!medium_.state_.published.contains(blob));
  if (!publishIsPending(blob)) medium_.state_.files.erase(blob);
}

/// Whether a batch that may still turn out to be durable publishes this blob.
bool SimDisk::publishIsPending(BlobId blob) const {
  for (const Queued& queued : queue_) {
    if (std::ranges::find(queued.batch.publishes, blob) != queued.batch.publishes.end()) return true;
  }
  return false;
}

void SimDisk::crash(std::size_t keptBatches) {
  if (crashed_) return;
  crashed_ = true;
  for (; keptBatches > 0 && !queue_.empty(); --keptBatches) {
    medium_.apply(queue_.front().batch, queue_.front().number);
    queue_.pop_front();
  }
  queue_.clear();
  medium_.open_ = false;
  if (platter_) medium_.rollback(*platter_);
}

void SimDisk::failAt(Fault fault, std::uint64_t which, Kind kind) {
  MYDHT_ASSERT(kind == Kind::Io || kind == Kind::Corrupt || kind == Kind::NoSpace);
  MYDHT_ASSERT(which > 0);
  faults_.insert_or_assign(fault, Ordered{operations(fault) + which, kind});
}

std::uint64_t SimDisk::operations(Fault fault) const {
  const auto at = operations_.find(fault);
  return at == operations_.end() ? 0 : at->second;
}

std::uint64_t SimDisk::randomBelow(std::uint64_t bound) {
  return random_.next() % bound;
}

Time SimDisk::endOf(Latency latency, Time now) {
  const auto spread = static_cast<std::uint64_t>((latency.most - latency.least).count()) + 1;
  const Duration drawn = latency.least + Duration(static_cast<std::int64_t>(randomBelow(spread)));
  return std::max(now + drawn, stalledUntil_);
}

/// The error that a test has ordered for this operation; it is used up.
std::optional<Error> SimDisk::injected(Fault fault) {
  const std::uint64_t number = ++operations_[fault];
  const auto found = faults_.find(fault);
  if (found == faults_.end() || found->second.at > number) return std::nullopt;
  const Kind kind = found->second.kind;
  faults_.erase(found);
  const bool ofCommit = fault == Fault::Write || fault == Fault::Sync;
  if (!failure_ && (kind == Kind::Io || ofCommit)) failure_ = Error{kind, "injected " + std::string(kindName(kind))};
  return Error{kind, "injected " + std::string(kindName(kind))};
}

/// Lets the time of one operation pass, until the deadline at most.
Task<Result<>> SimDisk::take(Latency latency, Deadline deadline) {
  if (crashed_) co_return stopped();
  Executor& here = co_await currentExecutor();
  const Time end = endOf(latency, here.now());
  co_await sleepUntil(std::min(end, deadline));
  if (crashed_) co_return stopped();
  if (end > deadline) co_return Error{Kind::Unavailable, "the disk is too slow"};
  co_return Result<>();
}

}  // namespace mydht::simulation
