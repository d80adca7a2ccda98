#include "server/cluster/ring_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace mydht::cluster {
namespace {

/// A joiner that could not be called back: why, and what its administrator can do about it.
Error notCalledBack(const std::string& joiner, const std::string& here, const std::string& why) {
  constexpr std::array kLoopback = {"localhost", "127.", "[::1]"};
  const auto begins = [&joiner](const char* name) { return joiner.starts_with(name); };
  if (std::any_of(kLoopback.begin(), kLoopback.end(), begins)) {
    return {Kind::BadRequest,
            fmt::format("{} is a loopback name: for {} it means its own machine, not yours: start the "
                        "node with -h set to a name that means it on every machine",
                        joiner, here)};
  }
  return {Kind::BadRequest, fmt::format("{} cannot call {} back ({}): start the node with -h set to a name that means "
                                        "it on every machine, and reaches it",
                                        here, joiner, why)};
}

}  // namespace

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
  while (poll->running > 0 && !view->majorityInEach(poll->same)) co_await poll->changed.wait();
  const bool unchanged = membership_.view() == view;
  if (unchanged && view->majorityInEach(poll->same)) co_return list;
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
    if (view->active().size() >= ring::kActiveVersions) {
      co_return Error{Kind::Conflict, "busy: " + busyWith(*view)};
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
      journal_.note(Severity::Info, "ring.version",
                    fmt::format("height={} members={}", now->newest().name().height, now->newest().present().size()));
      broadcast(now);
      co_return now;
    }
    if (collected.error().kind != Kind::OlderRing || loop_.now() >= deadline) co_return collected.error();
    // Two that propose at once meet again after a different time each.
    co_await sleepUntil(loop_.now() + std::chrono::milliseconds(1 + random_.next() % 20));
  }
}

