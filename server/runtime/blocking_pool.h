#pragma once

#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/result/result.h"
#include "server/task/task.h"

namespace mydht::runtime {

/// Threads for calls that block: disk reads, name look-ups. The queue is bounded; what does not fit is refused. Owned
/// by node; run() may be called on every executor, stop() on a thread that is none of the pool's. Its destructor stops
/// it.
class BlockingPool {
 public:
  /// `most` calls may wait at once: a bound on what one slow disk can pile up.
  BlockingPool(unsigned threads, std::size_t most);
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;
  ~BlockingPool() { stop(); }

  /// `Result<T> result = co_await pool.run(function);`: calls it on a thread of the pool and goes on on the caller's
  /// executor. For a function that returns T or Result<T>. Unavailable when too many wait, Stopped after stop(); Io
  /// with the text of an exception that it threw. The call itself has no deadline: it cannot be taken back.
  template <class Function>
  auto run(Function function);

  /// Finishes what is queued, refuses what comes later, and ends the threads.
  void stop();

 private:
  /// One queued call; lives in the frame of the task that waits for it.
  class Job {
   public:
    virtual void call() noexcept = 0;
    Executor* executor = nullptr;
    std::coroutine_handle<> waiting;
    Job* next = nullptr;

   protected:
    ~Job() = default;
  };

  template <class T>
  struct Flat {
    using Type = Result<T>;
  };
  template <class T>
  struct Flat<Result<T>> {
    using Type = Result<T>;
  };

  template <class Function>
  class Call;
  struct Submit;
  template <class Function>
  Task<typename Flat<std::invoke_result_t<Function&>>::Type> runTask(Function function);

  std::optional<Error> enqueue(Job& job);
  void work();

  struct Queue {
    std::mutex mutex;
    std::condition_variable filled;
    Job* first = nullptr;
    Job* last = nullptr;
    std::size_t length = 0;
    bool stopping = false;
  };
  const std::size_t most_;
  Queue queue_;
  std::vector<std::thread> threads_;
};

/// A function with the place for its result.
template <class Function>
class BlockingPool::Call final : public Job {
 public:
  using Type = typename Flat<std::invoke_result_t<Function&>>::Type;

  explicit Call(Function& function) : function_(function) {}
  void call() noexcept override {
    try {
      if constexpr (std::is_void_v<std::invoke_result_t<Function&>>) {
        function_();
        result_.emplace();
      } else {
        result_.emplace(function_());
      }
    } catch (const std::exception& thrown) {
      result_.emplace(Error{Kind::Io, thrown.what()});
    }
  }
  void refuse(Error error) { result_.emplace(std::move(error)); }
  Type take() { return std::move(*result_); }

 private:
  Function& function_;
  std::optional<Type> result_;
};

/// Puts a job into the queue and sleeps until a thread has done it; does not sleep when it is refused.
struct BlockingPool::Submit {
  BlockingPool& pool;
  Job& job;
  std::optional<Error> refused{};

  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    job.executor = self.promise().executor;
    job.waiting = self;
    refused = pool.enqueue(job);
    return !refused;
  }
  std::optional<Error> await_resume() { return std::move(refused); }
};

template <class Function>
Task<typename BlockingPool::Flat<std::invoke_result_t<Function&>>::Type> BlockingPool::runTask(Function function) {
  Call<Function> call(function);
  Submit submit{*this, call};
  auto refused = co_await submit;
  if (refused) call.refuse(std::move(*refused));
  co_return call.take();
}

template <class Function>
auto BlockingPool::run(Function function) {
  return runTask(std::move(function));
}

}  // namespace mydht::runtime
