#pragma once

#include <cstdint>

namespace mydht {

/// Randomness: the kernel's in the server, a seed's in the simulator. Any thread.
class Random {
 public:
  virtual std::uint64_t next() = 0;

 protected:
  ~Random() = default;
};

}  // namespace mydht
