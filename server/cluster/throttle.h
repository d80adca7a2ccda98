#pragma once

#include <algorithm>

#include "server/task/executor.h"
#include "server/task/task.h"

namespace mydht::cluster {

/// Lets background work go on at a bounded rate: whoever has moved bytes waits until they are paid for. Owned by a
/// duty; one loop.
class Throttle {
 public:
  /// 0: no limit.
  explicit Throttle(std::uint64_t bytesPerSecond) : bytesPerSecond_(bytesPerSecond) {}

  /// Waits until so many more bytes may have gone.
  Task<> pay(std::uint64_t bytes) {
    if (bytesPerSecond_ == 0) co_return;
    Executor& executor = co_await currentExecutor();
    const Time now = executor.now();
    const auto micros = std::chrono::microseconds(bytes * 1'000'000 / bytesPerSecond_);
    paidUntil_ = std::max(paidUntil_, now) + micros;
    co_await sleepUntil(paidUntil_);
  }

 private:
  const std::uint64_t bytesPerSecond_;
  Time paidUntil_{};
};

}  // namespace mydht::cluster
