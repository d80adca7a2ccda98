#include "tests/simulation/stack/checkers/removals.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/ring/quorum.h"

namespace mydht::simulation {
namespace {

// Between a home node's word that it holds an entry and the removal that rests on it no more time goes by than this.
constexpr Duration kWordHolds = std::chrono::seconds(10);

}  // namespace

Removals::Removals(SimRing& ring, Copies& copies) : ring_(ring), copies_(copies) {
  ring_.whenRemoved = [this](SimNode& node, const std::string& name, const Bytes& content) {
    see(node, name, content);
  };
}

/// The home nodes that are gone, or whose disks were lost a moment ago: they held it when they said so.
std::set<NodeId> Removals::lostLately(const ring::Ring& complete, const Entry& entry) const {
  const auto homes = complete.homesOf(entry.key);
  std::set<NodeId> lost(homes.begin(), homes.end());
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    const auto identity = ring_[i].durableIdentity();
    const bool lately = ring_[i].diskLost() != Time{} && ring_[i].diskLost() + kWordHolds > ring_.time.now();
    if (identity && !lately) lost.erase(identity->node);
  }
  return lost;
}

void Removals::see(SimNode& node, const std::string& name, const Bytes& content) {
  const auto row = store::decodeEntryRow(name, content.view());
  const ring::RingPtr complete = copies_.newestComplete();
  if (!row || !complete) {
    broken_.push_back("C3: " + node.name() + " removed what nobody can judge");
    return;
  }
  if ((*row)->blob != 0 && node.medium().droppedDamaged((*row)->blob)) return;
  ++count_;
  const Entry& entry = (*row)->entry;
  std::set<NodeId> holding = copies_.holders(entry);
  if (const auto self = node.durableIdentity()) holding.erase(self->node);
  std::set<NodeId> settled = copies_.settledUpTo(entry);
  // The first home node that says so has found that all have closed the partition up to there, and are equal.
  const std::set<NodeId> closed = copies_.closedUpTo(entry);
  const auto homes = complete->homesOf(entry.key);
  if (!settled.empty() && std::ranges::all_of(homes, [&](NodeId home) { return closed.contains(home); })) return;
  holding.merge(settled);
  holding.merge(lostLately(*complete, entry));
  if (ring::hasQuorum(homes, [&](NodeId home) { return holding.contains(home); })) return;
  broken_.push_back(
      fmt::format("C3: {} removed {} of which too few home nodes have a synced copy", node.name(), entry.key));
  ring_.trace.line(broken_.back());
}

}  // namespace mydht::simulation
