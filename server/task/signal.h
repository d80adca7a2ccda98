#pragma once

#include <coroutine>

#include "server/task/executor.h"
#include "server/task/task.h"

namespace mydht {

/// A condition that tasks of one executor wait for. A wait ends by a notify or at its deadline; a notify reaches those
/// that wait at that moment, so waiters check their condition in a loop. Own thread alone; nobody may wait when it dies.
class Signal {
 public:
  explicit Signal(Executor& executor) : executor_(executor) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  ~Signal() { MYDHT_ASSERT(first_ == nullptr); }

  /// Wakes everybody who waits now; they run later in this turn.
  void notifyAll() {
    Wait* wait = first_;
    first_ = nullptr;
    while (wait != nullptr) {
      Wait* const next = wait->next;
      wait->listed = false;
      wait->notified = true;
      if (wait->timer == 0 || executor_.cancel(wait->timer)) executor_.post(wait->handle);
      wait = next;
    }
  }

  class Wait;
  /// `co_await signal.wait();`
  Wait wait() { return Wait(*this, Time::max()); }
  /// `bool notified = co_await signal.waitUntil(deadline);`: false when the deadline came first.
  Wait waitUntil(Time deadline) { return Wait(*this, deadline); }

  class Wait {
   public:
    Wait(Signal& signal, Time deadline) : signal_(signal), deadline_(deadline) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) {
      handle = self;
      next = signal_.first_;
      signal_.first_ = this;
      listed = true;
      if (deadline_ != Time::max()) timer = signal_.executor_.wakeAt(deadline_, self);
    }
    bool await_resume() {
      if (listed) signal_.forget(this);
      return notified;
    }

   private:
    friend class Signal;
    Signal& signal_;
    Time deadline_;
    std::coroutine_handle<> handle;
    Wait* next = nullptr;
    std::uint64_t timer = 0;
    bool listed = false;
    bool notified = false;
  };

 private:
  void forget(Wait* gone) {
    for (Wait** at = &first_; *at != nullptr; at = &(*at)->next) {
      if (*at == gone) {
        *at = gone->next;
        return;
      }
    }
  }

  Executor& executor_;
  Wait* first_ = nullptr;
};

}  // namespace mydht
