#include "tests/simulation/stack/checkers/acknowledgements.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/hash/position.h"
#include "common/ring/quorum.h"

namespace mydht::simulation {

std::vector<NodeId> Acknowledgements::identities() const {
  std::vector<NodeId> nodes;
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    const auto identity = ring_[i].durableIdentity();
    nodes.push_back(identity ? identity->node : 0);
  }
  return nodes;
}

std::string Acknowledgements::namesOf(const std::vector<NodeId>& nodes) const {
  std::string names;
  for (const NodeId node : nodes) {
    const auto all = identities();
    const auto at = std::ranges::find(all, node);
    names += names.empty() ? "" : " ";
    names += at == all.end() ? fmt::format("{:016x}", node) : ring_[static_cast<std::size_t>(at - all.begin())].name();
  }
  return names.empty() ? "none" : names;
}

/// A node that lost its place in the meantime holds its copy, but counts no more: what it said before did. And a copy
/// may have been lost with its disk between its sync and this answer.
bool Acknowledgements::canTell(const Operation& operation, const std::vector<NodeId>& then) const {
  if (identities() != then) return false;
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    if (ring_[i].diskLost() >= operation.begin) return false;
  }
  return true;
}

void Acknowledgements::see(const Operation& operation, const cluster::Written& written,
                           const std::vector<NodeId>& then) {
  if (!canTell(operation, then)) return;
  Entry entry;
  entry.key = operation.key;
  entry.version = written.version;
  std::set<NodeId> holding = copies_.holders(entry);
  // A tombstone may be settled, and dropped, before a coordinator that was frozen has told its client of it.
  holding.merge(copies_.settledUpTo(entry));
  // Home nodes of versions before the newest complete one may have purged it by now.
  std::vector<ring::RingPtr> versions{copies_.newestComplete()};
  for (const ring::RingPtr& version : written.view->active()) {
    if (version->name() > versions.front()->name()) versions.push_back(version);
  }
  const auto holds = [&](NodeId node) { return holding.contains(node); };
  if (operation.consistency == cluster::Consistency::One) {
    // Where coordinator and home node have both not heard that the ring has gone on, it is a former one, which hands
    // over.
    std::vector<NodeId> homes = written.view->homes(partitionOf(operation.key));
    for (const ring::RingPtr& version : versions) {
      const auto span = version->homesOf(operation.key);
      homes.insert(homes.end(), span.begin(), span.end());
    }
    if (std::ranges::none_of(homes, holds)) fail(operation, holding, *versions.front(), homes);
    return;
  }
  for (const ring::RingPtr& version : versions) {
    const auto span = version->homesOf(operation.key);
    const std::vector<NodeId> homes(span.begin(), span.end());
    if (!ring::hasQuorum(homes, holds)) return fail(operation, holding, *version, homes);
  }
  if (operation.consistency == cluster::Consistency::All) seeAll(operation, written, holding);
}

/// What the coordinator has not heard of is filled from a quorum, and may be complete without a home node that is dead.
void Acknowledgements::seeAll(const Operation& operation, const cluster::Written& written,
                              const std::set<NodeId>& holding) {
  const auto& active = written.view->active();
  for (std::size_t i = 0; i < active.size(); ++i) {
    if (active[i]->name() < copies_.newestComplete()->name()) continue;
    const std::vector<NodeId> homes = written.view->homesIn(i, partitionOf(operation.key));
    const auto holds = [&](NodeId node) { return holding.contains(node); };
    if (!std::ranges::all_of(homes, holds)) return fail(operation, holding, *active[i], homes);
  }
}

void Acknowledgements::fail(const Operation& operation, const std::set<NodeId>& holding, const ring::Ring& version,
                            const std::vector<NodeId>& homes) {
  broken_.push_back(fmt::format("C2: {} was acknowledged with copies on {}, and its home nodes of height {} are {}",
                                describe(operation), namesOf({holding.begin(), holding.end()}), version.name().height,
                                namesOf(homes)));
  ring_.trace.line(broken_.back());
}

}  // namespace mydht::simulation
