#pragma once

#include <cstdint>

namespace mydht {

/// The wall clock, which may jump. Only versions are made of it; time-outs use Executor::now. Any thread.
class Clock {
 public:
  /// Microseconds since 1970 UTC.
  virtual std::int64_t wallMicros() const = 0;

 protected:
  ~Clock() = default;
};

}  // namespace mydht
