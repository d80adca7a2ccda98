#include "server/metrics/recent_events.h"

#include <algorithm>
#include <utility>

namespace mydht::metrics {

void RecentEvents::add(RecentEvent event) {
  if (event.fields.size() > kMostFields) event.fields = event.fields.substr(0, kMostFields) + "...";
  const std::lock_guard lock(mutex_);
  const bool same = !events_.empty() && events_.back().event == event.event && events_.back().fields == event.fields;
  if (same) events_.pop_back();
  ++counts_[event.event];
  const auto isSame = [&](const RecentEvent& other) { return other.event == event.event; };
  if (std::count_if(events_.begin(), events_.end(), isSame) >= static_cast<std::ptrdiff_t>(kMostOfOne)) {
    events_.erase(std::find_if(events_.begin(), events_.end(), isSame));
  }
  if (events_.size() >= kMost) events_.pop_front();
  events_.push_back(std::move(event));
}

std::map<std::string, std::uint64_t> RecentEvents::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<RecentEvent> RecentEvents::events() const {
  const std::lock_guard lock(mutex_);
  return {events_.begin(), events_.end()};
}

}  // namespace mydht::metrics
