#pragma once

#include <coroutine>
#include <cstdint>

#include "server/task/executor.h"
#include "server/task/task.h"

namespace mydht {

/// A condition that tasks of one executor wait for. A wait ends by a notify or at its deadline; a notify reaches those
/// that wait at that moment, in the order in which they came, so waiters check their condition in a loop. When both
/// happen in one turn, the notify counts. Own thread alone; nobody may wait when it dies.
class Signal {
 public:
  explicit Signal(Executor& executor) : executor_(executor) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  ~Signal() { MYDHT_ASSERT(first_ == nullptr); }

  /// Wakes everybody who waits now; they run later in this turn.
  void notifyAll() {
    while (first_ != nullptr) notifyOne();
  }

  /// Wakes the one who has waited longest, if anybody waits.
  void notifyOne() {
    Wait* const wait = first_;
    if (wait == nullptr) return;
    unlink(*wait);
    wait->notified_ = true;
    // A timer that cannot be taken back has put its coroutine into the ready queue already: once is enough.
    if (wait->timer_ == 0 || executor_.cancel(wait->timer_)) executor_.post(wait->handle_);
  }

  class [[nodiscard]] Wait;
  /// `co_await signal.wait();`
  Wait wait() { return Wait(*this, Time::max()); }
  /// `bool notified = co_await signal.waitUntil(deadline);`: false when the deadline came first.
  Wait waitUntil(Time deadline) { return Wait(*this, deadline); }

  /// One who waits; lives in the waiting coroutine's frame, and in the signal's list while it waits.
  class [[nodiscard]] Wait {
   public:
    Wait(Signal& signal, Time deadline) : signal_(signal), deadline_(deadline) {}
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) {
      handle_ = self;
      signal_.link(*this);
      if (deadline_ != Time::max()) timer_ = signal_.executor_.wakeAt(deadline_, self);
    }
    bool await_resume() {
      if (!notified_) signal_.unlink(*this);
      return notified_;
    }

   private:
    friend class Signal;
    Signal& signal_;
    Time deadline_;
    std::coroutine_handle<> handle_;
    Wait* previous_ = nullptr;
    Wait* next_ = nullptr;
    std::uint64_t timer_ = 0;
    bool notified_ = false;
  };

 private:
  void link(Wait& wait) {
    wait.previous_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &wait;
    last_ = &wait;
  }
  void unlink(Wait& wait) {
    (wait.previous_ != nullptr ? wait.previous_->next_ : first_) = wait.next_;
    (wait.next_ != nullptr ? wait.next_->previous_ : last_) = wait.previous_;
  }

  Executor& executor_;
  Wait* first_ = nullptr;
  Wait* last_ = nullptr;
};

}  // namespace mydht
