// Proves what simulations rest on: virtual time jumps from event to event, everything happens in the same order in
// every run, and a paused executor stands still while the others go on. How: several executors on one time line.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "server/task/gate.h"
#include "tests/support/simulation/sim_executor.h"

namespace mydht::simulation {
namespace {

using namespace std::chrono_literals;
using Trace = std::vector<std::string>;

Task<> tick(Executor& on, Duration every, int times, Trace& trace, std::string name) {
  for (int i = 0; i < times; ++i) {
    co_await sleepUntil(on.now() + every);
    trace.push_back(name + std::to_string(i));
  }
}

TEST(SimExecutorTest, ExecutorsShareOneTimeLine) {
  SimTime time;
  SimExecutor a(time);
  SimExecutor b(time);
  Gate gateA(a);
  Gate gateB(b);
  Trace trace;
  gateA.spawn(tick(a, 2s, 3, trace, "a"));
  gateB.spawn(tick(b, 3s, 2, trace, "b"));
  time.callAt(SimTime::kStart + 5s, [&trace] { trace.emplace_back("call"); });
  time.runUntilIdle();
  EXPECT_EQ(trace, (Trace{"a0", "b0", "a1", "call", "b1", "a2"}));
  EXPECT_EQ(time.now(), SimTime::kStart + 6s);
}

TEST(SimExecutorTest, RunUntilStopsAtItsTimeEvenIfNothingHappensThen) {
  SimTime time;
  SimExecutor a(time);
  Gate gate(a);
  Trace trace;
  gate.spawn(tick(a, 2s, 3, trace, "a"));
  time.runUntil(SimTime::kStart + 5s);
  EXPECT_EQ(trace.size(), 2u);
  EXPECT_EQ(time.now(), SimTime::kStart + 5s);
  time.runUntilIdle();
}

TEST(SimExecutorTest, RunUntilAConditionStopsAsSoonAsItHolds) {
  SimTime time;
  SimExecutor a(time);
  Gate gate(a);
  Trace trace;
  gate.spawn(tick(a, 2s, 3, trace, "a"));
  EXPECT_TRUE(time.runUntil([&trace] { return trace.size() == 2; }, SimTime::kStart + 1h));
  EXPECT_EQ(time.now(), SimTime::kStart + 4s);
  EXPECT_FALSE(time.runUntil([&trace] { return trace.size() == 9; }, SimTime::kStart + 1h));
}

TEST(SimExecutorTest, APausedExecutorStandsStillAndCatchesUpInOrder) {
  SimTime time;
  SimExecutor a(time);
  SimExecutor b(time);
  Gate gateA(a);
  Gate gateB(b);
  Trace trace;
  gateA.spawn(tick(a, 1s, 1, trace, "first"));
  gateA.spawn(tick(a, 2s, 1, trace, "second"));
  gateB.spawn(tick(b, 3s, 1, trace, "b"));
  time.runReady();
  a.pause();
  time.runUntil(SimTime::kStart + 10s);
  EXPECT_EQ(trace, (Trace{"b0"}));
  EXPECT_EQ(a.pending(), 2u);
  a.resume();
  time.runReady();
  EXPECT_EQ(trace, (Trace{"b0", "first0", "second0"}));
}

TEST(SimExecutorTest, TheSameTasksTakeTheSameSteps) {
  const auto run = [] {
    SimTime time;
    SimExecutor a(time);
    SimExecutor b(time);
    Gate gateA(a);
    Gate gateB(b);
    Trace trace;
    for (int i = 1; i < 20; ++i) {
      gateA.spawn(tick(a, i * 1ms, 20, trace, "a" + std::to_string(i) + "."));
      gateB.spawn(tick(b, i * 2ms, 20, trace, "b" + std::to_string(i) + "."));
    }
    time.runUntilIdle();
    trace.push_back(std::to_string(time.steps()));
    return trace;
  };
  EXPECT_EQ(run(), run());
}

TEST(SimExecutorTest, ACallTakenBackIsNotMade) {
  SimTime time;
  bool called = false;
  const auto timer = time.callAt(SimTime::kStart + 1s, [&called] { called = true; });
  EXPECT_TRUE(time.cancel(timer));
  EXPECT_FALSE(time.cancel(timer));
  time.runUntilIdle();
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace mydht::simulation
