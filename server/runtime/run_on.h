#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "server/runtime/event_loop.h"
#include "server/task/task.h"

namespace mydht::runtime {
namespace detail {

/// Where a thread waits for a task on a loop.
struct Landing {
  std::mutex mutex;
  std::condition_variable changed;
  bool landed = false;

  void land() {
    const std::lock_guard lock(mutex);
    landed = true;
    changed.notify_one();  // under the lock: whoever waits destroys this once it has seen it
  }
  void wait() {
    std::unique_lock lock(mutex);
    while (!landed) changed.wait(lock);
  }
};

/// The coroutine around the task: nobody awaits it, its frame goes when it ends.
struct Flight {
  struct promise_type {
    Executor* executor = nullptr;
    Flight get_return_object() { return {this}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    [[noreturn]] void unhandled_exception() { invariantBroken("no exception leaves a task", __FILE__, __LINE__); }
  };
  promise_type* promise;
};

template <class T>
Flight fly(Task<T> task, std::optional<T>& result, Landing& landing) {
  {
    Task<T> inner = std::move(task);
    auto value = co_await inner;
    result.emplace(std::move(value));
  }
  landing.land();
}

inline Flight fly(Task<> task, Landing& landing) {
  {
    Task<> inner = std::move(task);
    co_await inner;
  }
  landing.land();
}

inline void launch(EventLoop& loop, Flight flight) {
  flight.promise->executor = &loop;
  loop.postFromOutside(std::coroutine_handle<Flight::promise_type>::from_promise(*flight.promise));
}

}  // namespace detail

/// Runs a task on a loop that another thread runs, and waits for its end: for main() and tests. Never on a loop's
/// thread.
template <class T>
T runOn(EventLoop& loop, Task<T> task) {
  detail::Landing landing;
  if constexpr (std::is_void_v<T>) {
    detail::launch(loop, detail::fly(std::move(task), landing));
    landing.wait();
  } else {
    std::optional<T> result;
    detail::launch(loop, detail::fly(std::move(task), result, landing));
    landing.wait();
    return std::move(*result);
  }
}

}  // namespace mydht::runtime
