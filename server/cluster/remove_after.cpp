#include "server/cluster/remove_after.h"

#include <fmt/format.h>

#include <set>

namespace mydht::cluster {
namespace {

// What was refused may be possible once other nodes are back.
constexpr Duration kTryAgain = std::chrono::seconds(10);

}  // namespace

RemoveAfter::RemoveAfter(Executor& loop, const Settings& settings, const Membership& membership, const Prober& prober,
                         MemberChanges& changes, const Peers& peers, Journal& journal)
    : loop_(loop),
      settings_(settings),
      membership_(membership),
      prober_(prober),
      changes_(changes),
      peers_(peers),
      journal_(journal),
      wake_(loop) {}

void RemoveAfter::stop() {
  stopping_ = true;
  wake_.notifyAll();
}

Task<> RemoveAfter::run() {
  if (settings_.removeAfter == Duration(0)) co_return;
  while (!stopping_) {
    if (const auto node = overdue()) co_await remove(*node);
    std::erase_if(tryAgainAt_, [&](const auto& entry) { return !prober_.deadSince(entry.first); });
    if (!stopping_) co_await wake_.waitUntil(loop_.now() + settings_.timing.gossip);
  }
}

/// A member that is to be removed now, by this node; none while the ring changes: one change at a time is enough for
/// what nobody is there to look at.
std::optional<NodeId> RemoveAfter::overdue() const {
  const StandingPtr standing = membership_.standing();
  if (!standing->view || !standing->member || standing->view->changing()) return std::nullopt;
  if (changes_.leaving() != wire::Leaving::No) return std::nullopt;
  const ring::View& view = *standing->view;
  const NodeId self = membership_.self().node;
  std::set<NodeId> there;
  for (const NodeId node : view.members()) {
    if (node == self || prober_.of(node) != Liveness::Dead) there.insert(node);
  }
  // The side of a split without a majority must not even propose it: what it had accepted would count later.
  if (there.empty() || *there.begin() != self || !view.majorityInEach(there)) return std::nullopt;
  for (const NodeId node : view.newest().present()) {
    const auto since = prober_.deadSince(node);
    if (!since || loop_.now() - *since < settings_.removeAfter) continue;
    const auto refused = tryAgainAt_.find(node);
    if (refused == tryAgainAt_.end() || loop_.now() >= refused->second) return node;
  }
  return std::nullopt;
}

Task<> RemoveAfter::remove(NodeId node) {
  const std::string name = peers_.nameOf(node);
  const auto after =
      std::chrono::duration_cast<std::chrono::seconds>(loop_.now() - prober_.deadSince(node).value_or(loop_.now()));
  const Deadline deadline = loop_.now() + settings_.timing.agreePatience;
  auto removed = co_await changes_.remove({fmt::format("{:016x}", node)}, false, deadline);
  if (removed) {
    tryAgainAt_.erase(node);
    journal_.note(Severity::Warn, "member.removed", fmt::format("node={} dead_for={}s", name, after.count()));
    co_return;
  }
  const bool isNew = tryAgainAt_.insert_or_assign(node, loop_.now() + kTryAgain).second;
  if (!isNew) co_return;  // said already
  journal_.note(Severity::Warn, "member.not-removed",
                fmt::format("node={} dead_for={}s why=\"{}\"", name, after.count(), removed.error().text));
}

}  // namespace mydht::cluster
