#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/ring/fair_shares.h"

namespace mydht::ring {

/// The tokens of a weight in hundredths: at least one, at most kMostTokens.
std::size_t tokensFor(std::uint32_t weightHundredths, std::uint32_t algorithm);

/// More tokens would only cost time: what a heavier node lacks in tokens each of them claims for it.
inline constexpr std::size_t kMostTokens = 2048;

/// Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2016): one row of `copies` home nodes for
/// each partition. Partitions are taken in ring order; each gets the distinct nodes that claim it most, spread over
/// zones, passing over nodes that have 1.05 times their fair share already. Integers only.
///
/// Algorithm 1: a weight of 1 has 256 tokens, and those nodes claim a partition most whose next token clockwise from
/// its first position is nearest. Algorithm 2: 1,024 tokens, and more weight claims more; of equal weights the nearest
/// still comes first. Whoever changes a table gives the new way a new number (kPlacementAlgorithm) and keeps the old
/// ones: rings keep the number that they were made with.
std::vector<NodeId> placeCopies(const FairShares& shares, std::uint32_t algorithm);

}  // namespace mydht::ring
