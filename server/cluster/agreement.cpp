#include "server/cluster/agreement.h"

#include <algorithm>

namespace mydht::cluster {
namespace {

std::uint32_t secondsBetween(Time from, Time to) {
  return static_cast<std::uint32_t>(
      std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(to - from).count()));
}

}  // namespace

void Agreement::absent(NodeId member) {
  members_[member].state = State::Absent;
  ++members_[member].epoch;
}

void Agreement::present(NodeId member) {
  members_[member].state = State::Unknown;
  ++members_[member].epoch;
}

bool Agreement::compared(NodeId member) const {
  const auto at = members_.find(member);
  return at != members_.end() && at->second.state == State::Compared;
}

std::uint64_t Agreement::epoch(NodeId member) const {
  const auto at = members_.find(member);
  return at == members_.end() ? 0 : at->second.epoch;
}

void Agreement::found(NodeId member, const std::vector<PartitionId>& differing) {
  auto& set = members_[member].differing;
  set.reset();
  if (differing.empty()) return;
  set = std::make_unique<store::PartitionSet>();
  for (const PartitionId partition : differing) set->set(partition);
}

void Agreement::settled(NodeId member, PartitionId partition) {
  auto& set = members_[member].differing;
  if (!set) return;
  set->reset(partition);
  if (set->none()) set.reset();
}

void Agreement::finished(NodeId member, std::uint64_t epoch, Time now) {
  Member& known = members_[member];
  known.differing.reset();
  known.comparedAt = now;
  if (known.epoch == epoch) known.state = State::Compared;
}

void Agreement::keepOnly(const std::vector<NodeId>& members) {
  std::erase_if(members_, [&members](const auto& entry) {
    return !std::binary_search(members.begin(), members.end(), entry.first);
  });
}

bool Agreement::allEqual() const {
  return std::all_of(members_.begin(), members_.end(), [](const auto& entry) {
    return entry.second.state == State::Compared && !entry.second.differing;
  });
}

/// The worst that is known of any of the other home nodes.
Agreement::Copies Agreement::copiesOf(const ring::Ring& ring, NodeId self, PartitionId partition) const {
  Copies worst = Copies::Equal;
  for (const NodeId home : ring.homes(partition)) {
    const auto at = members_.find(home);
    if (home == self || at == members_.end()) continue;
    const Member& member = at->second;
    Copies copies = member.state == State::Unknown ? Copies::Unknown : Copies::Equal;
    if (member.differing && member.differing->test(partition)) copies = Copies::Differ;
    if (member.state == State::Absent) copies = Copies::Lack;
    worst = std::max(worst, copies);
  }
  return worst;
}

void Agreement::count(const ring::Ring& ring, NodeId self, Time now) {
  if (!started_) started_ = now;
  wire::Agreement counted;
  counted.table = ring.fingerprint();
  // In quiet times the partitions need not be looked at one by one.
  const std::size_t partitions = allEqual() ? 0 : limits::kPartitions;
  for (std::size_t i = 0; i < partitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    if (!ring.isHome(self, partition)) continue;
    const Copies copies = copiesOf(ring, self, partition);
    if (copies == Copies::Lack) ++counted.lacking;
    if (copies == Copies::Differ) ++counted.differing;
    if (copies == Copies::Unknown) ++counted.uncompared;
  }
  const bool equal = counted.lacking + counted.differing + counted.uncompared == 0;
  if (equal) since_.reset();
  if (!equal && !since_) since_ = now;
  if (since_) counted.seconds = secondsBetween(*since_, now);
  Time oldest = now;
  for (const auto& [node, member] : members_) oldest = std::min(oldest, member.comparedAt.value_or(*started_));
  counted.comparedSecondsAgo = secondsBetween(oldest, now);
  const std::lock_guard lock(mutex_);
  report_ = counted;
}

wire::Agreement Agreement::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

}  // namespace mydht::cluster
