#include "server/metrics/recent_events.h"

#include <utility>

namespace mydht::metrics {

void RecentEvents::add(RecentEvent event) {
  if (event.fields.size() > kMostFields) event.fields = event.fields.substr(0, kMostFields) + "...";
  const std::lock_guard lock(mutex_);
  const bool same = !events_.empty() && events_.back().event == event.event && events_.back().fields == event.fields;
  if (same) events_.pop_back();
  if (events_.size() >= kMost) events_.pop_front();
  events_.push_back(std::move(event));
}

std::vector<RecentEvent> RecentEvents::events() const {
  const std::lock_guard lock(mutex_);
  return {events_.begin(), events_.end()};
}

}  // namespace mydht::metrics
