#include "tests/simulation/stack/checkers/convergence.h"

#include <fmt/format.h>

#include <optional>

#include "common/hash/position.h"

namespace mydht::simulation {
namespace {

std::string whyNotEqual(SimRing& ring, const std::string& name, const ring::Ring& complete) {
  std::optional<std::optional<Copy>> first;
  const std::string key = name.substr(3);
  const PartitionId partition = partitionOf(key);
  for (std::size_t i = 0; i < ring.size(); ++i) {
    const auto identity = ring[i].durableIdentity();
    if (!identity || !complete.list().hasPresent(identity->node)) continue;
    auto copy = copyOn(ring[i], name);
    if (!complete.isHome(identity->node, partition)) {
      if (copy) return fmt::format("{} holds {}, which does not belong there", ring[i].name(), key);
      continue;
    }
    if (!copy) return fmt::format("{} lacks {}", ring[i].name(), key);
    if (copy->entry.tombstone) return fmt::format("{} keeps the tombstone of {}", ring[i].name(), key);
    if (first && *first != copy) return fmt::format("{} has another copy of {} than the others", ring[i].name(), key);
    first = std::move(copy);
  }
  return {};
}

}  // namespace

std::string whyNotConverged(SimRing& ring, Copies& copies) {
  const ring::RingPtr complete = copies.newestComplete();
  std::set<std::string> names;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    if (!ring[i].up()) continue;
    const ring::ViewPtr view = ring[i].view();
    if (!view || view->changing() || view->complete().name() != complete->name())
      return ring[i].name() + " does not know one version, the newest";
    for (const auto& [name, content] : ring[i].medium().rows()) {
      if (name.front() == 'e') names.insert(name);
      if (name.front() == 'h') return ring[i].name() + " keeps a hint";
    }
  }
  for (const std::string& name : names) {
    std::string why = whyNotEqual(ring, name, *complete);
    if (!why.empty()) return why;
  }
  return {};
}

}  // namespace mydht::simulation
