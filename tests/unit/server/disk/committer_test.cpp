// Proves that commits which wait together share one write, in order, and that nothing is written after a failure. How:
// a committer whose write is a function of the test, which counts, waits and fails when told to.

#include "server/disk/committer.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "server/runtime/loop_thread.h"
#include "server/runtime/run_on.h"
#include "server/task/gate.h"

namespace mydht::disk {
namespace {

/// Stands for the engine: holds the first write back until all others are queued behind it.
class FakeEngine {
 public:
  Result<> write(std::span<const Batch* const> batches, std::uint64_t number) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
    groups.push_back(batches.size());
    for (const Batch* batch : batches) order.push_back(batch->rows.front().first);
    last = number;
    if (failing) return Error{Kind::Io, "the disk is gone"};
    return {};
  }
  void openUp() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

  std::vector<std::size_t> groups;
  std::vector<std::string> order;
  std::uint64_t last = 0;
  bool failing = false;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

struct Outcome {
  int row;
  Result<std::uint64_t> number;
};

Task<> commitOne(Committer& committer, int row, std::vector<Outcome>& outcomes) {
  Batch batch;
  batch.rows.emplace_back(std::to_string(row), Bytes());
  auto waiting = committer.commit(batch);
  auto number = co_await waiting;
  outcomes.push_back({row, number});
}

Task<> commitMany(Committer& committer, FakeEngine& engine, std::vector<Outcome>& outcomes) {
  Executor& here = co_await currentExecutor();
  Gate gate(here);
  for (int i = 0; i < 100; ++i) gate.spawn(commitOne(committer, i, outcomes));
  co_await yieldNow();
  engine.openUp();
  co_await gate.close();
}

class CommitterTest : public testing::Test {
 protected:
  FakeEngine engine_;
  runtime::LoopThread loop_;
  Committer committer_{7, [this](std::span<const Batch* const> batches, std::uint64_t number) {
                         return engine_.write(batches, number);
                       }};
  std::vector<Outcome> outcomes_;
};

TEST_F(CommitterTest, CommitsThatWaitTogetherShareOneWriteInTheirOrder) {
  runtime::runOn(loop_.loop(), commitMany(committer_, engine_, outcomes_));
  ASSERT_EQ(outcomes_.size(), 100U);
  for (const Outcome& outcome : outcomes_) {
    ASSERT_TRUE(outcome.number.ok());
    EXPECT_EQ(*outcome.number, 8U + static_cast<unsigned>(outcome.row));
  }
  EXPECT_LE(engine_.groups.size(), 2U);
  EXPECT_EQ(engine_.order.front(), "0");
  EXPECT_EQ(engine_.order.back(), "99");
  EXPECT_EQ(engine_.last, 107U);
  EXPECT_EQ(committer_.lastSynced(), 107U);
}

TEST_F(CommitterTest, NothingIsWrittenAfterAFailure) {
  engine_.failing = true;
  engine_.openUp();
  runtime::runOn(loop_.loop(), commitOne(committer_, 1, outcomes_));
  engine_.failing = false;
  runtime::runOn(loop_.loop(), commitOne(committer_, 2, outcomes_));
  ASSERT_EQ(outcomes_.size(), 2U);
  EXPECT_FALSE(outcomes_[0].number.ok() || outcomes_[1].number.ok());
  EXPECT_EQ(engine_.groups.size(), 1U);
  EXPECT_EQ(committer_.lastSynced(), 7U);
}

TEST_F(CommitterTest, AfterItsStopACommitIsRefused) {
  engine_.openUp();
  committer_.stop();
  runtime::runOn(loop_.loop(), commitOne(committer_, 1, outcomes_));
  ASSERT_FALSE(outcomes_[0].number.ok());
  EXPECT_EQ(outcomes_[0].number.error().kind, Kind::Stopped);
}

}  // namespace
}  // namespace mydht::disk
