#pragma once

#include <optional>

#include "server/runtime/descriptor.h"
#include "server/runtime/watch.h"
#include "server/task/task.h"

namespace mydht::runtime {

/// Blocks SIGINT, SIGTERM and SIGHUP for the calling thread and those that it starts from now on. To be called before
/// the first thread starts, else one of those takes the signal and the process dies of it.
void blockSignals();

/// The signals that tell the process to stop or to read its files again, as events of a loop. Owned by node; own
/// thread.
class Signals {
 public:
  explicit Signals(EventLoop& loop);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Waits for the next one: SIGINT, SIGTERM or SIGHUP; nothing when the deadline came first.
  Task<std::optional<int>> next(Deadline deadline);

 private:
  Descriptor descriptor_;
  Watch watch_;
};

}  // namespace mydht::runtime
