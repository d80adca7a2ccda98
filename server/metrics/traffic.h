#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

namespace mydht::metrics {

/// What a node has done so far, or did in one step of time.
struct TrafficTotals {
  std::uint64_t requests = 0;
  std::uint64_t bytesIn = 0;
  std::uint64_t bytesOut = 0;
  bool operator==(const TrafficTotals&) const = default;
};

/// What a node did in each step of the last five minutes, from totals that somebody hands in at least once a step.
/// Owned by node; any thread.
class TrafficHistory {
 public:
  static constexpr std::uint64_t kSecondsPerStep = 5;
  static constexpr std::size_t kSteps = 60;

  /// The totals at that time, in seconds of a clock that does not jump. The steps that have ended since the last time
  /// are added: what was done goes to the first of them, the others are empty.
  void sample(std::uint64_t seconds, const TrafficTotals& totals);
  /// The steps that have ended, the oldest first.
  std::vector<TrafficTotals> steps() const;

 private:
  mutable std::mutex mutex_;
  bool begun_ = false;               // guarded by mutex_, as all below
  std::uint64_t step_ = 0;           // under way
  TrafficTotals before_;             // when it began
  std::deque<TrafficTotals> steps_;  // at most kSteps
};

}  // namespace mydht::metrics
