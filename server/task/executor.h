#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>

namespace mydht {

/// Monotonic time for deadlines and timers; virtual in the simulator. Wall-clock time is another thing (ports/clock.h).
using Time = std::chrono::steady_clock::time_point;
/// A point in time after which the caller no longer waits.
using Deadline = Time;
using Duration = std::chrono::nanoseconds;

/// Where coroutines run: one thread's ready queue and timers. Two implementations: EventLoop (server/runtime) and
/// SimExecutor (tests/support/simulation). Borrowed by everybody, owned by node or by the test, outlives all tasks on
/// it.
class Executor {
 public:
  /// The executor's own time; read once a turn, so that it is cheap. Own thread.
  virtual Time now() const = 0;
  /// Resumes the coroutine later in this turn, never inside post. Own thread.
  virtual void post(std::coroutine_handle<> ready) = 0;
  /// The same from any thread: committer, blocking pool, another loop.
  virtual void postFromOutside(std::coroutine_handle<> ready) = 0;
  /// Resumes the coroutine at that time or soon after; returns the timer's number, never 0. Own thread.
  virtual std::uint64_t wakeAt(Time when, std::coroutine_handle<> ready) = 0;
  /// Takes a timer back; false: it has fired and its coroutine is in the ready queue, or has run. Own thread.
  virtual bool cancel(std::uint64_t timer) = 0;

 protected:
  ~Executor() = default;
};

}  // namespace mydht
