#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/ring/fair_shares.h"

namespace mydht::ring {

/// The number of the placement algorithm that this program computes; it changes when the table does.
inline constexpr std::uint32_t kPlacementAlgorithm = 1;

/// The tokens of a weight in hundredths: 256 for a weight of 1, at least one, at most kMostTokens.
std::size_t tokensFor(std::uint32_t weightHundredths);

/// More tokens would only cost time: what a heavier node lacks in tokens it gets when the lighter ones are full.
inline constexpr std::size_t kMostTokens = 2048;

/// Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2016): one row of `copies` home nodes for
/// each partition. Partitions are taken in ring order; each gets the next distinct nodes clockwise from its first
/// position, spread over zones, passing over nodes that have 1.05 times their fair share already. Integers only.
std::vector<NodeId> placeCopies(const FairShares& shares);

}  // namespace mydht::ring
