#pragma once

#include <algorithm>

#include "server/task/executor.h"
#include "server/task/signal.h"
#include "server/task/task.h"

namespace mydht::cluster {

/// Lets background work go on at a bounded rate: whoever has moved bytes waits until they are paid for. Owned by a
/// duty; its loop alone.
class Throttle {
 public:
  /// 0: no limit.
  Throttle(Executor& loop, std::uint64_t bytesPerSecond) : loop_(loop), bytesPerSecond_(bytesPerSecond), wake_(loop) {}

  /// Waits until so many more bytes may have gone, or until stop().
  Task<> pay(std::uint64_t bytes) {
    if (bytesPerSecond_ == 0) co_return;
    const auto micros = std::chrono::microseconds(bytes * 1'000'000 / bytesPerSecond_);
    const Time until = paidUntil_ = std::max(paidUntil_, loop_.now()) + micros;
    while (!stopping_ && loop_.now() < until) co_await wake_.waitUntil(until);
  }

  /// Nobody waits from now on.
  void stop() {
    stopping_ = true;
    wake_.notifyAll();
  }

 private:
  Executor& loop_;
  const std::uint64_t bytesPerSecond_;
  Time paidUntil_{};
  bool stopping_ = false;
  Signal wake_;
};

}  // namespace mydht::cluster
