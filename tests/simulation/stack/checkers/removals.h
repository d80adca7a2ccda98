#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/stack/copies.h"

namespace mydht::simulation {

/// C3: an entry goes from a disk only if a quorum of its home nodes holds it, or something newer, or has settled it
/// (purge, R12). Judged at that moment by all disks. Owned by a run; borrows the ring and its copies.
class Removals {
 public:
  /// From now on every removal is checked.
  Removals(SimRing& ring, Copies& copies);

  std::uint64_t count() const { return count_; }
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  void see(SimNode& node, const std::string& name, const Bytes& content);
  std::set<NodeId> lostLately(const ring::Ring& complete, const Entry& entry) const;

  SimRing& ring_;
  Copies& copies_;
  std::uint64_t count_ = 0;
  std::vector<std::string> broken_;
};

}  // namespace mydht::simulation
