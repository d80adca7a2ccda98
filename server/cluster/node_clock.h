#pragma once

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "common/result/limits.h"
#include "common/version/hybrid_clock.h"
#include "server/ports/clock.h"

namespace mydht::cluster {

/// How far members' clocks are from this machine's.
using ClockOffsets = std::vector<std::pair<NodeId, std::int64_t>>;

/// Their median, this machine's own (0) included; of two in the middle the smaller.
inline std::int64_t medianOf(const ClockOffsets& offsets) {
  std::vector<std::int64_t> all{0};
  for (const auto& [node, offset] : offsets) all.push_back(offset);
  std::sort(all.begin(), all.end());
  const std::int64_t high = all[all.size() / 2];
  const std::int64_t low = all[(all.size() - 1) / 2];
  return std::abs(low) < std::abs(high) ? low : high;
}

/// This node's wall clock as the ring sees it: a clock that is off is corrected by the median of what the other
/// members' clocks say, so that it can neither make versions of the future nor refuse those of the present. Any thread.
class CorrectedClock final : public Clock {
 public:
  explicit CorrectedClock(const Clock& wall) : wall_(wall) {}
  std::int64_t wallMicros() const override { return wall_.wallMicros() + correction_; }
  /// The median of the members' clocks less ours. Below a second nobody is off: NTP is worse on a bad day.
  void correct(std::int64_t medianMicros) { correction_ = isBeyond(medianMicros) ? medianMicros : 0; }
  std::int64_t correction() const { return correction_; }
  /// Whether a clock that is off by so much from this machine's is off from the ring's.
  bool isOff(std::int64_t offsetMicros) const { return isBeyond(offsetMicros - correction_); }

 private:
  static constexpr std::int64_t kTolerated = 1'000'000;
  static bool isBeyond(std::int64_t micros) { return micros > kTolerated || micros < -kTolerated; }
  const Clock& wall_;
  std::atomic<std::int64_t> correction_{0};
};

/// Which members' clocks are off, so that it is told when that begins and when it ends. On one loop.
class ClockWatch {
 public:
  /// Whether this is news.
  bool note(NodeId node, bool isOff) { return isOff ? off_.insert(node).second : off_.erase(node) > 0; }
  /// Forgets all but these, which are in order.
  void keepOnly(const std::vector<NodeId>& members) {
    std::erase_if(off_, [&](NodeId node) { return !std::binary_search(members.begin(), members.end(), node); });
  }

 private:
  std::set<NodeId> off_;  // at most the members
};

/// The node's one hybrid logical clock, read by every loop's coordinator.
class NodeClock {
 public:
  NodeClock(const Clock& wall, NodeId node, std::uint32_t boot, std::int64_t floorMicros)
      : wall_(wall), clock_(node, boot) {
    clock_.observe(Version{floorMicros, 0, 0, 0});
  }

  /// A new version, above every one made or observed before, unless those are so far in the future that no home node
  /// would take it: then the clock was wrong, and goes back to normal.
  Version tick() {
    const std::lock_guard lock(mutex_);
    const std::int64_t wall = wall_.wallMicros();
    if (clock_.floor().physicalMicros > wall + limits::kFutureMicros) clock_.goBackTo(wall);
    return clock_.tick(wall);
  }
  void observe(const Version& seen) {
    const std::lock_guard lock(mutex_);
    clock_.observe(seen);
  }
  /// A version above this one, however far in the future that is: a key that was once written in 2030 goes on there.
  Version above(const Version& held) {
    const std::lock_guard lock(mutex_);
    HybridClock beyond = clock_;
    beyond.observe(held);
    const Version version = beyond.tick(wall_.wallMicros());
    if (version.physicalMicros <= wall_.wallMicros() + limits::kFutureMicros) clock_ = beyond;
    return version;
  }
  /// Goes by another clock, which is behind this one: a version at that time, above this one.
  Version goBackTo(std::int64_t wallMicros, const Version& held) {
    const std::lock_guard lock(mutex_);
    clock_.goBackTo(wallMicros);
    clock_.observe(held);
    return clock_.tick(wallMicros);
  }

 private:
  const Clock& wall_;
  std::mutex mutex_;
  HybridClock clock_;  // guarded by mutex_
};

}  // namespace mydht::cluster
