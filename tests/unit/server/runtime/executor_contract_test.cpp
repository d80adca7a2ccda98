// Proves that the simulated and the real executor keep the same contract, so that what was proved on the one holds on
// the other. How: the same tests, as tasks, once in virtual time and once on an event loop with its thread.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "server/runtime/loop_thread.h"
#include "server/runtime/run_on.h"
#include "server/task/gate.h"
#include "tests/support/simulation/sim_executor.h"

namespace mydht::runtime {
namespace {

using namespace std::chrono_literals;

class SimulatedWorld {
 public:
  Executor& executor() { return executor_; }
  Executor& other() { return other_; }
  template <class T>
  T run(Task<T> task) {
    return time_.run(executor_, std::move(task));
  }

 private:
  simulation::SimTime time_;
  simulation::SimExecutor executor_{time_};
  simulation::SimExecutor other_{time_};
};

class RealWorld {
 public:
  Executor& executor() { return executor_.loop(); }
  Executor& other() { return other_.loop(); }
  template <class T>
  T run(Task<T> task) {
    return runOn(executor_.loop(), std::move(task));
  }

 private:
  LoopThread executor_;
  LoopThread other_;
};

template <class World>
class ExecutorContractTest : public testing::Test {
 protected:
  World world_;
};
using Worlds = testing::Types<SimulatedWorld, RealWorld>;
TYPED_TEST_SUITE(ExecutorContractTest, Worlds);

using Trace = std::vector<std::string>;

/// Sleeps until somebody resumes the handle that it leaves.
struct LeaveHandle {
  std::coroutine_handle<>& left;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) { left = self; }
  void await_resume() const noexcept {}
};

Task<> sleepOnHandle(std::coroutine_handle<>& left, Trace& trace, std::string name) {
  LeaveHandle leave{left};
  co_await leave;
  trace.push_back(name);
}

/// Two sleepers whose handles are known, once both sleep.
struct Sleepers {
  explicit Sleepers(Executor& executor) : gate(executor) {
    gate.spawn(sleepOnHandle(first, trace, "first"));
    gate.spawn(sleepOnHandle(second, trace, "second"));
  }
  Trace trace;
  std::coroutine_handle<> first;
  std::coroutine_handle<> second;
  Gate gate;
};

Task<Trace> postInOrder(Executor& executor) {
  Sleepers sleepers(executor);
  co_await yieldNow();
  executor.post(sleepers.second);
  executor.post(sleepers.first);
  sleepers.trace.push_back("posted");
  co_await sleepers.gate.close();
  co_return sleepers.trace;
}

TYPED_TEST(ExecutorContractTest, PostResumesLaterInOrderAndNeverInsidePost) {
  EXPECT_EQ(this->world_.run(postInOrder(this->world_.executor())), (Trace{"posted", "second", "first"}));
}

Task<Trace> timersInOrder(Executor& executor) {
  Sleepers sleepers(executor);
  co_await yieldNow();
  const Time soon = executor.now() + 20ms;
  executor.wakeAt(soon + 10ms, sleepers.first);
  executor.wakeAt(soon, sleepers.second);
  sleepers.trace.push_back("set");
  co_await sleepUntil(soon);
  EXPECT_GE(executor.now(), soon);
  sleepers.trace.push_back("soon");
  co_await sleepers.gate.close();
  EXPECT_GE(executor.now(), soon + 10ms);
  co_return sleepers.trace;
}

TYPED_TEST(ExecutorContractTest, TimersFireInOrderOfTheirTimesAndNotBefore) {
  EXPECT_EQ(this->world_.run(timersInOrder(this->world_.executor())), (Trace{"set", "second", "soon", "first"}));
}

Task<Trace> timersOfOneTime(Executor& executor) {
  Sleepers sleepers(executor);
  co_await yieldNow();
  const Time soon = executor.now() + 5ms;
  executor.wakeAt(soon, sleepers.second);
  executor.wakeAt(soon, sleepers.first);
  co_await sleepers.gate.close();
  co_return sleepers.trace;
}

TYPED_TEST(ExecutorContractTest, TimersOfOneTimeFireInTheOrderOfTheirMaking) {
  EXPECT_EQ(this->world_.run(timersOfOneTime(this->world_.executor())), (Trace{"second", "first"}));
}

Task<Trace> cancelOnce(Executor& executor) {
  Sleepers sleepers(executor);
  co_await yieldNow();
  const auto timer = executor.wakeAt(executor.now() + 5ms, sleepers.first);
  EXPECT_NE(timer, 0u);
  EXPECT_TRUE(executor.cancel(timer));
  EXPECT_FALSE(executor.cancel(timer));
  co_await sleepUntil(executor.now() + 20ms);
  sleepers.trace.push_back("slept");
  executor.post(sleepers.first);
  executor.post(sleepers.second);
  co_await sleepers.gate.close();
  co_return sleepers.trace;
}

TYPED_TEST(ExecutorContractTest, ATimerTakenBackDoesNotFire) {
  EXPECT_EQ(this->world_.run(cancelOnce(this->world_.executor())), (Trace{"slept", "first", "second"}));
}

Task<Trace> cancelAfterFiring(Executor& executor) {
  Sleepers sleepers(executor);
  co_await yieldNow();
  const Time soon = executor.now() + 5ms;
  std::uint64_t timer = 0;
  executor.wakeAt(soon, sleepers.first);
  Gate gate(executor);
  gate.spawn([](Executor& on, Time when, std::uint64_t& number, Trace& trace) -> Task<> {
    co_await sleepUntil(when);
    const bool takenBack = on.cancel(number);  // due in the same turn, so it is in the ready queue behind us
    trace.push_back(takenBack ? "taken back" : "too late");
  }(executor, soon, timer, sleepers.trace));
  co_await yieldNow();
  timer = executor.wakeAt(soon, sleepers.second);
  co_await gate.close();
  co_await sleepers.gate.close();
  co_return sleepers.trace;
}

TYPED_TEST(ExecutorContractTest, CancellingATimerThatFiredInThisTurnIsFalseAndItsCoroutineRunsOnce) {
  EXPECT_EQ(this->world_.run(cancelAfterFiring(this->world_.executor())), (Trace{"first", "too late", "second"}));
}

Task<Trace> pastTimer(Executor& executor) {
  Sleepers sleepers(executor);
  co_await yieldNow();
  executor.wakeAt(executor.now() - 1h, sleepers.first);
  executor.wakeAt(executor.now(), sleepers.second);
  sleepers.trace.push_back("set");
  co_await sleepers.gate.close();
  co_return sleepers.trace;
}

TYPED_TEST(ExecutorContractTest, ATimerInThePastFiresSoonButNotInsideTheCall) {
  EXPECT_EQ(this->world_.run(pastTimer(this->world_.executor())), (Trace{"set", "first", "second"}));
}

Task<int> countThereAndBack(Executor& home, Executor& away) {
  int rounds = 0;
  for (; rounds < 1000; ++rounds) {
    co_await switchTo(away);
    co_await switchTo(home);
  }
  co_return rounds;
}

TYPED_TEST(ExecutorContractTest, ATaskGoesToAnotherExecutorAndBackAThousandTimes) {
  EXPECT_EQ(this->world_.run(countThereAndBack(this->world_.executor(), this->world_.other())), 1000);
}

Task<std::string> endAway(Executor& away, std::string text) {
  co_await switchTo(away);
  co_return text + " back";
}

Task<std::string> awaitManyThatEndAway(Executor& home, Executor& away) {
  std::string last;
  for (int i = 0; i < 1000; ++i) {
    last = co_await endAway(away, std::to_string(i));
    Executor& here = co_await currentExecutor();
    if (&here != &home) co_return "moved";
  }
  co_return last;
}

TYPED_TEST(ExecutorContractTest, AChildThatEndsElsewhereGivesItsResultAtHome) {
  EXPECT_EQ(this->world_.run(awaitManyThatEndAway(this->world_.executor(), this->world_.other())), "999 back");
}

Task<bool> timeNeverGoesBack(Executor& executor) {
  Time last = executor.now();
  for (int i = 0; i < 1000; ++i) {
    co_await yieldNow();
    if (executor.now() < last) co_return false;
    last = executor.now();
  }
  co_return true;
}

TYPED_TEST(ExecutorContractTest, TimeNeverGoesBack) {
  EXPECT_TRUE(this->world_.run(timeNeverGoesBack(this->world_.executor())));
}

Task<int> yieldersLetTimersFire(Executor& executor) {
  Gate gate(executor);
  bool stop = false;
  gate.spawn([](Executor& on, bool& flag) -> Task<> {
    co_await sleepUntil(on.now() - 1ms);
    flag = true;
  }(executor, stop));
  int rounds = 0;
  while (!stop && rounds < 1'000'000) {
    ++rounds;
    if (rounds % 100 == 0) co_await sleepUntil(executor.now());
    co_await yieldNow();
  }
  co_await gate.close();
  co_return rounds;
}

TYPED_TEST(ExecutorContractTest, TasksThatYieldStarveNoTimer) {
  EXPECT_LT(this->world_.run(yieldersLetTimersFire(this->world_.executor())), 1'000'000);
}

}  // namespace
}  // namespace mydht::runtime
