#include "server/disk/rocks_disk.h"

#include <unistd.h>

#include <utility>

#include "common/result/check.h"

namespace mydht::disk {
namespace {

constexpr unsigned kCountBits = 40;  // of a blob's number; the rest counts the openings
constexpr std::uint64_t kMostOpenings = (std::uint64_t{1} << (64 - kCountBits)) - 1;

Error stopped() {
  return {Kind::Stopped, "the disk is stopping"};
}

}  // namespace

/// Counts a call that is under way.
class RocksDisk::Call {
 public:
  explicit Call(RocksDisk& disk) : disk_(disk) { ++disk_.calls_; }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() { --disk_.calls_; }

 private:
  RocksDisk& disk_;
};

Result<std::unique_ptr<RocksDisk>> RocksDisk::open(DataDirectory& directory, runtime::BlockingPool& pool,
                                                   RocksDiskOptions options) {
  auto disk = openAsItIs(directory, pool, options);
  if (!disk) return withAdvice(disk.error());
  return disk;
}

Result<std::unique_ptr<RocksDisk>> RocksDisk::openAsItIs(DataDirectory& directory, runtime::BlockingPool& pool,
                                                         const RocksDiskOptions& options) {
  if (!directory.isNew() && ::access((directory.rowsPath() + "/CURRENT").c_str(), F_OK) != 0) {
    return Error{Kind::Corrupt, directory.rowsPath() + " is missing or no database"};
  }
  // Before the rows: they need room to open, and on a full disk the reserve has it.
  auto space = std::make_unique<FreeSpace>(directory.path(), options.reserveBytes, options.askSpace);
  auto rows = Rows::open(directory.rowsPath(), directory.isNew(), options.rows);
  if (!rows) return rows.error();
  if ((*rows)->openings() > kMostOpenings) return Error{Kind::TooLarge, directory.path() + " was opened too often"};
  std::unique_ptr<RocksDisk> disk(new RocksDisk(directory, pool, options, std::move(space), std::move(*rows)));
  auto done = disk->blobs_.makeFolders();
  if (done) done = disk->sweep();
  if (done) done = directory.finish();
  if (!done) return done.error();
  return disk;
}

RocksDisk::RocksDisk(DataDirectory& directory, runtime::BlockingPool& pool, const RocksDiskOptions& options,
                     std::unique_ptr<FreeSpace> space, std::unique_ptr<Rows> rows)
    : pool_(pool),
      space_(std::move(space)),
      rows_(std::move(rows)),
      blobs_(directory.blobsPath(), pool, *space_, failure_, options.openBlobs),
      nextBlob_((rows_->openings() << kCountBits) + 1),
      committer_(rows_->lastBatch(), [this](std::span<const Batch* const> batches, std::uint64_t number) {
        return writeGroup(batches, number);
      }) {}

RocksDisk::~RocksDisk() {
  stop();
  MYDHT_ASSERT(calls_ == 0);
}

void RocksDisk::stop() {
  stopped_ = true;
  committer_.stop();
  blobs_.stop();
}

Result<> RocksDisk::compact() {
  return rows_->compact();
}

Result<> RocksDisk::sweep() {
  auto swept = blobs_.sweep([this](std::uint8_t folder) { return rows_->publishedIn(folder); });
  if (!swept) return swept.error();
  swept_ = *swept;
  return {};
}

Result<> RocksDisk::writeGroup(std::span<const Batch* const> batches, std::uint64_t number) {
  space_->refresh();
  const auto written = rows_->write(batches, number);
  if (!written) failure_.remember(written.error());
  return written;
}

Task<> RocksDisk::look() {
  if (stopped_) co_return;
  const Call call(*this);
  auto asking = [this]() -> Result<std::uint64_t> { return space_->refresh(); };
  auto asked = co_await pool_.run(std::move(asking));
  // A pool that is stopping asks nobody: the figure stays.
  if (!asked) co_return;
}

std::optional<Result<std::optional<Bytes>>> RocksDisk::tryGet(std::string_view row) {
  if (stopped_) return stopped();
  return rows_->tryGet(row);
}

Task<Result<std::optional<Bytes>>> RocksDisk::get(std::string row, Deadline deadline) {
  if (stopped_) co_return stopped();
  const Call call(*this);
  auto reading = [this, &row, deadline]() -> Result<std::optional<Bytes>> {
    const auto timely = inTime(deadline);
    if (!timely) return timely.error();
    return failure_.seen(rows_->get(row));
  };
  auto result = co_await pool_.run(std::move(reading));
  co_return result;
}

Task<Result<Page>> RocksDisk::scan(std::string from, std::string to, std::size_t mostBytes, Deadline deadline) {
  auto result = co_await scanSkipping(std::move(from), std::move(to), mostBytes, RowSkip(), deadline);
  co_return result;
}

Task<Result<Page>> RocksDisk::scanSkipping(std::string from, std::string to, std::size_t mostBytes, RowSkip skip,
                                           Deadline deadline) {
  if (stopped_) co_return stopped();
  const Call call(*this);
  auto scanning = [this, &from, &to, mostBytes, &skip, deadline]() -> Result<Page> {
    const auto timely = inTime(deadline);
    if (!timely) return timely.error();
    return failure_.seen(rows_->scan(from, to, mostBytes, skip));
  };
  auto result = co_await pool_.run(std::move(scanning));
  co_return result;
}

Task<Result<RowsChecked>> RocksDisk::check(std::string from, Deadline deadline) {
  if (stopped_) co_return stopped();
  const Call call(*this);
  auto checking = [this, &from, deadline]() -> Result<RowsChecked> {
    const auto timely = inTime(deadline);
    if (!timely) return timely.error();
    return failure_.seen(rows_->check(from));
  };
  auto result = co_await pool_.run(std::move(checking));
  co_return result;
}

Task<Result<std::uint64_t>> RocksDisk::commit(Batch batch) {
  const Call call(*this);
  if (!batch.publishes.empty()) {
    const std::lock_guard lock(publishing_.mutex);
    publishing_.blobs.insert(batch.publishes.begin(), batch.publishes.end());
  }
  auto waiting = committer_.commit(batch);
  auto number = co_await waiting;
  if (number) settle(batch);
  co_return number;
}

/// What follows a synced batch: its blobs are published for good, and those that it drops go.
void RocksDisk::settle(const Batch& batch) {
  if (!batch.publishes.empty()) {
    const std::lock_guard lock(publishing_.mutex);
    for (const BlobId id : batch.publishes) publishing_.blobs.erase(id);
  }
  for (const BlobId id : batch.drops) blobs_.remove(id);
}

Task<Result<std::unique_ptr<BlobWriter>>> RocksDisk::createBlob(std::uint64_t sizeHint) {
  if (stopped_) co_return stopped();
  const Call call(*this);
  const BlobId id = nextBlob_++;
  auto result = co_await blobs_.create(id, sizeHint);
  co_return result;
}

Task<Result<std::shared_ptr<const Blob>>> RocksDisk::openBlob(BlobId blob, Deadline deadline) {
  if (stopped_) co_return stopped();
  const Call call(*this);
  auto opened = co_await blobs_.open(blob, deadline);
  if (opened || opened.error().kind != Kind::NotFound) co_return opened;
  auto asking = [this, blob] { return rows_->isPublished(blob); };
  auto published = co_await pool_.run(std::move(asking));
  if (!published) co_return published.error();
  if (*published) co_return Error{Kind::Corrupt, "the file of blob " + blobName(blob) + " is missing"};
  co_return opened;
}

void RocksDisk::discardBlob(BlobId blob) {
  {
    const std::lock_guard lock(publishing_.mutex);
    if (publishing_.blobs.contains(blob)) return;
  }
  blobs_.remove(blob);
}

}  // namespace mydht::disk
