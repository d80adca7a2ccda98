#include "server/cluster/summaries.h"

#include <algorithm>

namespace mydht::cluster {

void Summaries::heard(NodeId node, wire::Summary summary) {
  const std::lock_guard lock(mutex_);
  summaries_.insert_or_assign(node, std::move(summary));
}

std::optional<wire::Summary> Summaries::of(NodeId node) const {
  const std::lock_guard lock(mutex_);
  const auto at = summaries_.find(node);
  if (at == summaries_.end()) return std::nullopt;
  return at->second;
}

void Summaries::keepOnly(const std::vector<NodeId>& members) {
  const std::lock_guard lock(mutex_);
  std::erase_if(summaries_, [&members](const auto& entry) {
    return !std::binary_search(members.begin(), members.end(), entry.first);
  });
}

}  // namespace mydht::cluster
