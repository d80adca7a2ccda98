#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "server/metrics/count.h"

namespace mydht::metrics {

/// The upper bounds of a duration's buckets, in nanoseconds: half a millisecond to ten seconds, some three a decade.
inline constexpr std::array<std::uint64_t, 14> kDurationBounds = {
    500'000,     1'000'000,   2'500'000,   5'000'000,     10'000'000,    25'000'000,    50'000'000,
    100'000'000, 250'000'000, 500'000'000, 1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000};

/// What a histogram holds, or several together. A plain value.
struct DurationValues {
  std::array<std::uint64_t, kDurationBounds.size() + 1> buckets{};  ///< each by itself; the last one: longer than all
  std::uint64_t sumNanos = 0;

  std::uint64_t count() const {
    std::uint64_t all = 0;
    for (const std::uint64_t bucket : buckets) all += bucket;
    return all;
  }
};

/// Durations that one thread alone adds, and anybody reads.
class DurationHistogram {
 public:
  void add(std::uint64_t nanos) {
    std::size_t bucket = 0;
    while (bucket < kDurationBounds.size() && nanos > kDurationBounds[bucket]) ++bucket;
    buckets_[bucket].add(1);
    sumNanos_.add(nanos);
  }
  void addTo(DurationValues& values) const {
    for (std::size_t i = 0; i < buckets_.size(); ++i) values.buckets[i] += buckets_[i].read();
    values.sumNanos += sumNanos_.read();
  }

 private:
  std::array<Count, kDurationBounds.size() + 1> buckets_;
  Count sumNanos_;
};

}  // namespace mydht::metrics
