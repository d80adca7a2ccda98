#pragma once

#include <cstdint>

#include "server/ports/random.h"
#include "server/task/executor.h"

namespace mydht::simulation {

/// Randomness from a seed (splitmix64: Steele, Lea, Flood 2014): the same numbers everywhere. One thread.
class SimRandom final : public Random {
 public:
  explicit SimRandom(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() override {
    std::uint64_t bits = (state_ += 0x9e3779b97f4a7c15);
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
    return bits ^ (bits >> 31);
  }
  /// A number below the bound, which is not 0.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  /// True so many times of a million.
  bool chance(unsigned ofMillion) { return below(1'000'000) < ofMillion; }
  /// A duration between the two, both included.
  Duration between(Duration least, Duration most) {
    return least + Duration(static_cast<Duration::rep>(below(static_cast<std::uint64_t>((most - least).count()) + 1)));
  }

 private:
  std::uint64_t state_;
};

}  // namespace mydht::simulation
