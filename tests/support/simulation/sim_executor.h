#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "server/task/executor.h"
#include "server/task/gate.h"
#include "server/task/task.h"
#include "server/task/timer_queue.h"

namespace mydht::simulation {

class SimExecutor;

/// Virtual time: one ready queue and one ordered queue of timers for all executors of a simulation, so that the same
/// inputs give the same order, always. Time stands still while anything is ready and then jumps to the next timer.
/// Owned by the test, outlives every SimExecutor on it; one thread.
class SimTime {
 public:
  /// Where time begins. Not at zero, so that `now() - something` is a time as well.
  static constexpr Time kStart = Time(std::chrono::hours(1));
  /// The longest that run() lets a task take.
  static constexpr Duration kLongest = std::chrono::hours(24);

  SimTime() = default;
  SimTime(const SimTime&) = delete;
  SimTime& operator=(const SimTime&) = delete;
  /// Asserts that no coroutine is left that could still be resumed.
  ~SimTime();

  Time now() const { return now_; }

  /// Calls a plain function at that time: a message's arrival, a fault. Returns its number, never 0.
  std::uint64_t callAt(Time when, std::function<void()> call);
  /// Takes a timer back; false when it has fired.
  bool cancel(std::uint64_t timer) { return timers_.remove(timer); }

  /// Runs one thing that is ready, or else goes on to the next timer's time and makes ready what is due then, all of it
  /// at once, as an event loop does. False: nothing is left to do.
  bool step();
  /// Runs what is ready and due now, without going on in time.
  void runReady();
  /// Runs everything up to and including that time; time stands there afterwards.
  void runUntil(Time when);
  void runFor(Duration duration) { runUntil(now_ + duration); }
  /// Runs until the condition holds; false when that did not happen up to `latest` or nothing is left to do.
  bool runUntil(const std::function<bool()>& condition, Time latest);
  /// Runs until nothing is ready and no timer is left. For tests without periodic duties.
  void runUntilIdle();

  /// Runs a task on that executor, and everything else meanwhile, until it has ended; asserts that it does.
  template <class T>
  T run(SimExecutor& on, Task<T> task);

  /// How many resumptions and calls there were: equal in two runs from the same seed.
  std::uint64_t steps() const { return steps_; }

 private:
  friend class SimExecutor;
  /// A coroutine to resume on its executor, or a function to call.
  struct Event {
    SimExecutor* executor = nullptr;
    std::coroutine_handle<> handle;
    std::function<void()> call;
  };

  template <class T>
  static Task<> keep(Task<T> task, std::optional<T>& result) {
    auto value = co_await task;
    result.emplace(std::move(value));
  }
  void runGate(Gate& gate);
  void runOne();
  void fireNext();

  Time now_ = kStart;
  std::deque<Event> ready_;
  TimerQueue<Event> timers_;
  std::uint64_t steps_ = 0;
};

/// One simulated node's executor on the shared virtual time. Owned by the test or the simulated node; one thread, so
/// posting from outside is posting. It can be paused, like a process that the system does not let run.
class SimExecutor final : public Executor {
 public:
  explicit SimExecutor(SimTime& time) : time_(time) {}
  SimExecutor(const SimExecutor&) = delete;
  SimExecutor& operator=(const SimExecutor&) = delete;
  /// Asserts that nothing of it is ready or waits for a timer.
  ~SimExecutor() { MYDHT_ASSERT(pending_ == 0); }

  Time now() const override { return time_.now(); }
  void post(std::coroutine_handle<> ready) override;
  void postFromOutside(std::coroutine_handle<> ready) override { post(ready); }
  std::uint64_t wakeAt(Time when, std::coroutine_handle<> ready) override;
  bool cancel(std::uint64_t timer) override;

  /// Nothing of this executor runs any more; what becomes ready is held back, in order.
  void pause() { paused_ = true; }
  /// Lets everything run again that was held back.
  void resume();
  bool paused() const { return paused_; }

  /// Coroutines that are ready, held back or wait for a timer here.
  std::size_t pending() const { return pending_; }
  SimTime& time() { return time_; }

 private:
  friend class SimTime;

  SimTime& time_;
  bool paused_ = false;
  std::vector<std::coroutine_handle<>> held_;
  std::size_t pending_ = 0;
};

template <class T>
T SimTime::run(SimExecutor& on, Task<T> task) {
  Gate gate(on);
  if constexpr (std::is_void_v<T>) {
    gate.spawn(std::move(task));
    runGate(gate);
  } else {
    std::optional<T> result;
    gate.spawn(keep(std::move(task), result));
    runGate(gate);
    return std::move(*result);
  }
}

}  // namespace mydht::simulation
