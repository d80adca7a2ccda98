#pragma once

#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "server/ports/disk.h"

namespace mydht::disk {

/// Group commit: one thread takes everything that is queued, has it written and synced as one, and wakes those who
/// wait, each on its own executor. After one failure it writes nothing any more. Owned by RocksDisk. Any thread may
/// commit.
class Committer {
 public:
  /// Writes batches in order and syncs them; the number is the last one's. Called on the committer's thread.
  using Write = std::function<Result<>(std::span<const Batch* const> batches, std::uint64_t number)>;

  Committer(std::uint64_t lastNumber, Write write);
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;
  ~Committer() { stop(); }

  class Commit;
  /// `Result<std::uint64_t> number = co_await committer.commit(batch);`: the batch must live until then.
  Commit commit(const Batch& batch);
  /// Groups written and synced so far.
  std::uint64_t syncs() const { return syncs_.load(std::memory_order_relaxed); }
  std::uint64_t lastSynced() const { return lastSynced_.load(std::memory_order_acquire); }
  /// Writes what is queued, refuses what comes later with Stopped, and ends the thread.
  void stop();

 private:
  std::vector<Commit*> takeGroup();
  void work();
  Result<> writeGroup(const std::vector<Commit*>& group);

  struct Queue {
    std::mutex mutex;
    std::condition_variable filled;
    Commit* first = nullptr;
    Commit* last = nullptr;
    bool stopping = false;
  };

  const Write write_;
  Queue queue_;
  std::uint64_t lastNumber_;     // committer's thread
  std::optional<Error> broken_;  // committer's thread
  std::atomic<std::uint64_t> lastSynced_;
  std::atomic<std::uint64_t> syncs_{0};
  std::thread thread_;
};

/// One commit that waits; lives in the frame of the task that waits.
class Committer::Commit {
 public:
  Commit(Committer& committer, const Batch& batch) : committer_(committer), batch_(batch) {}

  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    executor_ = self.promise().executor;
    waiting_ = self;
    return enqueue();
  }
  Result<std::uint64_t> await_resume() { return std::move(*result_); }

 private:
  friend class Committer;
  bool enqueue();

  Committer& committer_;
  const Batch& batch_;
  Executor* executor_ = nullptr;
  std::coroutine_handle<> waiting_;
  std::optional<Result<std::uint64_t>> result_;
  Commit* next_ = nullptr;
};

inline Committer::Commit Committer::commit(const Batch& batch) {
  return {*this, batch};
}

}  // namespace mydht::disk
