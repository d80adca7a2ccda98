#pragma once

#include <set>
#include <vector>

#include "common/ring/view.h"
#include "server/cluster/settings.h"

namespace mydht::cluster {

/// How many home nodes an operation needs (PROTOCOL.md): one filled one, a quorum in each active version, or all.
enum class Consistency { One, Quorum, All };

/// Whether these home nodes are enough for a partition, in the eyes of one who knows this view.
bool isEnough(const ring::View& view, PartitionId partition, const std::set<NodeId>& nodes, Consistency consistency,
              const DeliberateBugs& bugs);

/// The home nodes of the partition that are not among these.
std::vector<NodeId> missingHomes(const ring::View& view, PartitionId partition, const std::set<NodeId>& nodes);

}  // namespace mydht::cluster