void RingChanges::broadcast(ring::ViewPtr view) {
  for (const NodeId node : view->members()) {
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

std::string RingChanges::busyWith(const ring::View& view) const {
  if (taking_) return *taking_ + " is joining";
  for (const NodeId node : view.newest().present()) {
    if (!view.complete().list().hasPresent(node)) return peers_.nameOf(node) + " is joining";
  }
  return "another change of the ring is under way";
}

Task<Status> RingChanges::callBack(const wire::Join& join, Deadline deadline) {
  const std::string hostPort = join.hostPort;
  const NodeId joiner = join.member.id;
  // In time for the joiner to hear the advice rather than nothing.
  const Deadline callBy = std::min(deadline, loop_.now() + settings_.timing.call);
  auto hello = co_await peers_.askAt(hostPort, wire::Hello(), callBy);
  if (!hello) co_return notCalledBack(hostPort, settings_.hostPort, hello.error().text);
  if (hello->from.node != joiner) co_return notCalledBack(hostPort, settings_.hostPort, "another node answers there");
  co_return Status();
}

/// A copied directory may not push out the node that it was copied from (R7).
Task<Status> RingChanges::checkReplaced(const wire::Join& join, Deadline deadline) {
  const NodeId old = join.replaces;
  const ring::ViewPtr view = membership_.view();
  if (old == 0 || !view->newest().list().hasPresent(old)) co_return Status();
  bool alive = old == membership_.self().node;
  if (!alive) {
    auto hello = co_await peers_.ask(old, view, wire::Hello(), Body(), deadline);
    alive = hello.ok();
  }
  if (!alive) co_return Status();
  co_return Error{Kind::Forbidden,
                  fmt::format("the node whose place {} would take still answers at {}: stop that one, or start this "
                              "one with an empty data directory",
                              join.hostPort, peers_.nameOf(old))};
}

ring::MemberList RingChanges::withJoiner(const ring::View& view, const wire::Join& join) const {
  ring::MemberList list = view.newest().list();
  ring::Member joiner = join.member;
  // Whoever was a member at this address is not there any more: the joiner answers in its place, with its tokens (R7).
  std::vector<NodeId> former = peers_.nodesAt(join.hostPort);
  if (join.replaces != 0) former.push_back(join.replaces);
  for (const NodeId node : former) {
    const ring::Member* const record = list.find(node);
    if (record == nullptr || record->rank != ring::Rank::Present || node == joiner.id) continue;
    joiner.tokenSeed = record->tokenSeed;
    ring::Member removed = *record;
    removed.rank = ring::Rank::Removed;
    list.put(removed);
    journal_.note(Severity::Warn, "ring.replace",
                  fmt::format("node={} old={:016x} new={:016x}", join.hostPort, node, joiner.id));
  }
  list.put(joiner);
  return list;
}

Task<Result<ring::ViewPtr>> RingChanges::takeIn(wire::Join join, NodeId caller, std::uint32_t callerBoot,
                                                Deadline deadline) {
  co_await switchTo(loop_);
  const ring::ViewPtr view = membership_.view();
  if (!view) co_return Error{Kind::Unavailable, "this node has not joined a ring itself yet"};
  if (caller != join.member.id) co_return Error{Kind::BadRequest, "a node can only join for itself"};
  if (const ring::Member* const known = view->newest().list().find(caller); known != nullptr) {
    if (known->rank == ring::Rank::Present) co_return view;
    co_return Error{Kind::Forbidden, "that identity has left this ring for good"};
  }
  if (taking_ || view->changing()) co_return Error{Kind::Conflict, "busy: " + busyWith(*view)};
  taking_ = join.hostPort;
  Result<ring::ViewPtr> result = Error{Kind::Unavailable, "not asked"};
  auto reached = co_await callBack(join, deadline);
  if (reached) {
    const Deadline answerBy = std::min(deadline, loop_.now() + settings_.timing.call / 2);
    auto free = co_await checkReplaced(join, answerBy);
    reached = free;
  }
  if (reached) {
    const ring::MemberList wanted = withJoiner(*view, join);
    peers_.learn({join.member.id, callerBoot, join.hostPort});
    auto agreed = co_await agree(wanted, deadline);
    result = std::move(agreed);
  } else {
    result = reached.error();
  }
  taking_.reset();
  co_return result;
}

Task<Status> RingChanges::askSeed(std::string seed, wire::Join join) {
  const Deadline deadline = loop_.now() + 3 * settings_.timing.call;
  auto answer = co_await peers_.askAt(seed, std::move(join), deadline);
  if (!answer) co_return answer.error();
  auto adopted = co_await membership_.adopt(answer->answer.view);
  if (!adopted) co_return adopted.error();
  peers_.heard(answer->from);
  wire::Gossip gossip;
  gossip.addresses = peers_.addresses();
  auto others = co_await peers_.askAt(seed, std::move(gossip), deadline);
  if (others) {
    for (const wire::Address& address : others->answer.addresses) peers_.learn(address);
  }
  co_return Status();
}

Task<Status> RingChanges::join(std::vector<std::string> seeds, ring::Member self, NodeId replaces) {
  co_await switchTo(loop_);
  const Deadline giveUp = loop_.now() + settings_.timing.joinPatience;
  const wire::Join join{std::move(self), settings_.hostPort, replaces};
  Error last{Kind::Unavailable, "there is no seed to ask"};
  std::string noted;
  while (true) {
    bool worthWaiting = false;
    for (const std::string& seed : seeds) {
      auto asked = co_await askSeed(seed, join);
      if (asked) co_return asked;
      last = asked.error();
      const bool busy = last.kind == Kind::Conflict || last.kind == Kind::NotDone || last.kind == Kind::OlderRing;
      worthWaiting = worthWaiting || busy || last.kind == Kind::Unknown;
      if (busy && last.text != noted) {
        journal_.note(Severity::Info, "ring.wait", fmt::format("seed={} why=\"{}\"", seed, last.text));
        noted = last.text;
      }
    }
    if (!worthWaiting || loop_.now() >= giveUp) co_return last;
    co_await sleepUntil(loop_.now() + std::chrono::milliseconds(200 + random_.next() % 300));
  }
}

void RingChanges::heardFilled(NodeId node, const wire::Gossip& gossip) {
  const ring::ViewPtr view = membership_.view();
  if (!view) return;
  const std::vector<NodeId> members = view->members();  // nobody else's, so that this stays as small as the ring
  if (std::find(members.begin(), members.end(), node) == members.end()) return;
  filled_[node] = store::setOf(gossip.filled);
  filledIn_[node] = gossip.filledIn;
}

bool RingChanges::isFilled(const ring::View& view, std::size_t index) const {
  if (settings_.bugs.completeAtOnce) return true;
  const StandingPtr standing = membership_.standing();
  const NodeId self = membership_.self().node;
  const auto filledAt = [&](NodeId node, PartitionId partition) {
    if (node == self) return standing->filled.test(partition);
    const auto at = filled_.find(node);
    return at != filled_.end() && filledIn_.at(node) == view.newest().name() && at->second.test(partition);
  };
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
    for (const NodeId home : version.homes(partition)) filled += filledAt(home, partition) ? 1 : 0;
    if (filled < version.quorum()) return false;
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
      journal_.note(Severity::Info, "ring.complete", fmt::format("height={}", name.height));
      broadcast(membership_.view());
    }
  }
  completing_ = false;
  co_return outcome;
}

}  // namespace mydht::cluster
