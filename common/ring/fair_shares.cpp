#include "common/ring/fair_shares.h"

#include <algorithm>
#include <map>
#include <span>

#include "common/result/check.h"
#include "common/result/limits.h"

namespace mydht::ring {

namespace {

constexpr std::uint64_t kAllPartitions = limits::kPartitions * kShareUnit;

/// The water level has this many bits behind the point; the greatest share (9 copies of everything, 2^34) still fits.
constexpr int kLevelBits = 24;

/// What one zone or node may take: in proportion to its weight, but no less than `least` and no more than `most`.
struct Vessel {
  std::uint64_t weight = 0;
  std::uint64_t least = 0;
  std::uint64_t most = 0;

  std::uint64_t filledTo(std::uint64_t level) const {
    if (level >= (most << kLevelBits) / weight) return most;
    return std::max(least, (level * weight) >> kLevelBits);
  }
};

/// Divides `total` among the vessels: finds the highest level at which they hold no more than that. The little that
/// rounding leaves over (less than a unit each) goes to nobody. The sum of all `most` is at least `total`.
std::vector<std::uint64_t> waterFill(std::span<const Vessel> vessels, std::uint64_t total) {
  const auto heldAt = [&](std::uint64_t level) {
    std::uint64_t sum = 0;
    for (const Vessel& vessel : vessels) sum += vessel.filledTo(level);
    return sum;
  };
  std::uint64_t low = 0;
  std::uint64_t high = (limits::kReplicas * kAllPartitions << kLevelBits) + 1;
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    (heldAt(middle) <= total ? low : high) = middle;
  }
  std::vector<std::uint64_t> filled;
  for (const Vessel& vessel : vessels) filled.push_back(vessel.filledTo(low));
  return filled;
}

/// The most even spread: the highest number of copies that every zone can have (as far as it has nodes), and the rest.
ZoneSpread spreadOver(std::span<const std::uint32_t> zoneSizes, unsigned copies) {
  const auto usedBy = [&](unsigned everywhere) {
    unsigned sum = 0;
    for (const std::uint32_t size : zoneSizes) sum += std::min(size, everywhere);
    return sum;
  };
  unsigned everywhere = 0;
  while (everywhere < copies && usedBy(everywhere + 1) <= copies) ++everywhere;
  return {everywhere, copies - usedBy(everywhere)};
}

std::vector<Candidate> presentCandidates(const MemberList& list) {
  std::map<std::string_view, std::uint32_t> zones;
  for (const Member& member : list.members) {
    if (list.hasPresent(member.id)) zones.emplace(member.zone, 0);
  }
  std::uint32_t next = 0;
  for (auto& [name, index] : zones) index = next++;
  std::vector<Candidate> candidates;
  for (const Member& member : list.members) {
    if (!list.hasPresent(member.id)) continue;
    const std::uint32_t weight = std::clamp(member.weightHundredths, kLeastWeight, kMostWeight);
    candidates.push_back({member.id, member.tokenSeed, weight, zones.at(member.zone), 0});
  }
  return candidates;
}

std::vector<std::uint64_t> zoneShares(const FairShares& shares) {
  std::vector<Vessel> zones(shares.zoneSizes.size());
  for (const Candidate& candidate : shares.candidates) zones[candidate.zone].weight += candidate.weight;
  const unsigned everywhere = shares.spread.everywhere;
  const unsigned atMost = everywhere + (shares.spread.extra > 0 ? 1 : 0);
  for (std::size_t zone = 0; zone < zones.size(); ++zone) {
    zones[zone].least = kAllPartitions * std::min(shares.zoneSizes[zone], everywhere);
    zones[zone].most = kAllPartitions * std::min(shares.zoneSizes[zone], atMost);
  }
  return waterFill(zones, kAllPartitions * shares.copies);
}

void divideWithinZone(std::vector<Candidate>& candidates, std::uint32_t zone, std::uint64_t total) {
  std::vector<Vessel> nodes;
  for (const Candidate& candidate : candidates) {
    if (candidate.zone == zone) nodes.push_back({candidate.weight, 0, kAllPartitions});
  }
  const std::vector<std::uint64_t> shares = waterFill(nodes, total);
  auto share = shares.cbegin();
  for (Candidate& candidate : candidates) {
    if (candidate.zone == zone) candidate.share = *share++;
  }
}

}  // namespace

FairShares fairShares(const MemberList& list) {
  FairShares shares;
  shares.candidates = presentCandidates(list);
  MYDHT_ASSERT(!shares.candidates.empty());
  for (const Candidate& candidate : shares.candidates) {
    if (candidate.zone >= shares.zoneSizes.size()) shares.zoneSizes.resize(candidate.zone + 1);
    ++shares.zoneSizes[candidate.zone];
  }
  const auto replicas = std::clamp<std::size_t>(list.replicas, 1, limits::kReplicas);
  shares.copies = static_cast<unsigned>(std::min(replicas, shares.candidates.size()));
  shares.spread = spreadOver(shares.zoneSizes, shares.copies);
  const std::vector<std::uint64_t> ofZone = zoneShares(shares);
  for (std::uint32_t zone = 0; zone < ofZone.size(); ++zone) {
    divideWithinZone(shares.candidates, zone, ofZone[zone]);
  }
  return shares;
}

}  // namespace mydht::ring
