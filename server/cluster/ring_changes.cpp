#include "server/cluster/ring_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <set>

#include "common/ring/quorum.h"

namespace mydht::cluster {
namespace {

// Members that are told of a change at once: each is sent all lists that matter, which in a ring of 1,000 may be 400
// KiB, and it takes no longer than a second to tell them all.
constexpr unsigned kToldAtOnce = 64;
// The turns of two members to complete a version are so many parts of a round of gossip apart: when the second one
// comes, the first one is nearly always done.
constexpr int kTurnsARound = 16;

bool hasBit(const std::string& bits, std::size_t place) {
  return place / 8 < bits.size() && (static_cast<unsigned char>(bits[place / 8]) >> place % 8 & 1) != 0;
}

void setBit(std::string& bits, std::size_t place) {
  bits[place / 8] = static_cast<char>(static_cast<unsigned char>(bits[place / 8]) | 1U << place % 8);
}

void clearBit(std::string& bits, std::size_t place) {
  bits[place / 8] = static_cast<char>(static_cast<unsigned char>(bits[place / 8]) & ~(1U << place % 8));
}

/// Which of the view's members the node is, from 0; none: no member.
std::optional<std::size_t> placeOf(const ring::View& view, NodeId node) {
  const auto at = std::ranges::lower_bound(view.members(), node);
  if (at == view.members().end() || *at != node) return std::nullopt;
  return static_cast<std::size_t>(at - view.members().begin());
}

}  // namespace

RingChanges::RingChanges(Executor& loop, const Settings& settings, Membership& membership, Peers& peers,
                         const Summaries& summaries, const store::Damage& damage, Random& random, Journal& journal)
    : loop_(loop),
      settings_(settings),
      membership_(membership),
      peers_(peers),
      summaries_(summaries),
      damage_(damage),
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
    auto& [accepted, view] = answer->answer;
    if (!accepted || *accepted == poll->list) poll->same.insert(node);
    if (accepted) poll->all = ring::mergeLists(poll->all, *accepted);
    // An active version that we had not heard of counts too: with a new view the caller begins again.
    Status adopted;
    if (view) {
      auto done = co_await membership_.adopt(std::move(*view));
      adopted = done;
    }
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
  // That a version is complete takes nobody out.
  const auto isEnough = [&] {
    return complete ? view->majorityInEach(poll->same, list) : view->mayMake(list, poll->same);
  };
  while (poll->running > 0 && !isEnough()) co_await poll->changed.wait();
  const bool unchanged = membership_.view() == view;
  if (unchanged && (isEnough() || settings_.bugs.agreeByMinority)) co_return list;
  if (unchanged && poll->all == list) {
    co_return Error{Kind::NotDone, "a change of the ring needs a majority of its members; missing: " + poll->missing};
  }
  // Who has accepted more may be needed for a majority, and whoever proposed that may be gone: the next try is all of
  // it.
  auto taken = co_await membership_.accept(poll->all);
  if (!taken) co_return taken.error();
  co_return Error{Kind::OlderRing, "another change of the ring came in between"};
}

