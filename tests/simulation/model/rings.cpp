#include "tests/simulation/model/rings.h"

#include <algorithm>
#include <utility>

#include "common/result/check.h"
#include "common/ring/quorum.h"
#include "tests/simulation/model/random.h"

namespace mydht::model {

namespace {

/// Rendezvous hashing by token seed: a node that replaces another takes exactly its places, as in the real placement.
Homes drawHomes(const ring::MemberList& list, unsigned partition, std::uint64_t salt) {
  std::array<std::pair<std::uint64_t, NodeId>, kNodes> scored;
  unsigned count = 0;
  for (const ring::Member& member : list.members) {
    if (member.rank != ring::Rank::Present) continue;
    scored[count++] = {Random::mix(member.tokenSeed * 31 + partition * 1009 + salt * 7919), member.id};
  }
  std::sort(scored.begin(), scored.begin() + count);
  Homes homes;
  homes.count = std::min({count, list.replicas, kMostCopies});
  for (unsigned i = 0; i < homes.count; ++i) {
    homes.ids[i] = scored[i].second;
    homes.mask |= bitOf(scored[i].second);
  }
  return homes;
}

}  // namespace

RingVersion& Rings::append(const ring::MemberList& list) {
  MYDHT_ASSERT(!full());
  RingVersion version;
  version.list = versions_.empty() ? list : ring::mergeLists(versions_.back().list, list);
  version.name = ring::nameOf(version.list);
  if (!versions_.empty()) {
    MYDHT_ASSERT(ring::contains(version.list, versions_.back().list));
    MYDHT_ASSERT(version.name > versions_.back().name);
  }
  for (const ring::Member& member : version.list.members) {
    if (member.rank == ring::Rank::Present) version.present |= bitOf(member.id);
  }
  versions_.push_back(std::move(version));
  return versions_.back();
}

RingRef Rings::add(const ring::MemberList& list, std::uint64_t salt) {
  RingVersion& version = append(list);
  for (unsigned partition = 0; partition < kPartitions; ++partition) {
    version.homes[partition] = drawHomes(version.list, partition, salt);
  }
  return last();
}

RingRef Rings::add(const ring::MemberList& list, const std::array<std::vector<NodeId>, kPartitions>& homes) {
  RingVersion& version = append(list);
  for (unsigned partition = 0; partition < kPartitions; ++partition) {
    for (const NodeId node : homes[partition]) {
      version.homes[partition].ids[version.homes[partition].count++] = node;
      version.homes[partition].mask |= bitOf(node);
    }
  }
  return last();
}

Nodes Rings::homes(const View& view, unsigned partition) const {
  Nodes nodes = 0;
  for (RingRef version = view.complete; version <= view.newest; ++version) {
    nodes |= versions_[version].homes[partition].mask;
  }
  return nodes;
}

bool Rings::sameHomes(RingRef a, RingRef b, unsigned partition) const {
  return versions_[a].homes[partition].mask == versions_[b].homes[partition].mask;
}

bool Rings::quorumIn(RingRef version, unsigned partition, Nodes nodes) const {
  return ring::hasQuorum(versions_[version].homes[partition].span(), [=](NodeId node) { return holds(nodes, node); });
}

bool Rings::quorumInEach(const View& view, unsigned partition, Nodes nodes) const {
  for (RingRef version = view.complete; version <= view.newest; ++version) {
    if (!quorumIn(version, partition, nodes)) return false;
  }
  return true;
}

bool Rings::majorityInEach(const View& view, Nodes nodes) const {
  for (RingRef version = view.complete; version <= view.newest; ++version) {
    const Nodes present = versions_[version].present;
    const auto count = [](Nodes some) { return static_cast<unsigned>(__builtin_popcount(some)); };
    if (count(present & nodes) < ring::quorumOf(count(present))) return false;
  }
  return true;
}

bool Rings::changesSince(const View& ours, const View& theirs, unsigned partition) const {
  if (theirs.newest < ours.complete) return true;
  for (RingRef version = theirs.newest; version <= ours.newest; ++version) {
    if (!sameHomes(theirs.newest, version, partition)) return true;
  }
  return false;
}

}  // namespace mydht::model
