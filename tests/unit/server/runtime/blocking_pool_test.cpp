// Proves that a blocking call runs off the loop and comes back to it with its value, that the queue is bounded, that an
// exception of a library becomes an error, and that stopping finishes what was taken. How: a pool beside a loop, with
// calls that wait for a latch.
#include "server/runtime/blocking_pool.h"

#include <gtest/gtest.h>

#include <latch>
#include <stdexcept>
#include <string>
#include <thread>

#include "server/runtime/loop_thread.h"
#include "server/runtime/run_on.h"
#include "server/task/gate.h"

namespace mydht::runtime {
namespace {

Task<Result<std::thread::id>> whereRun(BlockingPool& pool) {
  auto where = co_await pool.run([] { return std::this_thread::get_id(); });
  co_return where;
}

Task<bool> comesBack(EventLoop& loop, BlockingPool& pool) {
  const auto where = co_await whereRun(pool);
  co_return where.ok() && *where != std::this_thread::get_id() && loop.onOwnThread();
}

TEST(BlockingPoolTest, ACallRunsElsewhereAndItsTaskGoesOnOnItsLoop) {
  LoopThread thread;
  BlockingPool pool(2, 10);
  EXPECT_TRUE(runOn(thread.loop(), comesBack(thread.loop(), pool)));
}

Task<Result<int>> failing(BlockingPool& pool) {
  auto result = co_await pool.run([]() -> int { throw std::runtime_error("library said no"); });
  co_return result;
}

Task<Result<int>> flat(BlockingPool& pool) {
  auto result = co_await pool.run([]() -> Result<int> { return Error{Kind::NoSpace, "full"}; });
  co_return result;
}

Task<Result<>> nothing(BlockingPool& pool) {
  auto result = co_await pool.run([] {});
  co_return result;
}

TEST(BlockingPoolTest, ExceptionsAndErrorsBecomeTheResult) {
  LoopThread thread;
  BlockingPool pool(1, 10);
  const auto thrown = runOn(thread.loop(), failing(pool));
  EXPECT_EQ(thrown.error().kind, Kind::Io);
  EXPECT_EQ(thrown.error().text, "library said no");
  EXPECT_EQ(runOn(thread.loop(), flat(pool)).error().kind, Kind::NoSpace);
  EXPECT_TRUE(runOn(thread.loop(), nothing(pool)).ok());
}

Task<> waitForLatch(BlockingPool& pool, std::latch& latch, int& done, int& refused) {
  auto result = co_await pool.run([&latch] {
    latch.wait();
    return 1;
  });
  ++(result.ok() ? done : refused);
}

Task<std::string> fillQueue(EventLoop& loop, BlockingPool& pool, std::latch& latch) {
  int done = 0;
  int refused = 0;
  Gate gate(loop);
  for (int i = 0; i < 20; ++i) gate.spawn(waitForLatch(pool, latch, done, refused));
  co_await yieldNow();
  co_await yieldNow();
  const int refusedAtOnce = refused;
  latch.count_down();
  co_await gate.close();
  // One thread and a queue of five: six are taken, or five if the thread had not come to take its first one yet.
  const bool bounded = refusedAtOnce == refused && (done == 6 || done == 5) && done + refused == 20;
  co_return bounded ? "bounded" : std::to_string(done) + " " + std::to_string(refused);
}

TEST(BlockingPoolTest, WhatDoesNotFitTheQueueIsRefusedAtOnce) {
  LoopThread thread;
  BlockingPool pool(1, 5);
  std::latch latch(1);
  EXPECT_EQ(runOn(thread.loop(), fillQueue(thread.loop(), pool, latch)), "bounded");
}

TEST(BlockingPoolTest, AfterAStopCallsAreRefused) {
  LoopThread thread;
  BlockingPool pool(2, 5);
  EXPECT_TRUE(runOn(thread.loop(), nothing(pool)).ok());
  pool.stop();
  EXPECT_EQ(runOn(thread.loop(), nothing(pool)).error().kind, Kind::Stopped);
}

Task<int> manyCalls(EventLoop& loop, BlockingPool& pool, int calls) {
  int sum = 0;
  Gate gate(loop);
  for (int i = 0; i < calls; ++i) {
    gate.spawn([](BlockingPool& on, int value, int& total) -> Task<> {
      auto result = co_await on.run([value] { return value; });
      total += *result;
    }(pool, i, sum));
  }
  co_await gate.close();
  co_return sum;
}

TEST(BlockingPoolTest, ManyCallsFromTwoLoopsAllComeBack) {
  LoopThread a;
  LoopThread b;
  BlockingPool pool(3, 4000);
  int fromB = 0;
  std::thread other([&] { fromB = runOn(b.loop(), manyCalls(b.loop(), pool, 2000)); });
  EXPECT_EQ(runOn(a.loop(), manyCalls(a.loop(), pool, 2000)), 1999 * 1000);
  other.join();
  EXPECT_EQ(fromB, 1999 * 1000);
}

}  // namespace
}  // namespace mydht::runtime
