#pragma once

#include <cstdint>

#include "common/version/version.h"

namespace mydht {

/// The hybrid logical clock of one node as a pure value: wall-clock readings go in, versions come out that only grow,
/// whatever the wall clock does. Its floor is kept across restarts (store). Not synchronised: its owner is.
class HybridClock {
 public:
  HybridClock(NodeId node, std::uint32_t boot) : last_{0, 0, node, boot} {}

  /// A new version at that wall-clock time: above every version made or observed before.
  Version tick(std::int64_t wallMicros);
  /// Learns of a version made elsewhere: later ticks are above it.
  void observe(const Version& seen);
  /// Goes back to that time, after the wall clock was found to have been wrong. Versions stay unique: their counters
  /// begin beyond those of the time before, for 2^16 such steps back of 2^16 versions a microsecond.
  void goBackTo(std::int64_t wallMicros);
  /// The greatest time made or observed: what has to be kept across a restart.
  Version floor() const { return last_; }

 private:
  Version last_;
  std::uint32_t firstCounter_ = 0;
};

}  // namespace mydht
