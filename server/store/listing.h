#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/version/entry.h"
#include "server/store/node_state.h"

namespace mydht::store {

/// Which of a node's keys are listed, and how many at a time. A plain value.
struct ListOrder {
  std::string prefix;         ///< keys that begin with it
  Key from;                   ///< and are not before this one
  std::string delimiter;      ///< keys that have it behind the prefix are rolled up; empty: none is
  std::size_t most = 0;       ///< entries and prefixes together
  std::size_t mostBytes = 0;  ///< of them, about
  std::shared_ptr<const PartitionSet> partitions{};  ///< those alone; null: whatever lies here
};

/// Some of a node's keys in the order of their bytes.
struct ListPage {
  std::vector<Entry> entries;  ///< tombstones included, so that they hide what another node holds
  std::vector<Key> prefixes;   ///< what at least one live key was rolled up into
  Key next;                    ///< the `from` to go on with; empty at the end
};

}  // namespace mydht::store
