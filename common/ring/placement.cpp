#include "common/ring/placement.h"

#include <algorithm>

#include "common/hash/checksum.h"
#include "common/result/check.h"
#include "common/result/limits.h"
#include "common/ring/canonical_bytes.h"

namespace mydht::ring {

namespace {

constexpr std::size_t kTokensOfWeightOne = 256;
constexpr std::uint64_t kLimitPercent = 105;
constexpr std::uint64_t kPartitionWidth = (~std::uint64_t{0} / limits::kPartitions) + 1;

std::vector<std::uint64_t> sortedTokens(const Candidate& candidate) {
  std::vector<std::uint64_t> tokens(tokensFor(candidate.weight));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    CanonicalBytes bytes;
    bytes.add(candidate.tokenSeed);
    bytes.add(std::uint64_t{i});
    tokens[i] = checksumOf(std::move(bytes).take());
  }
  std::sort(tokens.begin(), tokens.end());
  return tokens;
}

/// Walks the ring once, partition by partition. Instead of one merged list of tokens each node keeps its own, and the
/// nearest node is found by comparing their next tokens: the cost is partitions times nodes times copies, whatever the
/// weights and zones are. (A walk over merged tokens is faster on even rings, but takes minutes where the one node that
/// may still be chosen has three tokens of a quarter of a million.)
class Walk {
 public:
  explicit Walk(const FairShares& shares) : shares_(shares), inZone_(shares.zoneSizes.size()) {
    for (const Candidate& candidate : shares.candidates) {
      Node node{candidate, sortedTokens(candidate)};
      node.limit = (candidate.share * kLimitPercent + 100 * kShareUnit - 1) / (100 * kShareUnit);
      nodes_.push_back(std::move(node));
    }
  }

  std::vector<NodeId> run() {
    std::vector<NodeId> table;
    table.reserve(limits::kPartitions * shares_.copies);
    for (std::uint64_t partition = 0; partition < limits::kPartitions; ++partition) {
      begin(partition * kPartitionWidth);
      for (unsigned copy = 0; copy < shares_.copies; ++copy) table.push_back(takeNearest());
    }
    return table;
  }

 private:
  struct Node {
    Candidate is;
    std::vector<std::uint64_t> tokens;
    std::size_t next = 0;        ///< the first token at or after the partition, or their number: the first one again
    std::uint64_t distance = 0;  ///< from the partition to that token, clockwise
    std::uint64_t load = 0;      ///< partitions that it is home to so far
    std::uint64_t limit = 0;
    bool chosen = false;  ///< for this partition
  };

  void begin(std::uint64_t position) {
    for (Node& node : nodes_) {
      while (node.next < node.tokens.size() && node.tokens[node.next] < position) ++node.next;
      const std::uint64_t token = node.next < node.tokens.size() ? node.tokens[node.next] : node.tokens.front();
      node.distance = token - position;  // unsigned: past the end it goes on from zero
      node.chosen = false;
    }
    std::fill(inZone_.begin(), inZone_.end(), 0);
    extras_ = 0;
  }

  bool zoneHasRoom(std::uint32_t zone) const {
    if (inZone_[zone] < shares_.spread.everywhere) return true;
    return inZone_[zone] == shares_.spread.everywhere && extras_ < shares_.spread.extra;
  }

  /// The next node clockwise that is not full; if all are full, the next one all the same.
  NodeId takeNearest() {
    Node* best = nullptr;
    for (Node& node : nodes_) {
      if (node.chosen || !zoneHasRoom(node.is.zone)) continue;
      if (best == nullptr || comesBefore(node, *best)) best = &node;
    }
    MYDHT_ASSERT(best != nullptr);
    best->chosen = true;
    ++best->load;
    if (++inZone_[best->is.zone] > shares_.spread.everywhere) ++extras_;
    return best->is.id;
  }

  static bool comesBefore(const Node& a, const Node& b) {
    const bool aFull = a.load >= a.limit;
    const bool bFull = b.load >= b.limit;
    return aFull != bFull ? bFull : a.distance < b.distance;  // a tie stays with the lower id
  }

  const FairShares& shares_;
  std::vector<Node> nodes_;
  std::vector<unsigned> inZone_;  ///< copies of this partition in each zone
  unsigned extras_ = 0;           ///< zones that have one more than everywhere
};

}  // namespace

std::size_t tokensFor(std::uint32_t weightHundredths) {
  const std::size_t tokens = (std::size_t{weightHundredths} * kTokensOfWeightOne + 50) / 100;
  return std::clamp<std::size_t>(tokens, 1, kMostTokens);
}

std::vector<NodeId> placeCopies(const FairShares& shares) {
  return Walk(shares).run();
}

}  // namespace mydht::ring
