#include "server/node/real_world.h"

#include <sys/random.h>

#include <chrono>

#include "common/result/check.h"

namespace mydht::node {

std::int64_t SystemClock::wallMicros() const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

std::uint64_t KernelRandom::next() {
  std::uint64_t number = 0;
  // So few bytes come whole, and the call fails only where the kernel has no such thing: identities depend on it.
  MYDHT_ASSERT(::getrandom(&number, sizeof number, 0) == sizeof number);
  return number;
}

}  // namespace mydht::node
