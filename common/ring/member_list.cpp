#include "common/ring/member_list.h"

#include <algorithm>
#include <tuple>

#include "common/hash/checksum.h"
#include "common/ring/canonical_bytes.h"

namespace mydht::ring {

namespace {

auto firstNotBelow(const std::vector<Member>& members, NodeId id) {
  return std::lower_bound(members.begin(), members.end(), id,
                          [](const Member& member, NodeId wanted) { return member.id < wanted; });
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

}  // namespace

const Member* MemberList::find(NodeId id) const {
  const auto at = firstNotBelow(members, id);
  return at != members.end() && at->id == id ? &*at : nullptr;
}

bool MemberList::hasPresent(NodeId id) const {
  const Member* member = find(id);
  return member != nullptr && member->rank == Rank::Present;
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

VersionName nameOf(const MemberList& list) {
  std::uint64_t height = std::uint64_t{list.replicasNumber} + list.algorithm;
  for (const Member& member : list.members) {
    height += std::uint64_t{1} + static_cast<std::uint64_t>(member.rank) + member.number;
  }
  return {height, checksumOf(canonicalBytes(list))};
}

}  // namespace mydht::ring
