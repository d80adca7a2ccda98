#include "server/task/gate.h"

namespace mydht {

/// A coroutine that nobody awaits: its frame goes when it ends.
struct Gate::Runner {
  struct promise_type {
    Executor* executor = nullptr;
    std::coroutine_handle<promise_type> self() { return std::coroutine_handle<promise_type>::from_promise(*this); }
    static void* operator new(std::size_t size) { return allocateFrame(size); }
    static void operator delete(void* frame, std::size_t size) { releaseFrame(frame, size); }
    Runner get_return_object() { return {this}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    [[noreturn]] void unhandled_exception() { invariantBroken("no exception leaves a task", __FILE__, __LINE__); }
  };
  promise_type* promise;
};

Gate::Runner Gate::run(Task<> task) {
  co_await task;
  if (--running_ == 0) empty_.notifyAll();
}

void Gate::spawn(Task<> task) {
  ++running_;
  Runner runner = run(std::move(task));
  runner.promise->executor = &executor_;
  executor_.post(runner.promise->self());
}

Task<> Gate::close() {
  while (running_ > 0) co_await empty_.wait();
}

}  // namespace mydht
