// Proves the disk's half of "a put answered with success survives a power cut": whatever the disk acknowledged is there
// in what a disk that kept only synced bytes and synced names would still have. How: this program's fsync and fdatasync
// note what was synced; many times in the middle of the work the noted state is built in another directory, as if the
// power had gone at that moment, and a disk is opened on it and read. That the test can fail is tried with syncs
// ignored.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/task/gate.h"
#include "tests/support/files/temp_directory.h"
#include "tests/unit/server/disk/real_disk.h"
#include "tests/unit/server/disk_power_cut/synced_shadow.h"

namespace mydht {
namespace {

constexpr Deadline kNever = Deadline::max();
constexpr int kWriters = 8;
constexpr int kRounds = 40;
constexpr std::size_t kAcknowledgementsPerCut = 29;

std::string contentOf(int writer, int round) {
  std::string content = "content " + std::to_string(writer) + "/" + std::to_string(round) + " ";
  content.resize(static_cast<std::size_t>(500 + 400 * (round % 7)), 'x');
  return content;
}

/// What a writer was told last: the round that its row holds at least, and its published blob.
struct Told {
  int round = -1;
  BlobId blob = 0;
  int blobRound = -1;
};

/// One power cut: what was acknowledged before it, and where what was synced then lies.
struct Cut {
  std::vector<Told> told;
  std::uint64_t lastSynced = 0;
  std::unique_ptr<support::TempDirectory> directory = std::make_unique<support::TempDirectory>();
};

struct Work {
  Disk& disk;
  std::vector<Told> told = std::vector<Told>(kWriters);
  std::size_t acknowledged = 0;
  std::vector<Cut> cuts{};

