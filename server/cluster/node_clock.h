#pragma once

#include <mutex>

#include "common/version/hybrid_clock.h"
#include "server/ports/clock.h"

namespace mydht::cluster {

/// The node's one hybrid logical clock, read by every loop's coordinator.
class NodeClock {
 public:
  NodeClock(const Clock& wall, NodeId node, std::uint32_t boot, std::int64_t floorMicros)
      : wall_(wall), clock_(node, boot) {
    clock_.observe(Version{floorMicros, 0, 0, 0});
  }

  /// A new version, above every one made or observed before.
  Version tick() {
    const std::lock_guard lock(mutex_);
    return clock_.tick(wall_.wallMicros());
  }
  void observe(const Version& seen) {
    const std::lock_guard lock(mutex_);
    clock_.observe(seen);
  }

 private:
  const Clock& wall_;
  std::mutex mutex_;
  HybridClock clock_;  // guarded by mutex_
};

}  // namespace mydht::cluster
