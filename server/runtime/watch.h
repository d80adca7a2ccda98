#pragma once

#include <array>
#include <coroutine>
#include <cstdint>

#include "server/runtime/event_loop.h"

namespace mydht::runtime {

/// What is known of one descriptor's readiness on its loop, and who waits for it. epoll tells of each change once, so
/// what it said is remembered until a call would block (readingBlocked, writingBlocked). Waiting allocates nothing. At
/// most one task waits for reading and one for writing. Owned by a Socket or another owner of a descriptor; own thread.
class Watch final : private Watched {
 public:
  /// Registers the descriptor, which it borrows; ok() is false when the system refuses.
  Watch(EventLoop& loop, int descriptor);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  /// Nobody may wait.
  ~Watch();

  bool ok() const { return registered_; }
  EventLoop& loop() const { return loop_; }

  class Wait;
  /// `bool ready = co_await watch.readable(deadline);`: false when the deadline came first. Ready means worth a try.
  Wait readable(Time deadline);
  Wait writable(Time deadline);

  /// A read would have blocked: the next readable() waits for the next event.
  void readingBlocked() { sides_[kRead].ready = false; }
  void writingBlocked() { sides_[kWrite].ready = false; }
  /// A read took less than was asked for, so all that had come: the same as readingBlocked, without the call that would
  /// find it out; unless the other end has hung up, of which there will be no other event.
  void readingDrained() {
    if (!hungUp_) sides_[kRead].ready = false;
  }
  /// Whether an earlier event said that there is something to read.
  bool readingReady() const { return sides_[kRead].ready; }
  /// The other end has closed, or at least sends no more.
  bool hungUp() const { return hungUp_; }

 private:
  static constexpr std::size_t kRead = 0;
  static constexpr std::size_t kWrite = 1;

  struct Side {
    std::coroutine_handle<> waiting;
    Time deadline = Time::max();
    bool ready = true;  ///< until a call blocks, a try is worth while
  };

  void onEvents(std::uint32_t events) override;
  void onTimer() override;
  void becomeReady(Side& side);
  void arm(Time deadline);

  EventLoop& loop_;
  int descriptor_;
  bool registered_;
  bool hungUp_ = false;
  std::array<Side, 2> sides_;
  std::uint64_t timer_ = 0;
  Time timerTime_ = Time::max();
};

/// One wait for one side of a Watch: see there.
class [[nodiscard]] Watch::Wait {
 public:
  Wait(Watch& watch, std::size_t side, Time deadline) : watch_(watch), side_(watch.sides_[side]), deadline_(deadline) {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  bool await_ready() const noexcept { return side_.ready; }
  void await_suspend(std::coroutine_handle<> self);
  bool await_resume() const noexcept { return side_.ready; }

 private:
  Watch& watch_;
  Side& side_;
  Time deadline_;
};

inline Watch::Wait Watch::readable(Time deadline) {
  return {*this, kRead, deadline};
}
inline Watch::Wait Watch::writable(Time deadline) {
  return {*this, kWrite, deadline};
}

}  // namespace mydht::runtime
