#include "common/ring/movement.h"

#include "common/result/limits.h"

namespace mydht::ring {

Movement movementBetween(const Ring& before, const Ring& after) {
  Movement movement;
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    std::uint64_t copies = 0;
    for (const NodeId home : after.homes(partition)) copies += before.isHome(home, partition) ? 0 : 1;
    movement.copies += copies;
    movement.partitions += copies > 0 ? 1 : 0;
  }
  for (const NodeId node : after.present()) {
    const std::uint64_t now = after.partitionsOf(node);
    const std::uint64_t had = before.partitionsOf(node);
    movement.least += now > had ? now - had : 0;
  }
  return movement;
}

}  // namespace mydht::ring
