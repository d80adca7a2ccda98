#include "server/cluster/ring_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/ring/quorum.h"

namespace mydht::cluster {

RingChanges::RingChanges(Executor& loop, const Settings& settings, Membership& membership, Peers& peers, Random& random,
                         Journal& journal)
    : loop_(loop),
      settings_(settings),
      membership_(membership),
      peers_(peers),
      random_(random),
      journal_(journal),
      background_(loop) {}

Task<> RingChanges::stop() {
  return background_.close();
}

/// What one round of asking all members has brought so far.
struct RingChanges::Poll {
  explicit Poll(Executor& executor) : changed(executor) {}
  ring::ViewPtr view;
  ring::MemberList list;
  std::optional<ring::VersionName> complete;
  std::set<NodeId> same;  ///< answered exactly the list
  ring::MemberList all;   ///< the join of all answers
  std::string missing;
  unsigned running = 0;
  Signal changed;
};

Task<> RingChanges::askOne(std::shared_ptr<Poll> poll, NodeId node, Deadline deadline) {
  Result<Asked<wire::ProposeAnswer>> answer = Error{Kind::Unavailable, "not asked"};
  if (poll->complete) {
    wire::Filled message{*poll->complete, poll->list};
    auto asked = co_await peers_.ask(node, poll->view, std::move(message), Body(), deadline);
    answer = std::move(asked);
  } else {
    wire::Propose message{poll->list};
    auto asked = co_await peers_.ask(node, poll->view, std::move(message), Body(), deadline);
    answer = std::move(asked);
  }
  if (answer) {
    if (answer->answer.accepted == poll->list) poll->same.insert(node);
    poll->all = ring::mergeLists(poll->all, answer->answer.accepted);
    // An active version that we had not heard of counts too: with a new view the caller begins again.
    auto adopted = co_await membership_.adopt(answer->answer.view);
    if (!adopted) poll->same.erase(node);
  } else {
    poll->missing += (poll->missing.empty() ? "" : ", ") + peers_.nameOf(node);
  }
  --poll->running;
  poll->changed.notifyAll();
}

Task<Result<ring::MemberList>> RingChanges::collect(ring::ViewPtr view, ring::MemberList list,
                                                    std::optional<ring::VersionName> complete, Deadline deadline) {
  const auto poll = std::make_shared<Poll>(loop_);
  poll->view = view;
  poll->list = list;
  poll->all = list;
  poll->complete = complete;
  poll->same.insert(membership_.self().node);
  const Deadline callBy = std::min(deadline, loop_.now() + settings_.timing.call);
  for (const NodeId node : view->members()) {
    if (node == membership_.self().node) continue;
    ++poll->running;
    background_.spawn(askOne(poll, node, callBy));
  }
  while (poll->running > 0 && !view->majorityInEach(poll->same, list)) co_await poll->changed.wait();
  const bool unchanged = membership_.view() == view;
  if (unchanged && (view->majorityInEach(poll->same, list) || settings_.bugs.agreeByMinority)) co_return list;
  if (unchanged && poll->all == list) {
    co_return Error{Kind::NotDone, "a change of the ring needs a majority of its members; missing: " + poll->missing};
  }
  co_return Error{Kind::OlderRing, "another change of the ring came in between"};
}

Task<Result<ring::ViewPtr>> RingChanges::agree(ring::MemberList wanted, Deadline deadline) {
  co_await switchTo(loop_);
  while (true) {
    const ring::ViewPtr view = membership_.view();
    if (ring::contains(view->newest().list(), wanted)) co_return view;
    // What a change declares destroyed may be what the others wait for.
    const bool destroys = wanted.destroyed() != view->newest().list().destroyed();
    if (view->active().size() >= (destroys ? ring::kMostActiveVersions : ring::kActiveVersions)) {
      if (loop_.now() >= deadline) co_return Error{Kind::Conflict, "busy: other changes of the ring are under way"};
      co_await membership_.changed().waitUntil(deadline);
      continue;
    }
    auto accepted = co_await membership_.accept(wanted);
    if (!accepted) co_return accepted.error();
    const ring::MemberList list = *accepted;
    auto collected = co_await collect(view, list, std::nullopt, deadline);
    if (collected) {
      ring::ViewLists next = membership_.viewLists();
      next.active = view->lists().active;
      next.active.push_back(list);
      auto adopted = co_await membership_.adopt(std::move(next));
      if (!adopted) co_return adopted.error();
      const ring::ViewPtr now = membership_.view();
      broadcast(now, now->members());
      co_return now;
    }
    if (collected.error().kind != Kind::OlderRing || loop_.now() >= deadline) co_return collected.error();
    // Two that propose at once meet again after a different time each.
    co_await sleepUntil(loop_.now() + std::chrono::milliseconds(1 + random_.next() % 20));
  }
}

void RingChanges::broadcast(ring::ViewPtr view, const std::vector<NodeId>& nodes) {
  for (const NodeId node : nodes) {
    if (node != membership_.self().node) background_.spawn(tell(node, view));
  }
}

Task<> RingChanges::tell(NodeId node, ring::ViewPtr view) {
  const Deadline deadline = loop_.now() + settings_.timing.call;
  wire::Gossip gossip;
  gossip.addresses = peers_.addresses();
  auto told = co_await peers_.ask(node, view, std::move(gossip), Body(), deadline);
  wire::Adopt adopt{membership_.viewLists()};
  auto adopted = co_await peers_.ask(node, view, std::move(adopt), Body(), deadline);
  if (!told || !adopted) journal_.note(Severity::Debug, "ring.not-told", fmt::format("node={}", peers_.nameOf(node)));
}

void RingChanges::heardFilled(NodeId node, const wire::Gossip& gossip) {
  const ring::ViewPtr view = membership_.view();
  if (!view) return;
  const std::vector<NodeId> members = view->members();  // nobody else's, so that this stays as small as the ring
  std::erase_if(filled_, [&](const auto& entry) { return !std::ranges::binary_search(members, entry.first); });
  if (!std::ranges::binary_search(members, node)) return;
  filled_[node] = {gossip.filledIn, gossip.whole, store::setOf(gossip.filled)};
}

bool RingChanges::hasFilled(const ring::View& view, NodeId node, PartitionId partition) const {
  if (node == membership_.self().node) return membership_.standing()->hasFilled(partition);
  const auto at = filled_.find(node);
  if (at == filled_.end() || at->second.asOf != view.activeName()) return false;
  return at->second.whole || at->second.partitions.test(partition);
}

bool RingChanges::isWhole(const ring::View& view, NodeId node) const {
  const auto at = filled_.find(node);
  return at != filled_.end() && at->second.asOf == view.activeName() && at->second.whole;
}

bool RingChanges::isFilled(const ring::View& view, std::size_t index) const {
  if (settings_.bugs.completeAtOnce) return true;
  const ring::Ring& version = *view.active()[index];
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    // Homes that changed and changed back have changed: writes may have gone past them in between.
    bool changed = false;
    for (std::size_t before = 0; before < index; ++before) {
      changed = changed || !ring::sameHomes(*view.active()[before], version, partition);
    }
    if (!changed) continue;
    unsigned filled = 0;
    const std::vector<NodeId> homes = view.homesIn(index, partition);
    for (const NodeId home : homes) filled += hasFilled(view, home, partition) ? 1 : 0;
    if (!homes.empty() && filled < ring::quorumOf(homes.size())) return false;
  }
  return true;
}

