#include "common/ring/placement.h"

#include <algorithm>
#include <utility>

#include "common/hash/checksum.h"
#include "common/result/check.h"
#include "common/result/limits.h"
#include "common/ring/canonical_bytes.h"

namespace mydht::ring {

namespace {

constexpr std::uint64_t kLimitPercent = 105;
constexpr std::uint64_t kPartitionWidth = (~std::uint64_t{0} / limits::kPartitions) + 1;

std::vector<std::uint64_t> sortedTokens(const Candidate& candidate, std::uint32_t algorithm) {
  std::vector<std::uint64_t> tokens(tokensFor(candidate.weight, algorithm));
  CanonicalBytes bytes;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    bytes.clear();
    bytes.add(candidate.tokenSeed);
    bytes.add(std::uint64_t{i});
    tokens[i] = checksumOf(bytes.view());
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

/// When a node is taken for a partition, before its claim is looked at.
enum class Turn { Due, ZoneDue, Open, Full, Chosen };

/// How much a node is drawn to a partition: the nearer its next token, the more, and of equal weights the nearer always
/// comes first. Without a bonus heavy nodes would get less than their share where several copies are chosen together,
/// since each can be met only once; the light ones would fill up, and whom the walk passes over then depends on all
/// that it did before, so that a join moves copies between nodes which it does not concern. A claim knows nothing of
/// the other nodes: one that joins comes between them, and does not change their order. Where nobody claims
/// anything, as in algorithm 1, the nearest comes first.
struct Claim {
  static constexpr int kDistanceShift = 24;  ///< the last bits of a distance decide nothing
  static constexpr int kReachShift = 46;     ///< the greatest weight still fits

  std::uint64_t reach = 0;  ///< the claim at a distance of 0
  std::uint64_t bonus = 0;

  Claim() = default;

  /// The bonus for each copy beyond the first is a quarter of the claim at the node's mean distance: measured, the
  /// loads are then closest to the shares with 2 to 5 copies. The first one needs none: of two nodes the one of twice
  /// the weight is the nearer one twice as often.
  Claim(const Candidate& candidate, std::size_t tokens, unsigned copiesInZone)
      : reach((std::uint64_t{candidate.weight} << kReachShift) / tokens),
        bonus((std::uint64_t{candidate.weight} << (kReachShift + kDistanceShift - 64)) / 4 * (copiesInZone - 1)) {}

  std::uint64_t at(std::uint64_t distance) const {
    if (reach == 0) return 0;
    return reach / ((distance >> kDistanceShift) + 1) + bonus;
  }
};

/// If so, the nearest comes first even without claims, which cost a division each.
bool haveEqualWeights(const std::vector<Candidate>& candidates) {
  return std::all_of(candidates.begin(), candidates.end(),
                     [&](const Candidate& candidate) { return candidate.weight == candidates.front().weight; });
}

/// One node on the walk.
struct Node {
  NodeId id = 0;
  std::uint32_t zone = 0;
  bool everywhere = false;  ///< its share is a copy of every partition
  Turn turn = Turn::Open;
  std::uint64_t room = 0;      ///< partitions that it may still take until it is full
  std::uint64_t token = 0;     ///< its next one at or after the partition, clockwise
  std::uint64_t distance = 0;  ///< from the partition to that token
  Claim claim;
  std::uint64_t claimed = 0;  ///< at that distance
  std::vector<std::uint64_t> tokens;
  std::size_t passed = 0;  ///< tokens that lie behind the walk

  void walkTo(std::uint64_t position) {
    while (passed < tokens.size() && tokens[passed] < position) ++passed;
    token = passed < tokens.size() ? tokens[passed] : tokens.front();
    distance = token - position;  // unsigned: past the end of the ring it goes on from zero
    claimed = claim.at(distance);
  }
};

bool claimsMore(const Node& a, const Node& b) {
  return a.claimed != b.claimed ? a.claimed > b.claimed : a.distance < b.distance;
}

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
/// node that claims most is found by comparing their next tokens: the cost is partitions times nodes times copies,
/// whatever the weights and zones are. (A walk over merged tokens is faster on even rings, but takes minutes where the
/// one node that may still be chosen has three tokens of a quarter of a million.)
///
/// Passing over full nodes is not enough where zones or the shares of few nodes are uneven: the light ones fill up
/// early, and the end of the ring has nobody but full nodes (a node with 1.26 times its share, for weights 1 1 2 2). So
/// a node whose share is a copy of everything is due from the start, and the walk counts how often it can still leave
/// out a node (or zone) that has room for every partition to come, without running out of room in the others; once it
/// cannot, those are due, and come before the others. Even rings never get there.
class Walk {
 public:
  Walk(const FairShares& shares, std::uint32_t algorithm) : copies_(shares.copies), spread_(shares.spread) {
    const unsigned copiesInZone = spread_.everywhere + (spread_.extra > 0 ? 1 : 0);  // at most
    const bool equal = haveEqualWeights(shares.candidates);
    for (const Candidate& candidate : shares.candidates) {
      Node& node = nodes_.emplace_back();
      node.id = candidate.id;
      node.zone = candidate.zone;
      node.room = limitOf(candidate);
      node.tokens = sortedTokens(candidate, algorithm);
      if (algorithm == 1) continue;
      node.everywhere = candidate.share == limits::kPartitions * kShareUnit;
      if (!equal) node.claim = Claim(candidate, node.tokens.size(), copiesInZone);
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
      goTo(partition, toCome);
      giveTurns(toCome);
      chosen_.clear();
      extras_ = 0;
      while (chosen_.size() < copies_) take(next());
      std::sort(chosen_.begin(), chosen_.end(), comesFirstOnRing);
      for (const Node* node : chosen_) table.push_back(node->id);
    }
    return table;
  }

 private:
  /// And counts what room there is for the partitions to come.
  void goTo(std::uint64_t partition, std::uint64_t toCome) {
    for (Zone& zone : zones_) zone.copies = zone.room = zone.roomy = 0;
    for (Node& node : nodes_) {
      node.walkTo(partition * kPartitionWidth);
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
      const bool nodeIsDue = node.everywhere || (zone.always > 0 && zoneIsTight && node.room >= toCome);
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

  /// Who claims most of those that are due, else of those that are not full; if all are full, of them all the same.
  Node& next() {
    Node* best = nullptr;
    Turn bestTurn = Turn::Chosen;
    const auto loses = [&](const Node& node, Turn turn) {
      return turn > bestTurn || (turn == bestTurn && !claimsMore(node, *best));  // a tie: the lower id
    };
    for (Node& node : nodes_) {
      if (node.turn == Turn::Chosen || loses(node, node.turn)) continue;  // most of them: before looking at zones
      if (!takesOneMore(zones_[node.zone])) continue;
      const Turn turn = turnOf(node);
      if (loses(node, turn)) continue;
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

std::size_t tokensFor(std::uint32_t weightHundredths, std::uint32_t algorithm) {
  const std::size_t ofWeightOne = algorithm == 1 ? 256 : 1024;
  const std::size_t tokens = (std::size_t{weightHundredths} * ofWeightOne + 50) / 100;
  return std::clamp<std::size_t>(tokens, 1, kMostTokens);
}

std::vector<NodeId> placeCopies(const FairShares& shares, std::uint32_t algorithm) {
  return Walk(shares, algorithm).run();
}

}  // namespace mydht::ring
