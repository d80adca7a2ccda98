#include "common/ring/placement.h"

#include <algorithm>
#include <utility>

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

/// 1.05 times the share in whole partitions, rounded up; nobody can hold more than all of them.
std::uint64_t limitOf(const Candidate& candidate) {
  constexpr std::uint64_t kDivisor = 100 * kShareUnit;
  const std::uint64_t limit = (candidate.share * kLimitPercent + kDivisor - 1) / kDivisor;
  return std::min<std::uint64_t>(limit, limits::kPartitions);
}

/// When a node is taken for a partition, before distance is looked at.
enum class Turn { Due, ZoneDue, Open, Full, Chosen };

/// One node on the walk.
struct Node {
  NodeId id = 0;
  std::uint32_t zone = 0;
  Turn turn = Turn::Open;
  std::uint64_t room = 0;      ///< partitions that it may still take until it is full
  std::uint64_t token = 0;     ///< its next one at or after the partition, clockwise
  std::uint64_t distance = 0;  ///< from the partition to that token
  std::vector<std::uint64_t> tokens;
  std::size_t passed = 0;  ///< tokens that lie behind the walk

  void walkTo(std::uint64_t position) {
    while (passed < tokens.size() && tokens[passed] < position) ++passed;
    token = passed < tokens.size() ? tokens[passed] : tokens.front();
    distance = token - position;  // unsigned: past the end of the ring it goes on from zero
  }
};

bool comesFirstOnRing(const Node* a, const Node* b) {
  return a->distance != b->distance ? a->distance < b->distance : a->id < b->id;
}

/// One zone on the walk.
struct Zone {
  std::uint64_t always = 0;   ///< copies of each partition that it has in any case
  bool mayHaveExtra = false;  ///< whether it has nodes for one more
  std::uint64_t copies = 0;   ///< of this partition so far
  std::uint64_t room = 0;     ///< copies that its nodes can take of all partitions to come, one of each at most
  std::uint64_t roomy = 0;    ///< nodes that have room for every partition to come
  std::uint64_t spare = 0;    ///< room beyond what `always` will need
};

/// Walks the ring once, partition by partition. Instead of one merged list of tokens each node keeps its own, and the
/// nearest node is found by comparing their next tokens: the cost is partitions times nodes times copies, whatever the
/// weights and zones are. (A walk over merged tokens is faster on even rings, but takes minutes where the one node that
/// may still be chosen has three tokens of a quarter of a million.)
///
/// Passing over full nodes is not enough where weights or zones are uneven: the next distinct nodes clockwise hold less
/// of a heavy node than its share, since it can be met only once; the light ones fill up early, and the end of the ring
/// has nobody but full nodes (a node with 1.26 times its share, for weights 1 1 2 2). So the walk also counts how often
/// it can still leave out a node (or zone) that has room for every partition to come, without running out of room in
/// the others; once it cannot, those are due, and come before the others. Even rings never get there.
class Walk {
 public:
  explicit Walk(const FairShares& shares) : copies_(shares.copies), spread_(shares.spread) {
    for (const Candidate& candidate : shares.candidates) {
      Node& node = nodes_.emplace_back();
      node.id = candidate.id;
      node.zone = candidate.zone;
      node.room = limitOf(candidate);
      node.tokens = sortedTokens(candidate);
    }
    for (const std::uint32_t size : shares.zoneSizes) {
      Zone& zone = zones_.emplace_back();
      zone.always = std::min(size, spread_.everywhere);
      zone.mayHaveExtra = spread_.extra > 0 && size > spread_.everywhere;
    }
  }

  std::vector<NodeId> run() {
    std::vector<NodeId> table;
    table.reserve(limits::kPartitions * copies_);
    for (std::uint64_t partition = 0; partition < limits::kPartitions; ++partition) {
      const std::uint64_t toCome = limits::kPartitions - partition;  // this one among them
      for (Node& node : nodes_) node.walkTo(partition * kPartitionWidth);
      countRoom(toCome);
      giveTurns(toCome);
      chosen_.clear();
      extras_ = 0;
      while (chosen_.size() < copies_) take(nearest());
      std::sort(chosen_.begin(), chosen_.end(), comesFirstOnRing);
      for (const Node* node : chosen_) table.push_back(node->id);
    }
    return table;
  }

 private:
  void countRoom(std::uint64_t toCome) {
    for (Zone& zone : zones_) zone.copies = zone.room = zone.roomy = 0;
    for (const Node& node : nodes_) {
      Zone& zone = zones_[node.zone];
      zone.room += std::min(node.room, toCome);
      if (node.room >= toCome) ++zone.roomy;
    }
    for (Zone& zone : zones_) zone.spare = zone.room - std::min(zone.room, zone.always * toCome);
  }

  /// A roomy node that is left out of a partition costs its zone one of its spare copies; a zone whose spare copies
  /// suffice for every partition to come, and which gets no extra copy, costs the ring one of those.
  void giveTurns(std::uint64_t toCome) {
    std::uint64_t spare = 0;
    std::uint64_t mayBeLost = 0;
    for (const Zone& zone : zones_) {
      if (!zone.mayHaveExtra) continue;
      spare += std::min(zone.spare, toCome);
      mayBeLost += (zone.always > 0 ? zone.roomy : 0) + (zone.spare >= toCome ? 1 : 0);
    }
    const bool ringIsTight = spare < spread_.extra * toCome + mayBeLost;
    for (Node& node : nodes_) {
      const Zone& zone = zones_[node.zone];
      const bool zoneIsTight = zone.spare < zone.roomy || (ringIsTight && zone.mayHaveExtra);
      const bool nodeIsDue = zone.always > 0 && zoneIsTight && node.room >= toCome;
      const bool zoneIsDue = ringIsTight && zone.mayHaveExtra && zone.spare >= toCome;
      node.turn = node.room == 0 ? Turn::Full : nodeIsDue ? Turn::Due : zoneIsDue ? Turn::ZoneDue : Turn::Open;
    }
  }

  bool takesOneMore(const Zone& zone) const {
    if (zone.copies < spread_.everywhere) return true;
    return zone.copies == spread_.everywhere && extras_ < spread_.extra;
  }

  /// A zone without spare copies should not spend one on an extra: its nodes count as full for that.
  Turn turnOf(const Node& node) const {
    const Zone& zone = zones_[node.zone];
    return zone.spare == 0 && zone.copies >= spread_.everywhere ? Turn::Full : node.turn;
  }

  /// The next node clockwise that is due, else the next that is not full; if all are full, the next one all the same.
  Node& nearest() {
    Node* best = nullptr;
    Turn bestTurn = Turn::Chosen;
    for (Node& node : nodes_) {
      if (node.turn == Turn::Chosen || !takesOneMore(zones_[node.zone])) continue;
      const Turn turn = turnOf(node);
      if (turn > bestTurn || (turn == bestTurn && node.distance >= best->distance)) continue;  // a tie: the lower id
      best = &node;
      bestTurn = turn;
    }
    MYDHT_ASSERT(best != nullptr);
    return *best;
  }

  void take(Node& node) {
    node.turn = Turn::Chosen;
    if (node.room > 0) --node.room;
    if (++zones_[node.zone].copies > spread_.everywhere) ++extras_;
    chosen_.push_back(&node);
  }

  unsigned copies_;
  ZoneSpread spread_;
  std::vector<Node> nodes_;  ///< in order of id
  std::vector<Zone> zones_;
  std::vector<Node*> chosen_;  ///< for this partition
  unsigned extras_ = 0;        ///< zones that have one copy of this partition more than everywhere
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
