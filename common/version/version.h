#pragma once

#include <compare>
#include <cstdint>

#include "common/result/types.h"

namespace mydht {

/// A hybrid logical clock's timestamp with who made it: the total order of all versions of a key.
/// Physical time is microseconds since 1970 UTC (Kulkarni et al., Logical Physical Clocks, 2014). The zero version is
/// older than every real one.
struct Version {
  std::int64_t physicalMicros = 0;
  std::uint32_t counter = 0;
  NodeId node = 0;
  std::uint32_t boot = 0;

  auto operator<=>(const Version&) const = default;
};

}  // namespace mydht
