#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/result/types.h"

namespace mydht::protocol {

/// Neighbouring partitions with the same first home node.
struct HomeRun {
  std::size_t node = 0;  ///< its place in RingTable::nodes
  std::size_t partitions = 0;

  bool operator==(const HomeRun&) const = default;
};

/// Who is the first home node of which partitions, in ring order: what a drawing of the ring needs. At most one run a
/// partition, so the JSON has at most some 100 KB.
struct RingTable {
  std::uint64_t fingerprint = 0;  ///< of the version's table: equal ones have equal tables
  std::uint64_t height = 0;
  unsigned copies = 0;
  std::vector<NodeId> nodes;
  std::vector<HomeRun> runs;

  /// One more partition behind the others.
  void append(NodeId firstHome);
};

/// {"fingerprint", "height", "copies", "nodes": [ID, ...], "runs": "NODE*PARTITIONS ..."}; the runs are one text, since
/// as objects they would be ten times as long.
std::string toJson(const RingTable& table);

}  // namespace mydht::protocol
