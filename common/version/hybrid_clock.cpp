#include "common/version/hybrid_clock.h"

#include <limits>

namespace mydht {

Version HybridClock::tick(std::int64_t wallMicros) {
  if (wallMicros > last_.physicalMicros) {
    last_.physicalMicros = wallMicros;
    last_.counter = firstCounter_;
  } else if (last_.counter == std::numeric_limits<std::uint32_t>::max()) {
    ++last_.physicalMicros;
    last_.counter = firstCounter_;
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

void HybridClock::goBackTo(std::int64_t wallMicros) {
  firstCounter_ += 1u << 16;
  last_.physicalMicros = wallMicros;
  last_.counter = firstCounter_;
}

}  // namespace mydht
