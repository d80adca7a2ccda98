#include "tests/simulation/stack/copies.h"

#include "common/hash/position.h"

namespace mydht::simulation {
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

Copies::Copies(SimRing& ring) : ring_(ring) {
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
  return marked(entry, [](const store::PartitionRow& row) { return row.settled; });
}

std::set<NodeId> Copies::closedUpTo(const Entry& entry) {
  return marked(entry, [](const store::PartitionRow& row) { return row.closed; });
}

std::set<NodeId> Copies::marked(const Entry& entry, Version (*mark)(const store::PartitionRow&)) {
  std::set<NodeId> nodes;
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    const Bytes* const content = ring_[i].medium().row(store::partitionRowName(partitionOf(entry.key)));
    const auto row = content == nullptr ? Result<store::PartitionRow>(store::PartitionRow())
                                        : store::decodePartitionRow(content->view());
    if (!row || mark(*row) < entry.version) continue;
    if (const auto identity = ring_[i].durableIdentity()) nodes.insert(identity->node);
  }
  return nodes;
}

ring::RingPtr Copies::newestComplete() {
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    const ring::ViewPtr view = ring_[i].view();
    if (view && (!complete_ || view->complete().name() > complete_->name())) complete_ = view->active().front();
  }
  return complete_;
}

}  // namespace mydht::simulation
