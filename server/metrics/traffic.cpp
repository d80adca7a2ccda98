#include "server/metrics/traffic.h"

namespace mydht::metrics {

void TrafficHistory::sample(std::uint64_t seconds, const TrafficTotals& totals) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t step = seconds / kSecondsPerStep;
  if (!begun_) {
    begun_ = true;
    step_ = step;
    before_ = totals;
  }
  for (std::size_t added = 0; step_ < step && added <= kSteps; ++added, ++step_) {
    steps_.push_back(
        {totals.requests - before_.requests, totals.bytesIn - before_.bytesIn, totals.bytesOut - before_.bytesOut});
    before_ = totals;
    if (steps_.size() > kSteps) steps_.pop_front();
  }
  step_ = step;
}

std::vector<TrafficTotals> TrafficHistory::steps() const {
  const std::lock_guard lock(mutex_);
  return {steps_.begin(), steps_.end()};
}

}  // namespace mydht::metrics
