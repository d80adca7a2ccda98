// Proves that every implementation of the disk port keeps the port's promises: rows are read back in order and page by
// page, a batch is atomic and numbered, commits that wait together are all answered, blobs come back byte for byte, are
// checked, published, dropped and swept. How: each test runs as a task against the disk that its parameter makes, on
// that disk's own kind of executor. What only one of them can do (crashes, files, locks) is in that one's own test.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/result/limits.h"
#include "server/task/gate.h"
#include "tests/unit/server/disk/disk_subject.h"

namespace mydht {
namespace {

using testing::ElementsAre;

constexpr Deadline kNever = Deadline::max();

Batch rowsOf(std::vector<std::pair<std::string, std::optional<std::string>>> rows) {
  Batch batch;
  for (auto& [name, content] : rows) {
    batch.rows.emplace_back(name, content ? std::optional<Bytes>(*content) : std::nullopt);
  }
  return batch;
}

/// Bytes that differ from place to place, so that a wrong offset shows.
std::string patterned(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 31 + i / 251) & 0xff);
  return bytes;
}

Task<std::uint64_t> committed(Disk& disk, Batch batch) {
  auto number = co_await disk.commit(std::move(batch));
  EXPECT_TRUE(number.ok()) << number.error().text;
  co_return number ? *number : 0;
}

Task<std::string> contentOf(Disk& disk, std::string row) {
  auto got = co_await disk.get(std::move(row), kNever);
  EXPECT_TRUE(got.ok());
  if (!got || !*got) co_return "(none)";
  co_return std::string((*got)->view());
}