  void noteAcknowledged() {
    if (++acknowledged % kAcknowledgementsPerCut != 0) return;
    Cut cut;
    cut.told = told;
    cut.lastSynced = disk.lastSynced();
    restoreSynced(cut.directory->path());
    cuts.push_back(std::move(cut));
  }
};

Task<BlobId> sealedBlob(Disk& disk, std::string value) {
  auto writer = co_await disk.createBlob(value.size());
  MYDHT_ASSERT(writer.ok());
  auto done = co_await (*writer)->append(Bytes(std::move(value)), kNever);
  MYDHT_ASSERT(done.ok());
  auto id = co_await (*writer)->seal(kNever);
  MYDHT_ASSERT(id.ok());
  co_return *id;
}

/// Overwrites its row again and again; every fourth round it publishes a new blob and drops its old one.
Task<> write(Work& work, int writer) {
  for (int round = 0; round < kRounds; ++round) {
    Told next = work.told[static_cast<std::size_t>(writer)];
    next.round = round;
    Batch batch;
    batch.rows.emplace_back("row" + std::to_string(writer), Bytes(contentOf(writer, round)));
    if (round % 4 == 0) {
      if (next.blob != 0) batch.drops.push_back(next.blob);
      next.blob = co_await sealedBlob(work.disk, contentOf(writer, round));
      next.blobRound = round;
      batch.publishes.push_back(next.blob);
      batch.rows.emplace_back("blob" + std::to_string(writer), Bytes(std::to_string(next.blob)));
    }
    auto done = co_await work.disk.commit(std::move(batch));
    MYDHT_ASSERT(done.ok());
    work.told[static_cast<std::size_t>(writer)] = next;
    work.noteAcknowledged();
  }
}

Task<> writeAll(Work& work) {
  Executor& here = co_await currentExecutor();
  Gate gate(here);
  for (int writer = 0; writer < kWriters; ++writer) gate.spawn(write(work, writer));
  co_await gate.close();
}

disk::RocksDiskOptions smallOptions() {
  disk::RocksDiskOptions options;
  options.rows.writeBufferBytes = 64 * 1024;  // so that tables are flushed and logs change while the power goes
  return options;
}

/// The round of the row that the disk holds; -1 for none or one that is not whole.
int roundOf(RealDisk& real, int writer) {
  auto row = real.run(real.disk().get("row" + std::to_string(writer), kNever));
  if (!row.ok() || !*row) return -1;
  for (int round = 0; round < kRounds; ++round) {
    if ((*row)->view() == contentOf(writer, round)) return round;
  }
  return -1;
}

/// The blob that the writer's row names must be there, whole; a later one than it was told of is right too.
bool holdsItsBlob(RealDisk& real, int writer, const Told& told) {
  auto row = real.run(real.disk().get("blob" + std::to_string(writer), kNever));
  if (!row.ok() || !*row) return told.blob == 0;
  const BlobId id = std::stoull(std::string((*row)->view()));
  auto blob = real.run(real.disk().openBlob(id, kNever));
  if (id < told.blob || !blob.ok()) return false;
  auto value = real.run((*blob)->read(0, 10'000, kNever));
  return value.ok() && value->view().starts_with("content " + std::to_string(writer) + "/") &&
         (id != told.blob || value->view() == contentOf(writer, told.blobRound));
}

/// What of that which was acknowledged before the cut is not there after it; empty = nothing.
std::string lossOf(const Cut& cut) {
  RealDisk real(cut.directory->path(), smallOptions());
  if (!real.isOpen()) return real.error().text;
  if (real.disk().lastSynced() < cut.lastSynced) return "the last batches";
  if (real.disk().swept().missing > 0) return "files of published blobs";
  for (int writer = 0; writer < kWriters; ++writer) {
    const Told& told = cut.told[static_cast<std::size_t>(writer)];
    if (roundOf(real, writer) < told.round) return "row of writer " + std::to_string(writer);
    if (!holdsItsBlob(real, writer, told)) return "blob of writer " + std::to_string(writer);
  }
  return "";
}

std::vector<Cut> cutsOfOneRun(bool lyingDisk) {
  const support::TempDirectory directory;
  watchSyncs(directory.path());
  RealDisk real(directory.path(), smallOptions());
  MYDHT_ASSERT(real.isOpen());
  if (lyingDisk) ignoreSyncs(true);
  Work work{real.disk()};
  real.run(writeAll(work));
  return std::move(work.cuts);
}

TEST(PowerCut, WhatWasAcknowledgedIsThereInWhatWasSynced) {
  const std::vector<Cut> cuts = cutsOfOneRun(false);
  ASSERT_GE(cuts.size(), 10U);
  for (std::size_t i = 0; i < cuts.size(); ++i) EXPECT_EQ(lossOf(cuts[i]), "") << "cut " << i;
}

TEST(PowerCut, ADiskThatOnlySaysThatItSyncedIsFoundOut) {
  for (const Cut& cut : cutsOfOneRun(true)) EXPECT_NE(lossOf(cut), "");
}

/// Commits rows until one fails; how many succeeded.
Task<int> commitUntilFailure(Disk& disk, int most) {
  for (int i = 0; i < most; ++i) {
    Batch batch;
    batch.rows.emplace_back("row" + std::to_string(i), Bytes(std::string(10'000, 'x')));
    auto done = co_await disk.commit(std::move(batch));
    if (!done) co_return i;
  }
  co_return most;
}

class FailingSync : public testing::Test {
 protected:
  FailingSync() { watchSyncs(directory_.path()); }
  ~FailingSync() override { failSyncsOf(""); }

  support::TempDirectory directory_;
  RealDisk real_{directory_.path(), smallOptions()};
};

TEST_F(FailingSync, OfTheLogFailsThatCommitAndEveryLaterOneUntilTheRestart) {
  EXPECT_EQ(real_.run(commitUntilFailure(real_.disk(), 1)), 1);
  failSyncsOf(".log");
  EXPECT_EQ(real_.run(commitUntilFailure(real_.disk(), 1)), 0);
  failSyncsOf("");
  EXPECT_EQ(real_.run(commitUntilFailure(real_.disk(), 1)), 0);
  EXPECT_EQ(real_.disk().lastSynced(), 1U);
  real_.close();
  real_.open();
  ASSERT_TRUE(real_.isOpen()) << real_.error().text;
  EXPECT_EQ(real_.run(commitUntilFailure(real_.disk(), 1)), 1);
}

TEST_F(FailingSync, OfATableInTheBackgroundStopsCommitsAndLosesNothing) {
  failSyncsOf(".sst");
  const int done = real_.run(commitUntilFailure(real_.disk(), 2000));
  EXPECT_LT(done, 2000);
  failSyncsOf("");
  EXPECT_EQ(real_.run(commitUntilFailure(real_.disk(), 1)), 0);
  real_.close();
  real_.open();
  ASSERT_TRUE(real_.isOpen()) << real_.error().text;
  for (int i = 0; i < done; ++i) {
    auto row = real_.run(real_.disk().get("row" + std::to_string(i), kNever));
    EXPECT_TRUE(row.ok() && *row) << i;
  }
}

Task<> sealFails(Disk& disk) {
  auto writer = co_await disk.createBlob(10);
  MYDHT_ASSERT(writer.ok());
  auto appended = co_await (*writer)->append(Bytes(std::string("value")), kNever);
  EXPECT_TRUE(appended.ok());
  failSyncsOf("01");
  auto sealed = co_await (*writer)->seal(kNever);
  EXPECT_TRUE(!sealed && sealed.error().kind == Kind::Io);
  failSyncsOf("");
  auto row = co_await commitUntilFailure(disk, 1);
  EXPECT_EQ(row, 1);
}

TEST_F(FailingSync, OfABlobFailsItsSealAndNothingElse) {
  real_.run(sealFails(real_.disk()));
}

}  // namespace
}  // namespace mydht
