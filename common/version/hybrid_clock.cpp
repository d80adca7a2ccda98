#include "common/version/hybrid_clock.h"

#include <limits>

namespace mydht {

Version HybridClock::tick(std::int64_t wallMicros) {
  if (wallMicros > last_.physicalMicros) {
    last_.physicalMicros = wallMicros;
    last_.counter = 0;
  } else if (last_.counter == std::numeric_limits<std::uint32_t>::max()) {
    ++last_.physicalMicros;
    last_.counter = 0;
  } else {
    ++last_.counter;
  }
  return last_;
}

void HybridClock::observe(const Version& seen) {
  if (seen.physicalMicros > last_.physicalMicros) {
    last_.physicalMicros = seen.physicalMicros;
    last_.counter = seen.counter;
  } else if (seen.physicalMicros == last_.physicalMicros && seen.counter > last_.counter) {
    last_.counter = seen.counter;
  }
}

}  // namespace mydht