std::optional<std::size_t> RingChanges::completable(const ring::View& view) const {
  for (std::size_t i = view.active().size() - 1; i > 0; --i) {
    if (isFilled(view, i)) return i;
  }
  return std::nullopt;
}

Task<Status> RingChanges::tryComplete(Deadline deadline) {
  co_await switchTo(loop_);
  const ring::ViewPtr view = membership_.view();
  if (!view || !view->changing() || completing_) co_return Status();
  const auto index = completable(*view);
  if (!index) co_return Status();
  completing_ = true;
  const ring::VersionName name = view->active()[*index]->name();
  auto held = co_await membership_.holdComplete(name, membership_.accepted());
  Status outcome;
  if (!held) {
    outcome = held.error();
  } else {
    auto collected = co_await collect(view, *held, name, deadline);
    if (!collected) outcome = collected.error();
  }
  if (outcome) {
    ring::ViewLists rest = membership_.viewLists();
    rest.active = view->lists().active;
    rest.active.erase(rest.active.begin(), rest.active.begin() + static_cast<std::ptrdiff_t>(*index));
    auto adopted = co_await membership_.adopt(std::move(rest));
    outcome = adopted;
    if (adopted) {
      broadcast(membership_.view(), view->members());  // those too that leave by it
    }
  }
  completing_ = false;
  co_return outcome;
}

}  // namespace mydht::cluster
