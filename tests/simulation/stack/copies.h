#pragma once

#include <optional>
#include <set>
#include <string>

#include "common/version/entry.h"
#include "tests/support/simulation/sim_ring.h"

namespace mydht::simulation {

/// An entry on a disk with its value's bytes.
struct Copy {
  Entry entry;
  std::string value;
  bool operator==(const Copy&) const = default;
};

/// What a node's disk holds under the name of an entry's row; none: nothing, or it cannot be read.
std::optional<Copy> copyOn(SimNode& node, const std::string& name);

/// The global state that no node sees: which synced copies there are, on all disks at this moment. Owned by a run;
/// borrows the ring; one thread.
class Copies {
 public:
  explicit Copies(SimRing& ring);

  /// Who holds this version of the entry's key, or a newer one, synced and with its value.
  std::set<NodeId> holders(const Entry& entry);
  /// Whose mark *settled* covers the entry: it was there, or what replaced it, before it was raised.
  std::set<NodeId> settledUpTo(const Entry& entry);
  /// Whose mark *closed* covers the entry: no client writes it there any more.
  std::set<NodeId> closedUpTo(const Entry& entry);
  /// The newest version of the ring that any node has known to be complete.
  ring::RingPtr newestComplete();

 private:
  std::set<NodeId> marked(const Entry& entry, Version (*mark)(const store::PartitionRow&));

  SimRing& ring_;
  ring::RingPtr complete_;
};

}  // namespace mydht::simulation
