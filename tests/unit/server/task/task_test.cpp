// Proves what every coroutine of the server rests on: a task starts when it is awaited, gives its result to its awaiter
// on the awaiter's executor, and neither long chains nor long loops of awaits grow the stack. How: tasks on simulated
// executors in virtual time; the stack is measured by the address of a local variable.
#include "server/task/task.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/simulation/sim_executor.h"

namespace mydht {
namespace {

using namespace std::chrono_literals;
using simulation::SimExecutor;
using simulation::SimTime;

constexpr int kRounds = 2'000'000;
constexpr std::uintptr_t kStackAllowed = 64 * 1024;

/// The lowest and the highest address of the stack that was seen.
struct StackSeen {
  std::uintptr_t lowest = ~std::uintptr_t{0};
  std::uintptr_t highest = 0;
  __attribute__((noinline)) void look() {
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    lowest = std::min(lowest, here);
    highest = std::max(highest, here);
  }
  std::uintptr_t depth() const { return highest - lowest; }
};

class TaskTest : public testing::Test {
 protected:
  SimTime time_;
  SimExecutor executor_{time_};
  SimExecutor other_{time_};
};

Task<int> atOnce(int value) {
  co_return value;
}

Task<int> afterOthers(int value) {
  co_await yieldNow();
  co_return value;
}

Task<std::int64_t> sumAtOnce(StackSeen& stack) {
  std::int64_t sum = 0;
  for (int i = 0; i < kRounds; ++i) {
    const int value = co_await atOnce(i);
    sum += value;
    stack.look();
  }
  co_return sum;
}

Task<std::int64_t> sumAfterOthers(StackSeen& stack) {
  std::int64_t sum = 0;
  for (int i = 0; i < kRounds; ++i) {
    const int value = co_await afterOthers(i);
    sum += value;
    stack.look();
  }
  co_return sum;
}

TEST_F(TaskTest, TwoMillionAwaitsThatFinishAtOnceDoNotGrowTheStack) {
  StackSeen stack;
  EXPECT_EQ(time_.run(executor_, sumAtOnce(stack)), std::int64_t{kRounds} * (kRounds - 1) / 2);
  EXPECT_LT(stack.depth(), kStackAllowed);
}

TEST_F(TaskTest, TwoMillionAwaitsThatSleepDoNotGrowTheStack) {
  StackSeen stack;
  EXPECT_EQ(time_.run(executor_, sumAfterOthers(stack)), std::int64_t{kRounds} * (kRounds - 1) / 2);
  EXPECT_LT(stack.depth(), kStackAllowed);
}

Task<> unwind(int depth, StackSeen& stack) {
  if (depth == 0) {
    co_await yieldNow();
  } else {
    co_await unwind(depth - 1, stack);
  }
  stack.look();
}

TEST_F(TaskTest, AThousandNestedTasksThatSleptEndWithoutNestingOnTheStack) {
  StackSeen stack;
  time_.run(executor_, unwind(1000, stack));
  EXPECT_LT(stack.depth(), std::uintptr_t{4096});
}

Task<> mark(std::vector<std::string>& trace, std::string text) {
  trace.push_back(std::move(text));
  co_return;
}

Task<> createThenAwait(std::vector<std::string>& trace) {
  auto child = mark(trace, "child");
  trace.push_back("created");
  co_await child;
  trace.push_back("awaited");
}

TEST_F(TaskTest, ATaskStartsWhenItIsAwaitedAndNotBefore) {
  std::vector<std::string> trace;
  time_.run(executor_, createThenAwait(trace));
  EXPECT_EQ(trace, (std::vector<std::string>{"created", "child", "awaited"}));
}

TEST_F(TaskTest, ATaskThatIsNeverAwaitedRunsNothingAndFreesItsArguments) {
  auto argument = std::make_shared<int>(1);
  std::weak_ptr<int> watch = argument;
  std::vector<std::string> trace;
  {
    auto task = [](std::shared_ptr<int>, std::vector<std::string>& to) -> Task<> {
      to.push_back("ran");
      co_return;
    }(std::move(argument), trace);
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_TRUE(watch.expired());
  EXPECT_TRUE(trace.empty());
}

Task<std::unique_ptr<std::string>> boxed(std::string text) {
  auto box = std::make_unique<std::string>(std::move(text));
  co_await yieldNow();
  co_return box;
}

TEST_F(TaskTest, AResultThatCannotBeCopiedIsMovedToTheAwaiter) {
  EXPECT_EQ(*time_.run(executor_, boxed("moved")), "moved");
}

Task<> sleepFor(Duration duration) {
  Executor& here = co_await currentExecutor();
  co_await sleepUntil(here.now() + duration);
}

TEST_F(TaskTest, SleepUntilGoesOnAtItsTimeAndAtOnceWhenThatIsPast) {
  time_.run(executor_, sleepFor(5s));
  EXPECT_EQ(time_.now(), SimTime::kStart + 5s);
  time_.run(executor_, sleepFor(-1s));
  EXPECT_EQ(time_.now(), SimTime::kStart + 5s);
}

Task<Executor*> whereAfterSwitch(SimExecutor& to) {
  co_await switchTo(to);
  Executor& there = co_await currentExecutor();
  co_return &there;
}

Task<> switchInAChild(SimExecutor& home, SimExecutor& away) {
  Executor* const there = co_await whereAfterSwitch(away);
  EXPECT_EQ(there, &away);
  Executor& here = co_await currentExecutor();
  EXPECT_EQ(&here, &home);
}

TEST_F(TaskTest, AChildThatSwitchesDoesNotMoveItsAwaiter) {
  time_.run(executor_, switchInAChild(executor_, other_));
}

Task<> thereAndBack(SimExecutor& home, SimExecutor& away) {
  for (int i = 0; i < 1000; ++i) {
    co_await switchTo(away);
    co_await switchTo(home);
  }
}

TEST_F(TaskTest, ATaskMaySwitchThereAndBackAndEndAtHome) {
  time_.run(executor_, thereAndBack(executor_, other_));
  EXPECT_EQ(other_.pending(), 0u);
}

TEST_F(TaskTest, SwitchingToWhereItIsGoesOnAtOnce) {
  const auto steps = time_.steps();
  time_.run(executor_, thereAndBack(executor_, executor_));
  EXPECT_LE(time_.steps() - steps, 2u);
}

Task<> yieldTwice(std::vector<std::string>& trace, std::string name) {
  for (int i = 0; i < 2; ++i) {
    trace.push_back(name + std::to_string(i));
    co_await yieldNow();
  }
}

TEST_F(TaskTest, YieldLetsEverythingElseThatIsReadyRunFirst) {
  std::vector<std::string> trace;
  Gate gate(executor_);
  gate.spawn(yieldTwice(trace, "a"));
  gate.spawn(yieldTwice(trace, "b"));
  time_.runUntilIdle();
  EXPECT_EQ(trace, (std::vector<std::string>{"a0", "b0", "a1", "b1"}));
}

TEST_F(TaskTest, DestroyingATaskThatSleepsEndsTheProcess) {
  EXPECT_DEATH(
      {
        SimTime time;
        SimExecutor executor(time);
        auto task = std::make_unique<Task<>>(sleepFor(1s));
        Gate gate(executor);
        gate.spawn([](Task<>& inner) -> Task<> { co_await inner; }(*task));
        time.runReady();
        task.reset();
      },
      "never asleep|broken invariant");
}

}  // namespace
}  // namespace mydht