Task<BlobId> sealedBlob(Disk& disk, std::string value) {
  auto writer = co_await disk.createBlob(value.size());
  MYDHT_ASSERT(writer.ok());
  const Bytes whole(std::move(value));
  for (std::size_t at = 0; at < whole.size(); at += 100'000) {
    Bytes piece = whole.part(at, 100'000);
    auto done = co_await (*writer)->append(std::move(piece), kNever);
    MYDHT_ASSERT(done.ok());
  }
  auto id = co_await (*writer)->seal(kNever);
  MYDHT_ASSERT(id.ok());
  co_return *id;
}

Task<BlobId> publishedBlob(Disk& disk, std::string value) {
  const BlobId id = co_await sealedBlob(disk, std::move(value));
  Batch batch;
  batch.publishes.push_back(id);
  co_await committed(disk, std::move(batch));
  co_return id;
}

Task<> dropBlob(Disk& disk, BlobId id) {
  Batch batch;
  batch.drops.push_back(id);
  co_await committed(disk, std::move(batch));
}

class DiskContract : public testing::TestWithParam<std::pair<const char*, MakeDiskSubject>> {
 protected:
  Disk& disk() { return subject_->disk(); }
  void run(std::function<Task<>()> make) { subject_->run(std::move(make)); }

  std::unique_ptr<DiskSubject> subject_ = GetParam().second();
};

Task<> readsBack(Disk& disk) {
  Batch batch = rowsOf({{"a", "1"}, {"b", ""}, {std::string("c\0d", 3), "3"}});
  co_await committed(disk, std::move(batch));
  const std::string a = co_await contentOf(disk, "a");
  EXPECT_EQ(a, "1");
  const std::string empty = co_await contentOf(disk, "b");
  EXPECT_EQ(empty, "");
  const std::string binary = co_await contentOf(disk, std::string("c\0d", 3));
  EXPECT_EQ(binary, "3");
  const std::string prefix = co_await contentOf(disk, "c");
  EXPECT_EQ(prefix, "(none)");
}

TEST_P(DiskContract, CommittedRowsAreReadBackAndAbsentIsNotEmpty) {
  run([this] { return readsBack(disk()); });
}

Task<> laterRowWins(Disk& disk) {
  Batch batch = rowsOf({{"a", "1"}, {"a", "2"}, {"b", "1"}, {"b", std::nullopt}});
  co_await committed(disk, std::move(batch));
  const std::string a = co_await contentOf(disk, "a");
  EXPECT_EQ(a, "2");
  const std::string b = co_await contentOf(disk, "b");
  EXPECT_EQ(b, "(none)");
}

TEST_P(DiskContract, ALaterRowOfABatchWinsOverAnEarlierOneOfThatName) {
  run([this] { return laterRowWins(disk()); });
}

Task<> triesGet(Disk& disk) {
  Batch batch = rowsOf({{"a", "1"}});
  co_await committed(disk, std::move(batch));
  int answered = 0;
  for (int i = 0; i < 50; ++i) {
    const auto there = disk.tryGet("a");
    const auto absent = disk.tryGet("b");
    if (there) {
      EXPECT_TRUE(there->ok() && **there && (**there)->view() == "1");
      ++answered;
    }
    if (absent) EXPECT_TRUE(absent->ok() && !**absent);
  }
  EXPECT_GT(answered, 0);
}

TEST_P(DiskContract, TryGetAnswersFromMemoryOrNotAtAll) {
  run([this] { return triesGet(disk()); });
}

Task<std::vector<std::string>> scanned(Disk& disk, std::string from, std::string to, std::size_t mostBytes) {
  std::vector<std::string> names;
  do {
    auto page = co_await disk.scan(from, to, mostBytes, kNever);
    EXPECT_TRUE(page.ok());
    if (!page) break;
    EXPECT_TRUE(page->next.empty() || !page->rows.empty());
    for (const auto& [name, content] : page->rows) names.push_back(name + "=" + std::string(content.view()));
    names.push_back("|");
    from = page->next;
  } while (!from.empty());
  co_return names;
}

Task<> scans(Disk& disk) {
  Batch batch = rowsOf({{"b", "2"}, {"a", "1"}, {"d", "4"}, {"c", "3"}, {"\xff", "last"}});
  co_await committed(disk, std::move(batch));
  const auto all = co_await scanned(disk, "", "\xff", 1000);
  EXPECT_THAT(all, ElementsAre("a=1", "b=2", "c=3", "d=4", "|"));
  const auto some = co_await scanned(disk, "b", "d", 1000);
  EXPECT_THAT(some, ElementsAre("b=2", "c=3", "|"));
  const auto paged = co_await scanned(disk, "a", "z", 3);
  EXPECT_THAT(paged, ElementsAre("a=1", "b=2", "|", "c=3", "d=4", "|"));
  const auto single = co_await scanned(disk, "c", "z", 0);
  EXPECT_THAT(single, ElementsAre("c=3", "|", "d=4", "|"));
  const auto nothing = co_await scanned(disk, "x", "y", 10);
  EXPECT_THAT(nothing, ElementsAre("|"));
}

TEST_P(DiskContract, ScansInOrderPageByPageWithTheUpperBoundExcluded) {
  run([this] { return scans(disk()); });
}

Task<> scansSkipping(Disk& disk) {
  Batch batch = rowsOf({{"a/1", "1"}, {"a/2", "2"}, {"a/3", "3"}, {"b", "4"}, {"c/1", "5"}, {"c/2", "6"}});
  co_await committed(disk, std::move(batch));
  const RowSkip folders = [](std::string_view name, std::string_view content) {
    EXPECT_NE(content, "2") << "passed over, so not even read";
    return name.size() == 3 ? std::string(1, name.front()) + "0" : std::string();
  };
  auto page = co_await disk.scanSkipping("", "z", 1000, folders, kNever);
  EXPECT_TRUE(page.ok());
  if (!page) co_return;
  EXPECT_EQ(page->rows.size(), 3U);
  EXPECT_EQ(page->rows[2].first, "c/1");
  EXPECT_EQ(page->next, "");
  auto first = co_await disk.scanSkipping("", "z", 1, folders, kNever);
  EXPECT_TRUE(first.ok() && first->rows.size() == 1 && first->next == "b");
  const RowSkip backwards = [](std::string_view, std::string_view) { return std::string("a"); };
  auto all = co_await disk.scanSkipping("", "z", 1000, backwards, kNever);
  EXPECT_TRUE(all.ok() && all->rows.size() == 6);
}

TEST_P(DiskContract, AScanPassesOverWhatItIsTold) {
  run([this] { return scansSkipping(disk()); });
}

Task<> scansDeleted(Disk& disk) {
  Batch rows = rowsOf({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  co_await committed(disk, std::move(rows));
  Batch deletion = rowsOf({{"b", std::nullopt}});
  co_await committed(disk, std::move(deletion));
  const auto all = co_await scanned(disk, "", "z", 1000);
  EXPECT_THAT(all, ElementsAre("a=1", "c=3", "|"));
}

TEST_P(DiskContract, DeletedRowsAreNotScanned) {
  run([this] { return scansDeleted(disk()); });
}

Task<> commitOne(Disk& disk, int number, std::vector<std::uint64_t>& numbers) {
  Batch batch = rowsOf({{"shared", std::to_string(number)}, {"own" + std::to_string(number), "x"}});
  auto result = co_await disk.commit(std::move(batch));
  EXPECT_TRUE(result.ok());
  if (result) numbers.push_back(*result);
}

Task<> commitsTogether(Disk& disk) {
  Executor& here = co_await currentExecutor();
  const std::uint64_t before = disk.lastSynced();
  std::vector<std::uint64_t> numbers;
  Gate gate(here);
  for (int i = 0; i < 100; ++i) gate.spawn(commitOne(disk, i, numbers));
  co_await gate.close();
  std::ranges::sort(numbers);
  EXPECT_EQ(numbers.size(), 100U);
  EXPECT_EQ(std::ranges::adjacent_find(numbers), numbers.end());
  EXPECT_GT(numbers.front(), before);
  EXPECT_EQ(disk.lastSynced(), numbers.back());
  const std::string last = co_await contentOf(disk, "shared");
  EXPECT_EQ(last, "99");
}

TEST_P(DiskContract, CommitsThatWaitTogetherAreAllDoneInOrderEachWithItsNumber) {
  run([this] { return commitsTogether(disk()); });
}

struct Kept {
  std::uint64_t number = 0;
  BlobId blob = 0;
};

Task<> leavesSomething(Disk& disk, Kept& kept) {
  kept.blob = co_await publishedBlob(disk, patterned(1000));
  Batch batch = rowsOf({{"a", "1"}});
  kept.number = co_await committed(disk, std::move(batch));
}

Task<> findsIt(Disk& disk, Kept& kept) {
  EXPECT_EQ(disk.lastSynced(), kept.number);
  const std::string a = co_await contentOf(disk, "a");
  EXPECT_EQ(a, "1");
  auto blob = co_await disk.openBlob(kept.blob, kNever);
  EXPECT_TRUE(blob.ok());
  Batch batch = rowsOf({{"a", "2"}});
  const std::uint64_t next = co_await committed(disk, std::move(batch));
  EXPECT_GT(next, kept.number);
  const BlobId nextBlob = co_await sealedBlob(disk, "x");
  EXPECT_NE(nextBlob, kept.blob);
}

TEST_P(DiskContract, RowsBlobsAndNumbersOutliveARestart) {
  Kept kept;
  run([&] { return leavesSomething(disk(), kept); });
  subject_->restart();
  run([&] { return findsIt(disk(), kept); });
}

Task<> readsBlob(Disk& disk, std::size_t size) {
  const std::string value = patterned(size);
  const BlobId id = co_await publishedBlob(disk, value);
  auto blob = co_await disk.openBlob(id, kNever);
  MYDHT_ASSERT(blob.ok());
  EXPECT_EQ((*blob)->size(), size);
  std::string whole;
  while (true) {
    auto piece = co_await (*blob)->read(whole.size(), limits::kChunkBytes, kNever);
    MYDHT_ASSERT(piece.ok());
    if (piece->empty()) break;
    whole += piece->view();
  }
  EXPECT_TRUE(whole == value);
  auto part = co_await (*blob)->read(size / 2, 10, kNever);
  EXPECT_EQ(part->view(), value.substr(size / 2, 10));
  auto beyond = co_await (*blob)->read(size + 5, 10, kNever);
  EXPECT_TRUE(beyond.ok() && beyond->empty());
  auto verified = co_await (*blob)->verify(0, size, kNever);
  EXPECT_TRUE(verified.ok());
}

TEST_P(DiskContract, BlobsOfEverySizeComeBackByteForByte) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, limits::kChunkBytes - 1, limits::kChunkBytes,
                                 limits::kChunkBytes + 1, 3 * limits::kChunkBytes + 17}) {
    run([this, size] { return readsBlob(disk(), size); });
  }
}

