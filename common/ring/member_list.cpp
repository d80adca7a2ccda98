#include "common/ring/member_list.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "common/hash/checksum.h"
#include "common/result/limits.h"
#include "common/ring/canonical_bytes.h"

namespace mydht::ring {

namespace {

auto firstNotBelow(const std::vector<Member>& members, NodeId id) {
  return std::lower_bound(members.begin(), members.end(), id,
                          [](const Member& member, NodeId wanted) { return member.id < wanted; });
}

/// Who stays when nobody has rank Present. `members` is not empty.
NodeId lastOf(const std::vector<Member>& members) {
  const auto order = [](const Member& a, const Member& b) { return a.rank != b.rank ? a.rank > b.rank : a.id < b.id; };
  return std::max_element(members.begin(), members.end(), order)->id;
}

std::string canonicalBytes(const MemberList& list) {
  CanonicalBytes bytes;
  bytes.add(list.members.size());
  for (const Member& member : list.members) {
    bytes.add(member.id);
    bytes.add(static_cast<std::uint64_t>(member.rank));
    bytes.add(member.number);
    bytes.add(member.tokenSeed);
    bytes.add(member.weightHundredths);
    bytes.add(member.zone);
  }
  bytes.add(list.replicas);
  bytes.add(list.replicasNumber);
  bytes.add(list.algorithm);
  return std::move(bytes).take();
}

Error malformed(std::string why) {
  return {Kind::BadRequest, "member list: " + std::move(why)};
}

Status checkMember(const Member& member) {
  if (member.id == 0) return malformed("a node without identity");
  if (member.rank > Rank::Destroyed) return malformed(fmt::format("node {:016x} has an unknown rank", member.id));
  if (member.weightHundredths < kLeastWeight || member.weightHundredths > kMostWeight) {
    return malformed(fmt::format("node {:016x} weighs {} hundredths, not {} to {}", member.id, member.weightHundredths,
                                 kLeastWeight, kMostWeight));
  }
  if (member.zone.size() > kZoneBytes) {
    return malformed(fmt::format("node {:016x} has a zone name of over {} bytes", member.id, kZoneBytes));
  }
  return {};
}

}  // namespace

const Member* MemberList::find(NodeId id) const {
  const auto at = firstNotBelow(members, id);
  return at != members.end() && at->id == id ? &*at : nullptr;
}

bool MemberList::hasPresent(NodeId id) const {
  const Member* member = find(id);
  if (member == nullptr) return false;
  if (member->rank == Rank::Present) return true;
  const auto isPresent = [](const Member& other) { return other.rank == Rank::Present; };
  return std::none_of(members.begin(), members.end(), isPresent) && lastOf(members) == id;
}

void MemberList::put(const Member& member) {
  const auto at = members.begin() + (firstNotBelow(members, member.id) - members.cbegin());
  if (at != members.end() && at->id == member.id) {
    *at = mergeMembers(*at, member);
  } else {
    members.insert(at, member);
  }
}

std::vector<NodeId> MemberList::present() const {
  std::vector<NodeId> ids;
  for (const Member& member : members) {
    if (member.rank == Rank::Present) ids.push_back(member.id);
  }
  if (ids.empty() && !members.empty()) ids.push_back(lastOf(members));
  return ids;
}

std::vector<NodeId> MemberList::destroyed() const {
  std::vector<NodeId> ids;
  for (const Member& member : members) {
    if (member.rank == Rank::Destroyed && !hasPresent(member.id)) ids.push_back(member.id);
  }
  return ids;
}

MemberList mergeLists(const MemberList& a, const MemberList& b) {
  const auto replicasOrder = [](const MemberList& list) { return std::tie(list.replicasNumber, list.replicas); };
  MemberList merged = a;
  for (const Member& member : b.members) merged.put(member);
  std::tie(merged.replicasNumber, merged.replicas) = std::max(replicasOrder(a), replicasOrder(b));
  merged.algorithm = std::max(a.algorithm, b.algorithm);
  return merged;
}

bool contains(const MemberList& a, const MemberList& b) {
  return mergeLists(a, b) == a;
}

Status checkList(const MemberList& list) {
  NodeId before = 0;
  for (const Member& member : list.members) {
    if (Status sound = checkMember(member); !sound) return sound;
    if (member.id <= before) return malformed(fmt::format("node {:016x} is out of order", member.id));
    before = member.id;
  }
  const std::size_t present = list.present().size();
  if (present == 0) return malformed("nobody is a member");
  if (present > limits::kMembers) return malformed(fmt::format("more than {} members", limits::kMembers));
  if (list.replicas < 1 || list.replicas > limits::kReplicas) {
    return malformed(fmt::format("{} replicas, not 1 to {}", list.replicas, limits::kReplicas));
  }
  if (list.algorithm < 1 || list.algorithm > kPlacementAlgorithm) {
    return malformed(fmt::format("placement algorithm {}; this program knows 1 to {}: upgrade the older nodes",
                                 list.algorithm, kPlacementAlgorithm));
  }
  return {};
}

VersionName nameOf(const MemberList& list) {
  // Of two numbers of copies that were set at the same time the greater one stays: that list contains the other one,
  // and has to be higher.
  std::uint64_t height = std::uint64_t{list.replicasNumber} * (limits::kReplicas + 1) + list.replicas + list.algorithm;
  for (const Member& member : list.members) {
    height += std::uint64_t{1} + static_cast<std::uint64_t>(member.rank) + member.number;
  }
  return {height, checksumOf(canonicalBytes(list))};
}

}  // namespace mydht::ring
