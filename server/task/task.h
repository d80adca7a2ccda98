#pragma once

#include <coroutine>
#include <cstddef>
#include <optional>
#include <utility>

#include "common/result/check.h"
#include "server/task/executor.h"
#include "server/task/frame_pool.h"

namespace mydht {

template <class T = void>
class Task;

namespace detail {

/// What every task's frame carries. A task starts when it is awaited, on its awaiter's executor. It may go to another
/// executor in the middle (switchTo); when it ends, its awaiter goes on where the awaiter was.
struct PromiseBase {
  Executor* executor = nullptr;         ///< where this task runs now
  Executor* awaiterExecutor = nullptr;  ///< where the awaiter waits
  std::coroutine_handle<> awaiter;
  bool starting = false;        ///< the awaiter is still inside await_suspend, on its own thread
  bool finishedAtOnce = false;  ///< ended without sleeping: the awaiter does not sleep either, so the stack never grows

  static void* operator new(std::size_t size) { return allocateFrame(size); }
  static void operator delete(void* frame, std::size_t size) { releaseFrame(frame, size); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  /// Resumes the awaiter through its ready queue. Whoever ends on a foreign executor may not touch the frame after the
  /// post, since the awaiter may have destroyed it by then; not inlined, because clang 14 would keep locals in the
  /// frame.
  struct Final {
    bool await_ready() noexcept { return false; }
    template <class P>
    __attribute__((noinline)) void await_suspend(std::coroutine_handle<P> self) noexcept {
      PromiseBase& promise = self.promise();
      if (promise.executor != promise.awaiterExecutor) {
        promise.awaiterExecutor->postFromOutside(promise.awaiter);
      } else if (promise.starting) {
        promise.finishedAtOnce = true;
      } else {
        promise.awaiterExecutor->post(promise.awaiter);
      }
    }
    void await_resume() noexcept {}
  };
  Final final_suspend() noexcept { return {}; }
  /// A stray exception in the core is a bug: libraries' exceptions are caught at the borders.
  [[noreturn]] void unhandled_exception() { invariantBroken("no exception leaves a task", __FILE__, __LINE__); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> result;
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& value) {
    result.emplace(std::forward<U>(value));
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
};

}  // namespace detail

/// A lazy coroutine with one awaiter. Owns its frame. Keep to `auto x = co_await f(named, arguments);`: one co_await a
/// statement. Parameters are taken by value, or refer to what outlives the task. Never destroyed while it sleeps.
template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (!handle_) return;
    MYDHT_ASSERT(!handle_.promise().awaiter || handle_.done());  // not started, or over: never asleep
    handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }

  template <class P>
  bool await_suspend(std::coroutine_handle<P> awaiter) {
    auto& promise = handle_.promise();
    promise.executor = awaiter.promise().executor;
    promise.awaiterExecutor = awaiter.promise().executor;
    promise.awaiter = awaiter;
    promise.starting = true;
    handle_.resume();
    promise.starting = false;
    return !promise.finishedAtOnce;
  }

  T await_resume() {
    if constexpr (!std::is_void_v<T>) {
      return std::move(*handle_.promise().result);
    }
  }

 private:
  Handle handle_;
};

namespace detail {
template <class T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}
}  // namespace detail

/// `Executor& here = co_await currentExecutor();`
struct currentExecutor {
  Executor* executor = nullptr;
  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) noexcept {
    executor = self.promise().executor;
    return false;
  }
  Executor& await_resume() const noexcept { return *executor; }
};

/// `co_await switchTo(loop);` goes on there. The awaiter of the task that says so is not moved.
struct switchTo {
  explicit switchTo(Executor& to) : target(&to) {}
  Executor* target;
  bool await_ready() const noexcept { return false; }
  template <class P>
  __attribute__((noinline)) bool await_suspend(std::coroutine_handle<P> self) noexcept {
    if (self.promise().executor == target) return false;
    self.promise().executor = target;
    target->postFromOutside(self);
    return true;
  }
  void await_resume() const noexcept {}
};

/// `co_await sleepUntil(time);` on the current executor.
struct sleepUntil {
  explicit sleepUntil(Time until) : when(until) {}
  Time when;
  bool await_ready() const noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> self) {
    self.promise().executor->wakeAt(when, self);
  }
  void await_resume() const noexcept {}
};

/// `co_await yieldNow();` lets everything else that is ready run first.
struct yieldNow {
  bool await_ready() const noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> self) {
    self.promise().executor->post(self);
  }
  void await_resume() const noexcept {}
};

}  // namespace mydht