Task<> publishes(Disk& disk, std::size_t size, BlobId& id) {
  id = co_await publishedBlob(disk, patterned(size));
}

Task<> findsTheMiddleChunkCorrupt(Disk& disk, BlobId id) {
  auto blob = co_await disk.openBlob(id, kNever);
  MYDHT_ASSERT(blob.ok());
  auto good = co_await (*blob)->read(0, limits::kChunkBytes, kNever);
  EXPECT_TRUE(good.ok());
  auto bad = co_await (*blob)->read(limits::kChunkBytes + 100, 10, kNever);
  EXPECT_TRUE(!bad && bad.error().kind == Kind::Corrupt);
  auto verified = co_await (*blob)->verify(0, limits::kChunkBytes, kNever);
  EXPECT_TRUE(verified.ok());
  auto refuted = co_await (*blob)->verify(limits::kChunkBytes - 1, 2, kNever);
  EXPECT_TRUE(!refuted && refuted.error().kind == Kind::Corrupt);
  auto last = co_await (*blob)->verify(2 * limits::kChunkBytes, limits::kChunkBytes, kNever);
  EXPECT_TRUE(last.ok());
}

TEST_P(DiskContract, AFlippedBitMakesThatChunkCorruptAndNoOther) {
  BlobId id = 0;
  run([&] { return publishes(disk(), 3 * limits::kChunkBytes, id); });
  subject_->corrupt(id, limits::kChunkBytes + 5);
  run([&] { return findsTheMiddleChunkCorrupt(disk(), id); });
}

