// Proves what only the real disk can show: a process killed with -9 loses nothing that it acknowledged, files of blobs
// come and go with the rows that publish them, and a directory that lacks its rows is refused. How: a child process
// (this program again) commits and reports each acknowledgement through a pipe until it is killed; else files are
// looked at and harmed from outside.

#include "server/disk/rocks_disk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "server/task/gate.h"
#include "tests/support/disks/damage.h"
#include "tests/support/files/temp_directory.h"
#include "tests/unit/server/disk/real_disk.h"

namespace mydht::disk {
namespace {

namespace fs = boost::filesystem;
constexpr Deadline kNever = Deadline::max();
constexpr const char* kChildDirectory = "MYDHT_TEST_CHILD_DIRECTORY";
constexpr int kReport = 3;  // the child's end of the pipe

/// What the child reports: this row was acknowledged with this number, and so was this blob.
struct Acknowledged {
  std::uint64_t row;
  std::uint64_t number;
  BlobId blob;
};

std::string contentOf(std::uint64_t row) {
  return "content of " + std::to_string(row);
}

Task<BlobId> sealedBlob(Disk& disk, std::string value) {
  auto writer = co_await disk.createBlob(value.size());
  MYDHT_ASSERT(writer.ok());
  auto done = co_await (*writer)->append(Bytes(std::move(value)), kNever);
  MYDHT_ASSERT(done.ok());
  auto id = co_await (*writer)->seal(kNever);
  MYDHT_ASSERT(id.ok());
  co_return *id;
}

Task<> commitAndReport(Disk& disk, std::uint64_t first) {
  for (std::uint64_t row = first;; row += 16) {
    Batch batch;
    batch.rows.emplace_back("row" + std::to_string(row), Bytes(contentOf(row)));
    Acknowledged report{row, 0, 0};
    if (row % 7 == 0) {
      report.blob = co_await sealedBlob(disk, contentOf(row));
      batch.publishes.push_back(report.blob);
    }
    auto number = co_await disk.commit(std::move(batch));
    MYDHT_ASSERT(number.ok());
    report.number = *number;
    MYDHT_ASSERT(::write(kReport, &report, sizeof report) == sizeof report);
  }
}

Task<> commitForEver(Disk& disk) {
  Executor& here = co_await currentExecutor();
  Gate gate(here);
  for (std::uint64_t first = 0; first < 16; ++first) gate.spawn(commitAndReport(disk, first));
  co_await gate.close();
}

/// The child's part of the test below; never run by itself.
TEST(RocksDiskChild, DISABLED_CommitsUntilItIsKilled) {
  const char* const directory = std::getenv(kChildDirectory);
  ASSERT_NE(directory, nullptr);
  RealDisk real(directory);
  ASSERT_TRUE(real.isOpen());
  real.run(commitForEver(real.disk()));
}

/// Starts this program again as the child; returns its process id and the end of the pipe to read from.
std::pair<pid_t, int> startChild(const std::string& directory) {
  int ends[2];
  MYDHT_ASSERT(::pipe2(ends, O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  MYDHT_ASSERT(child >= 0);
  if (child == 0) {
    if (ends[1] != kReport) ::dup2(ends[1], kReport);
    ::fcntl(kReport, F_SETFD, 0);
    ::setenv(kChildDirectory, directory.c_str(), 1);
    ::execl("/proc/self/exe", "child", "--gtest_filter=RocksDiskChild.*", "--gtest_also_run_disabled_tests",
            "--gtest_brief=1", nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  return {child, ends[0]};
}

TEST(RocksDisk, WhatWasAcknowledgedSurvivesKillNine) {
  const support::TempDirectory directory;
  const auto [child, pipe] = startChild(directory.path());
  std::vector<Acknowledged> acknowledged;
  Acknowledged next{};
  while (acknowledged.size() < 500 && ::read(pipe, &next, sizeof next) == sizeof next) acknowledged.push_back(next);
  ::kill(child, SIGKILL);
  while (::read(pipe, &next, sizeof next) == sizeof next) acknowledged.push_back(next);
  ::close(pipe);
  ::waitpid(child, nullptr, 0);
  ASSERT_GE(acknowledged.size(), 500U);

  RealDisk real(directory.path());
  ASSERT_TRUE(real.isOpen()) << real.error().text;
  for (const Acknowledged& report : acknowledged) {
    auto row = real.run(real.disk().get("row" + std::to_string(report.row), kNever));
    ASSERT_TRUE(row.ok() && *row) << report.row;
    EXPECT_EQ((*row)->view(), contentOf(report.row));
    EXPECT_LE(report.number, real.disk().lastSynced());
    if (report.blob == 0) continue;
    auto blob = real.run(real.disk().openBlob(report.blob, kNever));
    ASSERT_TRUE(blob.ok()) << report.row;
    auto value = real.run((*blob)->read(0, 1000, kNever));
    EXPECT_TRUE(value.ok() && value->view() == contentOf(report.row));
  }
  EXPECT_EQ(real.disk().swept().missing, 0U);
}

std::string pathOf(const support::TempDirectory& directory, BlobId id) {
  return directory.path() + "/blobs/" + blobFolder(folderOf(id)) + "/" + blobName(id);
}

Task<> publish(Disk& disk, BlobId id) {
  Batch batch;
  batch.publishes.push_back(id);
  auto done = co_await disk.commit(std::move(batch));
  EXPECT_TRUE(done.ok());
}

Task<> drop(Disk& disk, BlobId id) {
  Batch batch;
  batch.drops.push_back(id);
  auto done = co_await disk.commit(std::move(batch));
  EXPECT_TRUE(done.ok());
}

TEST(RocksDisk, FilesThatNoRowPublishesAreSweptAtTheStart) {
  const support::TempDirectory directory;
  RealDisk real(directory.path());
  const BlobId kept = real.run(sealedBlob(real.disk(), "kept"));
  real.run(publish(real.disk(), kept));
  const BlobId unpublished = real.run(sealedBlob(real.disk(), "unpublished"));
  EXPECT_TRUE(fs::exists(pathOf(directory, unpublished)));
  real.close();
  real.open();
  ASSERT_TRUE(real.isOpen());
  EXPECT_EQ(real.disk().swept().removed, 1U);
  EXPECT_FALSE(fs::exists(pathOf(directory, unpublished)));
  EXPECT_TRUE(fs::exists(pathOf(directory, kept)));
}

TEST(RocksDisk, ADroppedFileIsGoneAfterTheNextStartAtTheLatest) {
  const support::TempDirectory directory;
  RealDisk real(directory.path());
  const BlobId id = real.run(sealedBlob(real.disk(), "value"));
  real.run(publish(real.disk(), id));
  real.run(drop(real.disk(), id));
  real.close();
  real.open();
  EXPECT_FALSE(fs::exists(pathOf(directory, id)));
}

TEST(RocksDisk, APublishedBlobWithoutItsFileIsCorruptAndCounted) {
  const support::TempDirectory directory;
  RealDisk real(directory.path());
  const BlobId id = real.run(sealedBlob(real.disk(), "value"));
  real.run(publish(real.disk(), id));
  fs::remove(pathOf(directory, id));
  const auto opened = real.run(real.disk().openBlob(id, kNever));
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, Kind::Corrupt);
  real.close();
  real.open();
  EXPECT_EQ(real.disk().swept().missing, 1U);
}

TEST(RocksDisk, AFileCutShortOrOfAnotherBlobIsCorrupt) {
  const support::TempDirectory directory;
  RealDisk real(directory.path());
  const BlobId cut = real.run(sealedBlob(real.disk(), "value"));
  const BlobId other = real.run(sealedBlob(real.disk(), "other"));
  const BlobId moved = real.run(sealedBlob(real.disk(), "moved"));
  fs::resize_file(pathOf(directory, cut), fs::file_size(pathOf(directory, cut)) - 1);
  fs::remove(pathOf(directory, moved));
  fs::copy_file(pathOf(directory, other), pathOf(directory, moved));
  for (const BlobId id : {cut, moved}) {
    const auto opened = real.run(real.disk().openBlob(id, kNever));
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().kind, Kind::Corrupt);
  }
}

TEST(RocksDisk, TheFileOfABlobBeginsWithItsValueForSendfile) {
  const support::TempDirectory directory;
  RealDisk real(directory.path());
  const BlobId id = real.run(sealedBlob(real.disk(), "value"));
  auto blob = real.run(real.disk().openBlob(id, kNever));
  ASSERT_TRUE(blob.ok());
  char bytes[5];
  ASSERT_EQ(::pread((*blob)->file(), bytes, 5, 0), 5);
  EXPECT_EQ(std::string(bytes, 5), "value");
}

TEST(RocksDisk, ADirectoryWhoseRowsAreMissingIsRefusedAndItsBlobsStay) {
  const support::TempDirectory directory;
  RealDisk real(directory.path());
  const BlobId id = real.run(sealedBlob(real.disk(), "value"));
  real.run(publish(real.disk(), id));
  real.close();
  fs::remove_all(directory.path() + "/rows");
  real.open();
  EXPECT_FALSE(real.isOpen());
  EXPECT_EQ(real.error().kind, Kind::Corrupt);
  EXPECT_TRUE(fs::exists(pathOf(directory, id)));
}

/// Closes the disk once its log has become a table. The path of its largest one.
std::string largestTable(RealDisk& real, const support::TempDirectory& directory) {
  real.close();
  real.open();  // writes what the log holds into a table
  real.close();
  std::string largest;
  for (const std::string& table : support::filesIn(directory.path() + "/rows", ".sst")) {
    if (largest.empty() || fs::file_size(table) > fs::file_size(largest)) largest = table;
  }
  return largest;
}

/// Makes a database whose one row is most of a table; closed. The table's path.
std::string madeTable(RealDisk& real, const support::TempDirectory& directory) {
  std::mt19937 random(1);
  std::string content(60'000, '\0');
  for (char& byte : content) byte = static_cast<char>(random());
  Batch batch;
  batch.rows.emplace_back("row", Bytes(std::move(content)));
  EXPECT_TRUE(real.run(real.disk().commit(std::move(batch))).ok());
  return largestTable(real, directory);
}

/// What a check of all rows finds.
std::vector<std::pair<std::string, std::string>> damagedRows(RealDisk& real) {
  std::vector<std::pair<std::string, std::string>> damaged;
  std::string from;
  do {
    const auto checked = real.run(real.disk().check(from, kNever));
    EXPECT_TRUE(checked.ok());
    if (!checked) break;
    damaged.insert(damaged.end(), checked->damaged.begin(), checked->damaged.end());
    from = checked->next;
  } while (!from.empty());
  return damaged;
}

TEST(RocksDisk, AFlippedBitInATableIsFoundByACheckAndItsRowIsNotRead) {
  const support::TempDirectory directory;
  RealDisk real(directory.path());
  const std::string table = madeTable(real, directory);
  ASSERT_GT(fs::file_size(table), 60'000U);
  real.open();
  EXPECT_TRUE(damagedRows(real).empty());
  real.close();
  support::flipBit(table, 30'000);
  real.open();
  ASSERT_TRUE(real.isOpen());
  const auto row = real.run(real.disk().get("row", kNever));
  ASSERT_FALSE(row.ok());
  EXPECT_EQ(row.error().kind, Kind::Corrupt);
  EXPECT_FALSE(real.disk().failure());
  const auto damaged = damagedRows(real);
  ASSERT_EQ(damaged.size(), 1U);
  EXPECT_LE(damaged[0].first, "row");
  EXPECT_GT(damaged[0].second, "row");
}

TEST(RocksDisk, ACheckFindsABitWhereverInATableItIsFlipped) {
  const support::TempDirectory directory;
  RealDisk real(directory.path());
  Batch batch;
  for (unsigned row = 0; row < 500; ++row) batch.rows.emplace_back("row" + std::to_string(row), Bytes("content"));
  EXPECT_TRUE(real.run(real.disk().commit(std::move(batch))).ok());
  const std::string table = largestTable(real, directory);
  real.open();
  EXPECT_TRUE(damagedRows(real).empty());
  // Filters and what fills up the footer are tens of bytes and more.
  for (std::uint64_t byte = 0; byte < fs::file_size(table); byte += 7) {
    support::flipBit(table, byte);
    EXPECT_FALSE(damagedRows(real).empty()) << byte;
    support::flipBit(table, byte);
  }
  EXPECT_TRUE(damagedRows(real).empty());
}

TEST(RocksDisk, ATableWithoutItsEndIsRefusedInOneLineThatSaysWhatToDo) {
  const support::TempDirectory directory;
  RealDisk real(directory.path());
  const std::string table = madeTable(real, directory);
  fs::resize_file(table, fs::file_size(table) / 2);
  real.open();
  ASSERT_FALSE(real.isOpen());
  EXPECT_EQ(real.error().kind, Kind::Corrupt);
  EXPECT_NE(real.error().text.find("start empty"), std::string::npos) << real.error().text;
  EXPECT_EQ(real.error().text.find('\n'), std::string::npos);
}

TEST(RocksDisk, ADiskWithoutRoomBeyondTheReserveRefusesBlobsAndTakesRows) {
  const support::TempDirectory directory;
  runtime::LoopThread loop;
  runtime::BlockingPool pool(1, 100);
  auto held = DataDirectory::open(directory.path());
  ASSERT_TRUE(held.ok());
  RocksDiskOptions options;
  options.reserveBytes = 1 << 20;
  options.askSpace = [](const std::string&) { return FreeSpace::Room{std::uint64_t{1} << 30, 1000}; };
  auto disk = RocksDisk::open(**held, pool, options);
  ASSERT_TRUE(disk.ok());
  EXPECT_EQ((*disk)->freeBytes(), 0U);
  const auto blob = runtime::runOn(loop.loop(), (*disk)->createBlob(10));
  ASSERT_FALSE(blob.ok());
  EXPECT_EQ(blob.error().kind, Kind::NoSpace);
  Batch batch;
  batch.rows.emplace_back("tombstone", Bytes(std::string("x")));
  const auto row = runtime::runOn(loop.loop(), (*disk)->commit(std::move(batch)));
  EXPECT_TRUE(row.ok());
}

TEST(RocksDisk, WhatIsNotInMemoryIsNotTakenForMissingOrEmpty) {
  const support::TempDirectory directory;
  RocksDiskOptions options;
  // More tables than the engine opens by itself.
  options.rows.openTables = 20;
  options.rows.tableBytes = 64 * 1024;
  constexpr unsigned kRows = 100;
  const auto nameOf = [](unsigned row) { return "row" + std::to_string(row); };
  const auto valueOf = [](unsigned row) {
    std::mt19937 random(row);
    std::string value(10'000, '\0');
    for (char& byte : value) byte = static_cast<char>(random());
    return value;
  };
  RealDisk real(directory.path(), options);
  for (unsigned row = 0; row < kRows; ++row) {
    Batch batch;
    batch.rows.emplace_back(nameOf(row), Bytes(valueOf(row)));
    ASSERT_TRUE(real.run(real.disk().commit(std::move(batch))).ok());
  }
  ASSERT_TRUE(real.disk().compact().ok());
  real.close();
  real.open();
  ASSERT_TRUE(real.isOpen()) << real.error().text;
  unsigned toBeRead = 0;
  for (unsigned row = 0; row < kRows; ++row) {
    const auto atHand = real.disk().tryGet(nameOf(row));
    if (!atHand) ++toBeRead;
    if (!atHand) continue;
    ASSERT_TRUE(atHand->ok()) << atHand->error().text;
    ASSERT_TRUE((**atHand).has_value()) << nameOf(row);
    EXPECT_TRUE((**atHand)->view() == valueOf(row)) << nameOf(row);
  }
  EXPECT_GT(toBeRead, 0U) << "all of it was in memory: this proves nothing";
}

TEST(RocksDisk, AfterItsStopEverythingIsRefused) {
  const support::TempDirectory directory;
  RealDisk real(directory.path());
  real.disk().stop();
  const auto row = real.run(real.disk().get("a", kNever));
  ASSERT_FALSE(row.ok());
  EXPECT_EQ(row.error().kind, Kind::Stopped);
  const auto number = real.run(real.disk().commit(Batch()));
  ASSERT_FALSE(number.ok());
  EXPECT_EQ(number.error().kind, Kind::Stopped);
}

}  // namespace
}  // namespace mydht::disk