Task<Result<ring::ViewPtr>> RingChanges::agree(ring::MemberList wanted, Deadline deadline) {
  co_await switchTo(loop_);
  while (true) {
    const ring::ViewPtr view = membership_.view();
    if (ring::contains(view->newest().list(), wanted)) co_return view;
    // What a change declares destroyed may be what the others wait for.
    const std::vector<NodeId> destroyed = wanted.destroyed();
    const bool destroys =
        std::ranges::any_of(view->members(), [&](NodeId node) { return std::ranges::binary_search(destroyed, node); });
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

/// Those who have still to be told of a view; shared by the tasks that tell them.
struct RingChanges::Telling {
  ring::ViewPtr view;
  std::deque<NodeId> nodes;
};

void RingChanges::broadcast(ring::ViewPtr view, const std::vector<NodeId>& nodes) {
  const std::vector<NodeId> order = peers_.promptFirst(nodes, loop_.now());
  const auto telling = std::make_shared<Telling>(Telling{std::move(view), {order.begin(), order.end()}});
  std::erase(telling->nodes, membership_.self().node);
  const std::size_t tasks = std::min<std::size_t>(kToldAtOnce, telling->nodes.size());
  for (std::size_t i = 0; i < tasks; ++i) background_.spawn(tellNext(telling));
}

Task<> RingChanges::tellNext(std::shared_ptr<Telling> telling) {
  while (!telling->nodes.empty()) {
    const NodeId node = telling->nodes.front();
    telling->nodes.pop_front();
    co_await tell(node, telling->view);
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

/// What a node has filled as of these active versions stays filled as long as they are the active ones: so it may be
/// told on by others, and nothing of it is ever taken back. Damage comes and goes: each says of itself what is sound.
void RingChanges::heard(NodeId node, const wire::Gossip& gossip) {
  const ring::ViewPtr view = membership_.view();
  if (!view) return;
  const std::size_t bytes = (view->members().size() + 7) / 8;
  if (asOf_ != view->activeName()) {
    asOf_ = view->activeName();
    whole_.assign(bytes, '\0');
    filled_.clear();
    diedAt_.clear();
    sound_.clear();
  }
  const auto place = placeOf(*view, node);
  if (!place || gossip.filledIn != asOf_) return;
  sound_.erase(node);
  if (gossip.whole && !gossip.filled.empty()) sound_.emplace(node, store::setOf(gossip.filled));
  if (gossip.whole) setBit(whole_, *place);
  for (std::size_t i = 0; i < bytes && gossip.wholeMembers.size() == bytes; ++i) {
    whole_[i] = static_cast<char>(whole_[i] | gossip.wholeMembers[i]);
  }
  if (hasBit(whole_, *place)) {
    filled_.erase(node);
    return;
  }
  store::PartitionSet& filled = filled_[node];
  const std::size_t before = filled.count();
  filled = store::setOf(gossip.filled);
  if (filled.count() > before) diedAt_.erase(node);
}

bool RingChanges::hasFilled(const ring::View& view, NodeId node, PartitionId partition) const {
  if (node == membership_.self().node) return membership_.standing()->hasFilled(partition);
  if (isWhole(view, node)) return true;
  const auto at = filled_.find(node);
  return asOf_ == view.activeName() && at != filled_.end() && at->second[partition];
}

bool RingChanges::isWhole(const ring::View& view, NodeId node) const {
  const auto place = placeOf(view, node);
  return place && asOf_ == view.activeName() && hasBit(whole_, *place);
}

std::string RingChanges::wholeMembers(const ring::View& view, bool withSelf) const {
  std::string bits = asOf_ == view.activeName() ? whole_ : std::string((view.members().size() + 7) / 8, '\0');
  // Who hears of such a node through others alone would take it for sound: it is left to say so itself.
  for (const auto& [node, sound] : sound_) {
    const auto place = placeOf(view, node);
    if (place && asOf_ == view.activeName()) clearBit(bits, *place);
  }
  const auto place = placeOf(view, membership_.self().node);
  if (place && withSelf) setBit(bits, *place);
  return bits;
}

/// Whoever is started again and again, and dies before it has filled anything, is waited for once.
void RingChanges::noteDead(const ring::View& view) {
  for (const NodeId node : view.members()) {
    if (const auto since = peers_.deadSince(node)) diedAt_.try_emplace(node, *since);
  }
}

/// Until whoever can fill has, the former home nodes hold what makes up for a lost disk: a quorum without a spare could
/// not be filled from any more. One that is being started again will.
bool RingChanges::mayYetFill(NodeId home) const {
  const auto said = summaries_.of(home);
  if (said && said->disk != wire::DiskState::Well) return false;
  const auto died = diedAt_.find(home);
  return !peers_.deadSince(home) || died == diedAt_.end() || loop_.now() < died->second + settings_.timing.backSoon;
}

/// Whether a node that has filled a partition can read all of it, as far as is known here.
bool RingChanges::isSound(NodeId node, PartitionId partition, const store::PartitionSet& damagedHere) const {
  if (node == membership_.self().node) return !damagedHere[partition];
  const auto sound = sound_.find(node);
  return sound == sound_.end() || sound->second[partition];
}

bool RingChanges::isFilled(const ring::View& view, std::size_t index, PartitionId partition,
                           const store::PartitionSet& damagedHere) const {
  unsigned filled = 0;
  unsigned sound = 0;
  const std::vector<NodeId> homes = view.homesIn(index, partition);
  if (homes.empty()) return true;
  for (const NodeId home : homes) {
    const bool has = hasFilled(view, home, partition);
    filled += has ? 1 : 0;
    sound += has && isSound(home, partition, damagedHere) ? 1 : 0;
    if (!has && mayYetFill(home)) return false;
  }
  const unsigned quorum = ring::quorumOf(homes.size());
  // What is damaged must be repairable without the former home nodes: from so many that no quorum does without them.
  return filled >= quorum && (sound == filled || sound + quorum > homes.size());
}

bool RingChanges::isFilled(const ring::View& view, std::size_t index) const {
  if (settings_.bugs.completeAtOnce) return true;
  const ring::Ring& version = *view.active()[index];
  const store::PartitionSet damagedHere = damage_.partitions();
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    // Homes that changed and changed back have changed: writes may have gone past them in between.
    bool changed = false;
    for (std::size_t before = 0; before < index; ++before) {
      changed = changed || !ring::sameHomes(*view.active()[before], version, partition);
    }
    if (changed && !isFilled(view, index, partition, damagedHere)) return false;
  }
  return true;
}

std::optional<std::size_t> RingChanges::completable(const ring::View& view) const {
  for (std::size_t i = view.active().size() - 1; i > 0; --i) {
    if (isFilled(view, i)) return i;
  }
  return std::nullopt;
}

/// All find out at about the same time that a version can be completed, and whoever completes it asks all members:
/// each waits for its turn, in an order that goes with the view, so that it is done once and not by everybody.
bool RingChanges::isMyTurn(const ring::View& view) {
  const ring::VersionName name = view.activeName();
  if (completableIn_ != name) {
    completableIn_ = name;
    completableSince_ = loop_.now();
  }
  const std::size_t members = view.members().size();
  const std::size_t place = placeOf(view, membership_.self().node).value_or(members - 1);
  const std::size_t turn = (place + name.hash % members) % members;
  return loop_.now() >= completableSince_ + static_cast<int>(turn) * settings_.timing.gossip / kTurnsARound;
}

Task<Status> RingChanges::tryComplete(Deadline deadline) {
  co_await switchTo(loop_);
  const ring::ViewPtr view = membership_.view();
  if (!view || !view->changing() || completing_) co_return Status();
  noteDead(*view);
  const auto index = completable(*view);
  if (!index) completableIn_ = {};  // it may have been, while somebody was dead
  if (!index || !isMyTurn(*view)) co_return Status();
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
    auto completed = co_await membership_.complete(view, *index);
    outcome = completed;
    if (outcome) {
      broadcast(membership_.view(), view->members());  // those too that leave by it
    }
  }
  completing_ = false;
  co_return outcome;
}

}  // namespace mydht::cluster
