// Proves that a gate counts and waits for what it started, and that a signal wakes each waiter exactly once, whether by
// a notify, by its deadline or by both in one turn. How: waiters on a simulated executor; a coroutine resumed twice, or
// resumed after its end, would crash under the address sanitizer and leave a count other than one.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "server/task/gate.h"
#include "server/task/signal.h"
#include "tests/support/simulation/sim_executor.h"

namespace mydht {
namespace {

using namespace std::chrono_literals;
using simulation::SimExecutor;
using simulation::SimTime;

class GateSignalTest : public testing::Test {
 protected:
  SimTime time_;
  SimExecutor executor_{time_};
  std::vector<std::string> trace_;
};

Task<> waitFor(Signal& signal, std::vector<std::string>& trace, std::string name) {
  co_await signal.wait();
  trace.push_back(name);
}

Task<> waitUntil(Signal& signal, Time deadline, std::vector<std::string>& trace, std::string name) {
  const bool notified = co_await signal.waitUntil(deadline);
  trace.push_back(name + (notified ? " notified" : " late"));
}

Task<> notifyAt(Signal& signal, Time when) {
  co_await sleepUntil(when);
  signal.notifyAll();
}

TEST_F(GateSignalTest, ANotifyWakesAllWaitersInTheOrderInWhichTheyCame) {
  Signal signal(executor_);
  Gate gate(executor_);
  for (const char* name : {"first", "second", "third"}) gate.spawn(waitFor(signal, trace_, name));
  time_.runReady();
  EXPECT_TRUE(trace_.empty());
  signal.notifyAll();
  EXPECT_TRUE(trace_.empty()) << "a notify never resumes anybody by itself";
  time_.runReady();
  EXPECT_EQ(trace_, (std::vector<std::string>{"first", "second", "third"}));
}

TEST_F(GateSignalTest, NotifyOneWakesWhoWaitedLongest) {
  Signal signal(executor_);
  Gate gate(executor_);
  for (const char* name : {"first", "second"}) gate.spawn(waitFor(signal, trace_, name));
  time_.runReady();
  signal.notifyOne();
  time_.runReady();
  EXPECT_EQ(trace_, std::vector<std::string>{"first"});
  signal.notifyOne();
  signal.notifyOne();
  time_.runReady();
  EXPECT_EQ(trace_, (std::vector<std::string>{"first", "second"}));
}

TEST_F(GateSignalTest, ANotifyReachesNobodyWhoComesLater) {
  Signal signal(executor_);
  Gate gate(executor_);
  signal.notifyAll();
  gate.spawn(waitUntil(signal, time_.now() + 1s, trace_, "later"));
  time_.runUntilIdle();
  EXPECT_EQ(trace_, std::vector<std::string>{"later late"});
}

TEST_F(GateSignalTest, AWaiterWhoseDeadlineComesFirstIsTakenOffTheList) {
  Signal signal(executor_);
  Gate gate(executor_);
  gate.spawn(waitUntil(signal, time_.now() + 1s, trace_, "a"));
  gate.spawn(waitUntil(signal, time_.now() + 3s, trace_, "b"));
  gate.spawn(waitUntil(signal, time_.now() + 2s, trace_, "c"));
  gate.spawn(notifyAt(signal, time_.now() + 2500ms));
  time_.runUntilIdle();
  EXPECT_EQ(trace_, (std::vector<std::string>{"a late", "c late", "b notified"}));
  signal.notifyAll();
  time_.runUntilIdle();
  EXPECT_EQ(trace_.size(), 3u);
}

TEST_F(GateSignalTest, ADeadlineThatHasPassedStillLetsOthersRunFirst) {
  Signal signal(executor_);
  Gate gate(executor_);
  gate.spawn(waitUntil(signal, time_.now() - 1s, trace_, "past"));
  gate.spawn(waitUntil(signal, Time::max(), trace_, "never"));
  time_.runReady();
  EXPECT_EQ(trace_, std::vector<std::string>{"past late"});
  signal.notifyAll();
  time_.runReady();
}

TEST_F(GateSignalTest, WhenTheTimerHasFiredInTheSameTurnTheNotifyCountsAndWakesOnce) {
  Signal signal(executor_);
  Gate gate(executor_);
  const Time same = time_.now() + 1s;
  gate.spawn(notifyAt(signal, same));  // its timer comes first, so it notifies while the waiter is in the ready queue
  gate.spawn(waitUntil(signal, same, trace_, "waiter"));
  time_.runUntilIdle();
  EXPECT_EQ(trace_, std::vector<std::string>{"waiter notified"});
}

TEST_F(GateSignalTest, WhenTheNotifyComesRightAfterTheDeadlineTheWaiterIsLateAndWakesOnce) {
  Signal signal(executor_);
  Gate gate(executor_);
  const Time same = time_.now() + 1s;
  gate.spawn(waitUntil(signal, same, trace_, "waiter"));
  gate.spawn(notifyAt(signal, same));
  time_.runUntilIdle();
  EXPECT_EQ(trace_, std::vector<std::string>{"waiter late"});
}

TEST_F(GateSignalTest, ANotifyBeforeTheDeadlineTakesTheTimerBack) {
  Signal signal(executor_);
  Gate gate(executor_);
  gate.spawn(waitUntil(signal, time_.now() + 1h, trace_, "waiter"));
  time_.runReady();
  signal.notifyAll();
  time_.runUntilIdle();
  EXPECT_EQ(time_.now(), SimTime::kStart);
  EXPECT_EQ(executor_.pending(), 0u);
}

TEST_F(GateSignalTest, ANotifiedWaiterMayWaitAgainAtOnce) {
  Signal signal(executor_);
  Gate gate(executor_);
  gate.spawn([](Signal& again, std::vector<std::string>& trace) -> Task<> {
    for (int i = 0; i < 3; ++i) {
      co_await again.wait();
      trace.push_back("woken");
    }
  }(signal, trace_));
  time_.runReady();
  for (std::size_t i = 1; i <= 3; ++i) {
    signal.notifyAll();
    time_.runReady();
    EXPECT_EQ(trace_.size(), i);
  }
}

TEST_F(GateSignalTest, ASignalMayDieOnceItsWaitersAreNotifiedEvenBeforeTheyRan) {
  Gate gate(executor_);
  {
    Signal signal(executor_);
    gate.spawn(waitUntil(signal, time_.now() + 1s, trace_, "waiter"));
    time_.runReady();
    signal.notifyAll();
  }
  time_.runUntilIdle();
  EXPECT_EQ(trace_, std::vector<std::string>{"waiter notified"});
}

Task<> closeAndMark(Gate& gate, std::vector<std::string>& trace) {
  co_await gate.close();
  trace.push_back("closed");
}

TEST_F(GateSignalTest, CloseWaitsForEveryTaskAndForWhatTheySpawn) {
  Gate closer(executor_);
  Gate gate(executor_);
  gate.spawn([](Gate& inner, std::vector<std::string>& trace) -> Task<> {
    Executor& here = co_await currentExecutor();
    co_await sleepUntil(here.now() + 1s);
    inner.spawn([](Time when, std::vector<std::string>& to) -> Task<> {
      co_await sleepUntil(when);
      to.push_back("grandchild");
    }(here.now() + 1s, trace));
    trace.push_back("child");
  }(gate, trace_));
  closer.spawn(closeAndMark(gate, trace_));
  time_.runUntilIdle();
  EXPECT_EQ(trace_, (std::vector<std::string>{"child", "grandchild", "closed"}));
  EXPECT_EQ(gate.running(), 0u);
}

TEST_F(GateSignalTest, CloseOfAnEmptyGateReturnsAtOnce) {
  Gate gate(executor_);
  time_.run(executor_, gate.close());
  EXPECT_EQ(time_.now(), SimTime::kStart);
}

TEST_F(GateSignalTest, SpawnStartsTheTaskLaterInTheTurn) {
  Gate gate(executor_);
  gate.spawn([](std::vector<std::string>& trace) -> Task<> {
    trace.push_back("ran");
    co_return;
  }(trace_));
  EXPECT_TRUE(trace_.empty());
  EXPECT_EQ(gate.running(), 1u);
  time_.runReady();
  EXPECT_EQ(trace_.size(), 1u);
  EXPECT_EQ(gate.running(), 0u);
}

TEST_F(GateSignalTest, ATasksArgumentsAreGoneWhenItsGateHasClosed) {
  auto argument = std::make_shared<int>(7);
  std::weak_ptr<int> watch = argument;
  Gate gate(executor_);
  gate.spawn([](std::shared_ptr<int>) -> Task<> { co_await yieldNow(); }(std::move(argument)));
  time_.run(executor_, gate.close());
  EXPECT_TRUE(watch.expired());
}

TEST_F(GateSignalTest, DestroyingAGateWithARunningTaskEndsTheProcess) {
  EXPECT_DEATH(
      {
        SimTime time;
        SimExecutor executor(time);
        Gate gate(executor);
        gate.spawn([](Time when) -> Task<> { co_await sleepUntil(when); }(time.now() + 1s));
      },
      "running_ == 0");
}

TEST_F(GateSignalTest, DestroyingASignalThatSomebodyWaitsForEndsTheProcess) {
  EXPECT_DEATH(
      {
        SimTime time;
        SimExecutor executor(time);
        Gate gate(executor);
        std::vector<std::string> trace;
        Signal signal(executor);
        gate.spawn(waitFor(signal, trace, "waiter"));
        time.runReady();
      },
      "first_ == nullptr");
}

}  // namespace
}  // namespace mydht
