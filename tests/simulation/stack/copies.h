#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/version/entry.h"
#include "tests/support/simulation/sim_ring.h"

namespace mydht::simulation {

/// The global state that no node sees: which synced copies there are, on all disks at this moment. Owned by a run;
/// borrows the ring; one thread.
class Copies {
 public:
  /// From now on every removal of an entry from a disk is checked (C3).
  explicit Copies(SimRing& ring);

  /// Who holds this version of the entry's key, or a newer one, synced and with its value.
  std::set<NodeId> holders(const Entry& entry);
  /// Whose mark *settled* covers the entry: it was there, or what replaced it, before it was raised.
  std::set<NodeId> settledUpTo(const Entry& entry);
  /// The newest version of the ring that any node has known to be complete.
  ring::RingPtr newestComplete();

  /// C4: why the ring is not as it has to be once it is quiet; empty: one active version, every home node has the same
  /// entries to the byte, R of each, nobody holds anything else, and no tombstone is left.
  std::string whyNotConverged();

  /// What was removed although it was needed; empty: nothing.
  const std::vector<std::string>& broken() const { return broken_; }
  std::uint64_t removals() const { return removals_; }

 private:
  void removed(SimNode& node, const std::string& name, const Bytes& content);
  std::string whyNotEqual(const std::string& name, const ring::Ring& complete);

  SimRing& ring_;
  ring::RingPtr complete_;
  std::uint64_t removals_ = 0;
  std::vector<std::string> broken_;
};

}  // namespace mydht::simulation
