#include "common/ring/view.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/result/check.h"
#include "common/ring/quorum.h"

namespace mydht::ring {

namespace {

bool isIn(const std::vector<NodeId>& sorted, NodeId node) {
  return std::binary_search(sorted.begin(), sorted.end(), node);
}

/// More than half of those that are not destroyed; true if there are none.
bool isQuorumOf(std::span<const NodeId> nodes, const std::vector<NodeId>& destroyed, const std::set<NodeId>& chosen) {
  // Asked after each answer of many: until there can be enough of them, none is looked at.
  const std::size_t least = nodes.size() - std::min(nodes.size(), destroyed.size());
  if (least > 0 && chosen.size() < quorumOf(least)) return false;
  std::size_t counted = 0;
  std::size_t have = 0;
  for (const NodeId node : nodes) {
    if (isIn(destroyed, node)) continue;
    ++counted;
    have += chosen.count(node);
  }
  return counted == 0 || have >= quorumOf(counted);
}

/// Puts a version at its place in a chain of versions of which each contains the one before. False if it has none.
/// The order is containment itself, not height: two records of equal number and different content have equal heights.
bool insertIntoChain(std::vector<RingPtr>& chain, const RingPtr& version) {
  auto at = chain.begin();
  while (at != chain.end() && (*at)->name() != version->name() && contains(version->list(), (*at)->list())) ++at;
  if (at != chain.end() && (*at)->name() == version->name()) return true;
  if (at != chain.end() && !contains((*at)->list(), version->list())) return false;
  chain.insert(at, version);
  return true;
}

}  // namespace

View::View(std::uint64_t ringIdentity, std::vector<RingPtr> active)
    : ringIdentity_(ringIdentity), active_(std::move(active)) {
  MYDHT_ASSERT(canBeActive(active_));
  destroyed_ = newest().list().destroyed();
  for (const RingPtr& version : active_) {
    std::vector<NodeId> all;
    std::ranges::set_union(members_, version->present(), std::back_inserter(all));
    members_ = std::move(all);
  }
  std::erase_if(members_, [this](NodeId node) { return isIn(destroyed_, node); });
}

VersionName View::activeName() const {
  VersionName name;
  for (const RingPtr& version : active_) {
    const VersionName one = version->name();
    name = {one.height, (name.hash << 7 | name.hash >> 57) ^ one.hash};
  }
  return name;
}

ViewLists View::lists() const {
  ViewLists lists{ringIdentity_, {}, {}};
  for (const RingPtr& version : active_) lists.active.push_back(version->list());
  return lists;
}

std::vector<NodeId> View::homes(PartitionId partition) const {
  std::vector<NodeId> nodes;
  for (auto version = active_.rbegin(); version != active_.rend(); ++version) {
    for (const NodeId node : (*version)->homes(partition)) {
      if (isIn(destroyed_, node)) continue;
      if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) nodes.push_back(node);
    }
  }
  return nodes;
}

std::vector<NodeId> View::homesIn(std::size_t version, PartitionId partition) const {
  const auto all = active_[version]->homes(partition);
  std::vector<NodeId> nodes(all.begin(), all.end());
  std::erase_if(nodes, [&](NodeId node) { return isIn(destroyed_, node); });
  return nodes;
}

bool View::hasLost(PartitionId partition) const {
  return homesIn(0, partition).size() < complete().homes(partition).size();
}

bool View::quorumInEach(PartitionId partition, const std::set<NodeId>& nodes) const {
  return std::all_of(active_.begin(), active_.end(),
                     [&](const RingPtr& version) { return isQuorumOf(version->homes(partition), destroyed_, nodes); });
}

bool View::majorityInEach(const std::set<NodeId>& nodes, const MemberList& next) const {
  const std::vector<NodeId> destroyed = next.destroyed();
  return std::all_of(active_.begin(), active_.end(),
                     [&](const RingPtr& version) { return isQuorumOf(version->present(), destroyed, nodes); });
}

bool View::mayMake(const MemberList& next, const std::set<NodeId>& nodes) const {
  if (!majorityInEach(nodes, next)) return false;
  std::vector<NodeId> stay = newest().present();
  std::erase_if(stay, [&](NodeId node) { return !next.hasPresent(node); });
  return isQuorumOf(stay, {}, nodes);
}

bool View::changesSince(const VersionName& newest, const VersionName& complete, PartitionId partition) const {
  const auto known =
      std::find_if(active_.begin(), active_.end(), [&](const RingPtr& version) { return version->name() == newest; });
  if (known != active_.end()) {
    return std::any_of(known + 1, active_.end(),
                       [&](const RingPtr& later) { return !sameHomes(**known, *later, partition); });
  }
  // What an unknown version below ours said of the partition nobody here can tell any more: better refuse once too
  // often.
  const std::uint64_t ours = this->newest().name().height;
  return newest.height <= ours && complete.height <= ours;
}

std::vector<MemberList> pastOf(std::vector<MemberList> lists, const MemberList& complete) {
  std::vector<std::pair<VersionName, MemberList>> past;
  for (MemberList& list : lists) {
    if (list != complete && contains(complete, list)) past.emplace_back(nameOf(list), std::move(list));
  }
  std::sort(past.begin(), past.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  past.erase(std::unique(past.begin(), past.end(), [](const auto& a, const auto& b) { return a.first == b.first; }),
             past.end());
  std::vector<MemberList> result;
  for (std::size_t i = past.size() > kPastVersions ? past.size() - kPastVersions : 0; i < past.size(); ++i) {
    result.push_back(std::move(past[i].second));
  }
  return result;
}

bool canBeView(const ViewLists& lists) {
  const bool pastIsSound =
      std::all_of(lists.past.begin(), lists.past.end(), [](const MemberList& list) { return checkList(list).ok(); });
  if (!pastIsSound || lists.past.size() > kPastVersions) return false;
  if (lists.active.empty() || lists.active.size() > kMostActiveVersions) return false;
  for (std::size_t i = 0; i < lists.active.size(); ++i) {
    const MemberList& list = lists.active[i];
    if (!checkList(list)) return false;
    if (i > 0 && (list == lists.active[i - 1] || !contains(list, lists.active[i - 1]))) return false;
  }
  return true;
}

bool canBeActive(const std::vector<RingPtr>& versions) {
  if (versions.empty() || versions.size() > kMostActiveVersions) return false;
  for (std::size_t i = 1; i < versions.size(); ++i) {
    const Ring& before = *versions[i - 1];
    const Ring& after = *versions[i];
    if (after.name() == before.name() || !contains(after.list(), before.list())) return false;
  }
  return true;
}

std::optional<View> mergeViews(const View& a, const View& b) {
  if (a.ringIdentity() != b.ringIdentity()) return std::nullopt;
  std::vector<RingPtr> chain;
  for (const View* view : {&a, &b}) {
    for (const RingPtr& version : view->active()) {
      if (!insertIntoChain(chain, version)) return std::nullopt;
    }
  }
  const auto at = [&](const Ring& complete) {
    return std::find_if(chain.begin(), chain.end(),
                        [&](const RingPtr& version) { return version->name() == complete.name(); });
  };
  chain.erase(chain.begin(), std::max(at(a.complete()), at(b.complete())));
  if (chain.size() > kMostActiveVersions) return std::nullopt;
  return View(a.ringIdentity(), std::move(chain));
}

}  // namespace mydht::ring
