#pragma once

#include <cstdint>

namespace mydht::model {

/// Random numbers from a seed, the same on every machine (splitmix64: Steele, Lea, Flood 2014). A pure value.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}

  std::uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15u); }
  /// 0 .. count-1; count is not 0 and far below 2^32.
  unsigned below(std::size_t count) { return static_cast<unsigned>(((next() >> 32) * count) >> 32); }
  /// True `permille` times in a thousand.
  bool chance(unsigned permille) { return below(1000) < permille; }

  static std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
  }

 private:
  std::uint64_t state_;
};

}  // namespace mydht::model
