#pragma once

#include <coroutine>
#include <cstddef>

#include "server/task/signal.h"
#include "server/task/task.h"

namespace mydht {

/// Counts the tasks that run in the background for somebody; closing waits for all of them. Owned by whoever spawns;
/// used on its executor's thread alone. Its destructor asserts that none is left.
class Gate {
 public:
  explicit Gate(Executor& executor) : executor_(executor), empty_(executor) {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() { MYDHT_ASSERT(running_ == 0); }

  /// Starts the task later in this turn. After close() a task may still be spawned by one that is being waited for.
  void spawn(Task<> task);
  /// Waits until none is left. The tasks must have been told to stop by other means.
  Task<> close();
  std::size_t running() const { return running_; }

 private:
  struct Runner;
  Runner run(Task<> task);

  Executor& executor_;
  std::size_t running_ = 0;
  Signal empty_;
};

}  // namespace mydht
