// Proves that the simulated disk forgets exactly what was not synced and that its faults do what they say. How: tasks
// on one simulated executor commit and write, the test crashes the disk at chosen moments and looks at the medium.

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "server/task/gate.h"
#include "tests/support/simulation/sim_disk.h"
#include "tests/support/simulation/sim_executor.h"

namespace mydht::simulation {
namespace {

constexpr Deadline kNever = Deadline::max();

class Seeded final : public Random {
 public:
  std::uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_{1};
};

Batch batchOf(std::string row, std::string content) {
  Batch batch;
  batch.rows.emplace_back(std::move(row), Bytes(std::move(content)));
  return batch;
}

Task<> commitInto(Disk& disk, Batch batch, std::vector<std::string>& outcomes) {
  auto done = co_await disk.commit(std::move(batch));
  outcomes.emplace_back(done ? "ok" : kindName(done.error().kind));
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

class SimDiskTest : public testing::Test {
 protected:
  void start() { disk_ = std::make_unique<SimDisk>(medium_, random_); }
  void restart() {
    MYDHT_ASSERT(disk_->crashed());
    time_.runUntilIdle();
    start();
  }
  bool has(const char* row) { return medium_.row(row) != nullptr; }
  std::string commit(const char* row) {
    std::vector<std::string> outcomes;
    time_.run(executor_, commitInto(*disk_, batchOf(row, "x"), outcomes));
    return outcomes.front();
  }

  SimTime time_;
  SimExecutor executor_{time_};
  Seeded random_;
  SimMedium medium_;
  std::unique_ptr<SimDisk> disk_ = std::make_unique<SimDisk>(medium_, random_);
  Gate gate_{executor_};
  std::vector<std::string> outcomes_;
};

TEST_F(SimDiskTest, ACrashLosesWhatWasNotSyncedAndFailsItsWaiters) {
  EXPECT_EQ(commit("synced"), "ok");
  gate_.spawn(commitInto(*disk_, batchOf("a", "1"), outcomes_));
  gate_.spawn(commitInto(*disk_, batchOf("b", "1"), outcomes_));
  time_.runReady();
  EXPECT_EQ(disk_->unsyncedBatches(), 2U);
  disk_->crash();
  time_.runUntilIdle();
  EXPECT_EQ(outcomes_, std::vector<std::string>({"stopped", "stopped"}));
  EXPECT_TRUE(has("synced"));
  EXPECT_FALSE(has("a") || has("b"));
  EXPECT_EQ(medium_.lastBatch(), 1U);
  EXPECT_EQ(commit("after"), "stopped");
}

TEST_F(SimDiskTest, ACrashMayKeepAPrefixOfWhatWasNotSynced) {
  for (const char* row : {"a", "b", "c"}) gate_.spawn(commitInto(*disk_, batchOf(row, "1"), outcomes_));
  time_.runReady();
  disk_->crash(2);
  restart();
  EXPECT_TRUE(has("a") && has("b"));
  EXPECT_FALSE(has("c"));
  EXPECT_EQ(disk_->lastSynced(), 2U);
  EXPECT_EQ(outcomes_, std::vector<std::string>(3, "stopped"));
}

TEST_F(SimDiskTest, OneSyncCoversAllThatWereQueuedWhenItBegan) {
  for (int i = 0; i < 100; ++i) gate_.spawn(commitInto(*disk_, batchOf("row" + std::to_string(i), "1"), outcomes_));
  const Time before = time_.now();
  time_.runUntilIdle();
  EXPECT_EQ(outcomes_, std::vector<std::string>(100, "ok"));
  EXPECT_LT(time_.now() - before, 3 * SimDiskOptions().sync.most);
}

TEST_F(SimDiskTest, AfterAFailedSyncEveryCommitFailsUntilTheRestart) {
  disk_->failNext(Fault::Sync, Kind::Io);
  EXPECT_EQ(commit("a"), "io");
  EXPECT_EQ(commit("b"), "io");
  EXPECT_FALSE(has("a") || has("b"));
  disk_->crash(disk_->unsyncedBatches());
  EXPECT_TRUE(has("a"));
  restart();
  EXPECT_EQ(commit("c"), "ok");
}

TEST_F(SimDiskTest, AFailedWriteIsRememberedToo) {
  disk_->failNext(Fault::Write, Kind::NoSpace);
  EXPECT_EQ(commit("a"), "no-space");
  EXPECT_EQ(commit("b"), "no-space");
}

TEST_F(SimDiskTest, ABackupRestoredHasItsOldRowsAndNumbers) {
  EXPECT_EQ(commit("old"), "ok");
  const auto backup = medium_.snapshot();
  EXPECT_EQ(commit("new"), "ok");
  disk_->crash();
  medium_.rollback(*backup);
  restart();
  EXPECT_TRUE(has("old"));
  EXPECT_FALSE(has("new"));
  EXPECT_EQ(disk_->lastSynced(), 1U);
  disk_->crash();
  medium_.empty();
  restart();
  EXPECT_FALSE(has("old"));
  EXPECT_EQ(disk_->lastSynced(), 0U);
}

Task<> fullDiskRefusesBlobs(SimDisk& disk) {
  auto writer = co_await disk.createBlob(10);
  MYDHT_ASSERT(writer.ok());
  disk.setFull(true);
  auto grown = co_await (*writer)->append(Bytes(std::string("more")), kNever);
  EXPECT_TRUE(!grown && grown.error().kind == Kind::NoSpace);
  auto refused = co_await disk.createBlob(10);
  EXPECT_TRUE(!refused && refused.error().kind == Kind::NoSpace);
  EXPECT_EQ(disk.freeBytes(), 0U);
  auto row = co_await disk.commit(batchOf("tombstone", "x"));
  EXPECT_TRUE(row.ok());
}

TEST_F(SimDiskTest, AFullDiskRefusesBlobsAndStillTakesRows) {
  time_.run(executor_, fullDiskRefusesBlobs(*disk_));
}

Task<> failsReads(SimDisk& disk, SimMedium& medium) {
  auto done = co_await disk.commit(batchOf("a", "1"));
  MYDHT_ASSERT(done.ok());
  disk.failNext(Fault::Read, Kind::Io);
  EXPECT_FALSE(disk.tryGet("a").has_value());
  auto failed = co_await disk.get("a", kNever);
  EXPECT_TRUE(!failed && failed.error().kind == Kind::Io);
  auto again = co_await disk.get("a", kNever);
  EXPECT_TRUE(again.ok());
  EXPECT_TRUE(medium.corruptRow("a"));
  auto corrupt = co_await disk.get("a", kNever);
  EXPECT_TRUE(!corrupt && corrupt.error().kind == Kind::Corrupt);
  auto page = co_await disk.scan("", "z", 100, kNever);
  EXPECT_TRUE(!page && page.error().kind == Kind::Corrupt);
}

TEST_F(SimDiskTest, ReadsFailOnceAndADamagedRowIsCorrupt) {
  time_.run(executor_, failsReads(*disk_, medium_));
}

Task<> comesTooLate(SimDisk& disk, Time stall) {
  Executor& here = co_await currentExecutor();
  disk.stallUntil(stall);
  const Deadline deadline = here.now() + std::chrono::milliseconds(500);
  auto late = co_await disk.get("a", deadline);
  EXPECT_TRUE(!late && late.error().kind == Kind::Unavailable);
  EXPECT_EQ(here.now(), deadline);
}

TEST_F(SimDiskTest, AStalledDiskAnswersAtTheDeadline) {
  time_.run(executor_, comesTooLate(*disk_, time_.now() + std::chrono::seconds(5)));
}

Task<> failsToPublish(SimDisk& disk, BlobId& id) {
  id = co_await sealedBlob(disk, "value");
  disk.failNext(Fault::Sync, Kind::Io);
  Batch batch;
  batch.publishes.push_back(id);
  auto failed = co_await disk.commit(std::move(batch));
  EXPECT_FALSE(failed.ok());
  disk.discardBlob(id);
}

TEST_F(SimDiskTest, ABlobWhoseBatchFailedIsKeptUntilTheRestartKnows) {
  BlobId id = 0;
  time_.run(executor_, failsToPublish(*disk_, id));
  disk_->crash(1);
  restart();
  EXPECT_EQ(medium_.blob(id), "value");
}

}  // namespace
}  // namespace mydht::simulation
