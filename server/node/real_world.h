#pragma once

#include "server/ports/clock.h"
#include "server/ports/random.h"

namespace mydht::node {

/// The system's wall clock. Owned by Program; any thread.
class SystemClock final : public Clock {
 public:
  std::int64_t wallMicros() const override;
};

/// The kernel's randomness. Owned by Program; any thread.
class KernelRandom final : public Random {
 public:
  std::uint64_t next() override;
};

}  // namespace mydht::node
