#pragma once

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "server/task/executor.h"
#include "server/task/timer_queue.h"

namespace mydht::runtime {

/// A file descriptor's owner on a loop, told of its events and of its timer. Neither call may resume a coroutine or
/// destroy a Watched: they put coroutines into the ready queue. Own thread of its loop.
class Watched {
 public:
  /// What epoll said: EPOLLIN and so on.
  virtual void onEvents(std::uint32_t events) = 0;
  /// A timer of EventLoop::callAt has fired.
  virtual void onTimer() = 0;

 protected:
  ~Watched() = default;
};

/// One thread's coroutines, timers and file descriptors, on epoll: the real Executor. A turn waits for events, then
/// fires what is due, takes in what other threads posted, and runs what is ready. Owned by node (or LoopThread),
/// outlives all tasks on it. `run` makes the calling thread its own thread; before that it may be prepared on the one
/// that made it.
class EventLoop final : public Executor {
 public:
  /// Ends the process when the system has no epoll instance or eventfd left: nothing could work. Makes the process
  /// ignore SIGPIPE, since sendfile() has no flag against it.
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  /// Asserts that nothing is ready and nobody waits for a timer.
  ~EventLoop();

  Time now() const override { return now_; }
  void post(std::coroutine_handle<> ready) override;
  void postFromOutside(std::coroutine_handle<> ready) override;
  std::uint64_t wakeAt(Time when, std::coroutine_handle<> ready) override;
  bool cancel(std::uint64_t timer) override;

  /// Runs turns until stop() was called and nothing is ready any more. May be called again after it returned.
  void run();
  /// Makes run() return. What it should finish first must be finished before: tasks that sleep stay asleep. Any thread.
  void stop();
  /// Whether the caller is on this loop's thread.
  bool onOwnThread() const;

  /// Tells `owner` of this descriptor's events, edge-triggered, until unwatch; false with errno set when the system
  /// refuses. Own thread.
  bool watch(int descriptor, Watched& owner);
  void unwatch(int descriptor);
  /// Calls owner.onTimer() at that time; returns the timer's number for cancel(). Own thread.
  std::uint64_t callAt(Time when, Watched& owner);

 private:
  struct Timer {
    std::coroutine_handle<> handle;
    Watched* owner = nullptr;
  };

  void turn();
  bool mayReturn();
  int waitMillis();
  bool maySleep();
  void fireTimers();
  void takeInbox();
  void runReady();
  void wake() const;

  Time now_;
  int epoll_;
  int wakeup_;
  std::atomic<std::thread::id> runner_{};
  std::vector<std::coroutine_handle<>> ready_;
  std::vector<std::coroutine_handle<>> running_;  ///< the round of the ready queue that runs now; keeps its room
  TimerQueue<Timer> timers_;
  std::vector<std::coroutine_handle<>> arrived_;  ///< taken from the inbox; keeps its room

  /// What other threads hand in, under its lock.
  struct Inbox {
    std::mutex mutex;
    std::vector<std::coroutine_handle<>> posted;
    bool asleep = false;  ///< the loop sleeps, or is about to: who posts must wake it
    bool stopping = false;
  };
  Inbox inbox_;
};

}  // namespace mydht::runtime