Task<> dropsOpenBlob(Disk& disk) {
  const BlobId id = co_await publishedBlob(disk, patterned(1000));
  auto blob = co_await disk.openBlob(id, kNever);
  MYDHT_ASSERT(blob.ok());
  co_await dropBlob(disk, id);
  auto read = co_await (*blob)->read(0, 1000, kNever);
  EXPECT_TRUE(read.ok() && read->view() == patterned(1000));
  auto gone = co_await disk.openBlob(id, kNever);
  EXPECT_TRUE(!gone && gone.error().kind == Kind::NotFound);
}

TEST_P(DiskContract, AnOpenBlobStaysReadableAfterItsDropAndIsNotFoundAgain) {
  run([this] { return dropsOpenBlob(disk()); });
}

Task<> leavesBlobs(Disk& disk, BlobId& published, BlobId& sealed) {
  published = co_await publishedBlob(disk, "kept");
  sealed = co_await sealedBlob(disk, "not kept");
  auto early = co_await disk.openBlob(sealed, kNever);
  EXPECT_TRUE(early.ok());
  auto unsealed = co_await disk.createBlob(10);
  auto done = co_await (*unsealed)->append(Bytes(std::string("never sealed")), kNever);
  EXPECT_TRUE(done.ok());
}

Task<> findsOnlyThePublished(Disk& disk, BlobId published, BlobId sealed) {
  auto gone = co_await disk.openBlob(sealed, kNever);
  EXPECT_TRUE(!gone && gone.error().kind == Kind::NotFound);
  auto kept = co_await disk.openBlob(published, kNever);
  EXPECT_TRUE(kept.ok());
  const BlobId next = co_await sealedBlob(disk, "new");
  EXPECT_NE(next, sealed);
  EXPECT_NE(next, published);
}

TEST_P(DiskContract, UnpublishedBlobsAreSweptByARestartAndTheirNumbersNotReused) {
  BlobId published = 0;
  BlobId sealed = 0;
  run([&] { return leavesBlobs(disk(), published, sealed); });
  subject_->restart();
  run([&] { return findsOnlyThePublished(disk(), published, sealed); });
}

Task<> discards(Disk& disk) {
  const BlobId id = co_await sealedBlob(disk, "unwanted");
  disk.discardBlob(id);
  for (int i = 0; i < 1000; ++i) {
    auto gone = co_await disk.openBlob(id, kNever);
    if (!gone && gone.error().kind == Kind::NotFound) co_return;
  }
  ADD_FAILURE() << "the discarded blob is still there";
}

TEST_P(DiskContract, ADiscardedBlobIsGoneSoon) {
  run([this] { return discards(disk()); });
}

INSTANTIATE_TEST_SUITE_P(BothDisks, DiskContract,
                         testing::Values(std::pair("Simulated", &simulatedDisk), std::pair("Real", &realDisk)),
                         [](const auto& made) { return made.param.first; });

}  // namespace
}  // namespace mydht
