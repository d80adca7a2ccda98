#include "tests/simulation/stack/copies.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "common/hash/position.h"
#include "common/ring/quorum.h"

namespace mydht::simulation {
namespace {

// Between a home node's word that it holds an entry and the removal that rests on it no more time goes by than this.
constexpr Duration kWordHolds = std::chrono::seconds(10);

/// An entry on a disk with its value's bytes; none: there is none, or it cannot be read.
struct Copy {
  Entry entry;
  std::string value;
  bool operator==(const Copy&) const = default;
};

std::optional<Copy> copyOn(SimNode& node, const std::string& name) {
  const Bytes* const content = node.medium().row(name);
  if (content == nullptr) return std::nullopt;
  const auto row = store::decodeEntryRow(name, content->view());
  if (!row) return std::nullopt;
  Copy copy{(*row)->entry, std::string((*row)->value.view())};
  if ((*row)->blob == 0) return copy;
  const auto blob = node.medium().blob((*row)->blob);
  if (!blob) return std::nullopt;
  copy.value = *blob;
  return copy;
}

}  // namespace

Copies::Copies(SimRing& ring) : ring_(ring) {
  ring_.whenRemoved = [this](SimNode& node, const std::string& name, const Bytes& content) {
    removed(node, name, content);
  };
  ring_.network.observer = [this, other = ring_.network.observer](const SimMessage& message) {
    newestComplete();  // whoever knows it may be gone when it is asked for
    if (other) other(message);
  };
}

std::set<NodeId> Copies::holders(const Entry& entry) {
  std::set<NodeId> holding;
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    const auto copy = copyOn(ring_[i], store::entryRowName(entry.key));
    if (!copy || copy->entry.version < entry.version) continue;
    if (const auto identity = ring_[i].durableIdentity()) holding.insert(identity->node);
  }
  return holding;
}

std::set<NodeId> Copies::settledUpTo(const Entry& entry) {
  std::set<NodeId> settled;
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    const Bytes* const content = ring_[i].medium().row(store::partitionRowName(partitionOf(entry.key)));
    const auto row = content == nullptr ? Result<store::PartitionRow>(store::PartitionRow())
                                        : store::decodePartitionRow(content->view());
    if (!row || row->settled < entry.version) continue;
    if (const auto identity = ring_[i].durableIdentity()) settled.insert(identity->node);
  }
  return settled;
}

ring::RingPtr Copies::newestComplete() {
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    const ring::ViewPtr view = ring_[i].view();
    if (view && (!complete_ || view->complete().name() > complete_->name())) complete_ = view->active().front();
  }
  return complete_;
}

void Copies::removed(SimNode& node, const std::string& name, const Bytes& content) {
  const auto row = store::decodeEntryRow(name, content.view());
  const ring::RingPtr complete = newestComplete();
  if (!row || !complete) {
    broken_.push_back("C3: " + node.name() + " removed what nobody can judge");
    return;
  }
  if ((*row)->blob != 0 && node.medium().droppedDamaged((*row)->blob)) return;
  ++removals_;
  const Entry& entry = (*row)->entry;
  std::set<NodeId> holding = holders(entry);
  const auto self = node.durableIdentity();
  if (self) holding.erase(self->node);
  const std::set<NodeId> settled = settledUpTo(entry);
  holding.insert(settled.begin(), settled.end());
  // A disk that was lost a moment ago held it when its node said so.
  const auto homes = complete->homesOf(entry.key);
  std::set<NodeId> present;
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    const auto identity = ring_[i].durableIdentity();
    const bool lost = ring_[i].diskLost() != Time{} && ring_[i].diskLost() + kWordHolds > ring_.time.now();
    if (identity && !lost) present.insert(identity->node);
  }
  for (const NodeId home : homes) {
    if (!present.contains(home)) holding.insert(home);
  }
  if (!ring::hasQuorum(homes, [&](NodeId home) { return holding.contains(home); })) {
    broken_.push_back(
        fmt::format("C3: {} removed {} of which too few home nodes have a synced copy", node.name(), entry.key));
    ring_.trace.line(broken_.back());
  }
}

std::string Copies::whyNotEqual(const std::string& name, const ring::Ring& complete) {
  std::optional<std::optional<Copy>> first;
  const std::string key = name.substr(3);
  const PartitionId partition = partitionOf(key);
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    const auto identity = ring_[i].durableIdentity();
    if (!identity || !complete.list().hasPresent(identity->node)) continue;
    auto copy = copyOn(ring_[i], name);
    if (!complete.isHome(identity->node, partition)) {
      if (copy) return fmt::format("{} holds {}, which does not belong there", ring_[i].name(), key);
      continue;
    }
    if (!copy) return fmt::format("{} lacks {}", ring_[i].name(), key);
    if (copy->entry.tombstone) return fmt::format("{} keeps the tombstone of {}", ring_[i].name(), key);
    if (first && *first != copy) return fmt::format("{} has another copy of {} than the others", ring_[i].name(), key);
    first = std::move(copy);
  }
  return {};
}

std::string Copies::whyNotConverged() {
  const ring::RingPtr complete = newestComplete();
  std::set<std::string> names;
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    if (!ring_[i].up()) continue;
    const ring::ViewPtr view = ring_[i].view();
    if (!view || view->changing() || view->complete().name() != complete->name())
      return ring_[i].name() + " does not know one version, the newest";
    for (const auto& [name, content] : ring_[i].medium().rows()) {
      if (name.front() == 'e') names.insert(name);
      if (name.front() == 'h') return ring_[i].name() + " keeps a hint";
    }
  }
  for (const std::string& name : names) {
    std::string why = whyNotEqual(name, *complete);
    if (!why.empty()) return why;
  }
  return {};
}

}  // namespace mydht::simulation
