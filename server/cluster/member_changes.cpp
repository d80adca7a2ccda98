#include "server/cluster/member_changes.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/ring/quorum.h"

namespace mydht::cluster {
namespace {

// A node that wants to leave says so again within that time; one that has not said so for longer has been stopped.
constexpr Duration kWishHolds = std::chrono::seconds(10);
constexpr Duration kTurnPause = std::chrono::milliseconds(300);
constexpr std::size_t kNamedPartitions = 8;

/// "3 partitions (17, 42, 99)"; of many the first few.
std::string listOf(const std::vector<PartitionId>& partitions) {
  std::string text;
  for (std::size_t i = 0; i < partitions.size() && i < kNamedPartitions; ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : ", ", partitions[i]);
  }
  if (partitions.size() > kNamedPartitions) text += ", ...";
  return fmt::format("{} partition{} ({})", partitions.size(), partitions.size() == 1 ? "" : "s", text);
}

}  // namespace

void MemberChanges::breakOff() {
  stopping_ = true;
  membership_.changed().notifyAll();
}

/// What one round of asking all members has brought so far.
struct MemberChanges::Poll {
  explicit Poll(Executor& executor) : changed(executor) {}
  ring::ViewPtr view;
  Answers answers;
  unsigned running = 0;
  Signal changed;
};

wire::StandingAnswer MemberChanges::own() const {
  const StandingPtr standing = membership_.standing();
  wire::StandingAnswer answer;
  answer.leaving = leaving_;
  if (!standing->view) return answer;
  answer.newest = standing->view->newest().name();
  answer.filled = store::bitsOf(standing->filled & ~standing->owed);
  answer.sources = store::bitsOf(standing->sources);
  return answer;
}

wire::StandingAnswer MemberChanges::answer(NodeId from, const wire::Standing& message) {
  if (message.leaving == wire::Leaving::No) {
    othersLeave_.erase(from);
  } else {
    othersLeave_[from] = {message.leaving, loop_.now()};
  }
  std::erase_if(othersLeave_, [&](const auto& other) { return other.second.second + kWishHolds < loop_.now(); });
  return own();
}

Task<> MemberChanges::askOne(std::shared_ptr<Poll> poll, NodeId node, Deadline deadline) {
  auto answer = co_await peers_.ask(node, poll->view, wire::Standing{leaving_}, Body(), deadline);
  if (answer) poll->answers[node] = std::move(answer->answer);
  if (!answer) unheard_[node] = answer.error().text;
  --poll->running;
  poll->changed.notifyAll();
}

Task<MemberChanges::Answers> MemberChanges::pollMembers(ring::ViewPtr view, Deadline deadline) {
  const auto poll = std::make_shared<Poll>(loop_);
  poll->view = view;
  unheard_.clear();
  const Deadline callBy = std::min(deadline, loop_.now() + settings_.timing.call);
  for (const NodeId node : view->members()) {
    if (node == membership_.self().node) continue;
    ++poll->running;
    background_.spawn(askOne(poll, node, callBy));
  }
  while (poll->running > 0) co_await poll->changed.wait();
  poll->answers[membership_.self().node] = own();
  co_return std::move(poll->answers);
}

/// The partitions whose home nodes change from one active version to another, `next` included, and that a new home node
/// could then not fill (R5): in the complete version a quorum of home nodes has to be filled, in each later one a
/// quorum has to answer. `without` are left out.
std::vector<PartitionId> MemberChanges::lacking(const ring::View& view, const ring::MemberList& next,
                                                const Answers& answers, const std::set<NodeId>& without) const {
  std::map<NodeId, store::PartitionSet> sources;
  for (const auto& [node, answer] : answers) {
    if (!without.contains(node)) sources[node] = store::setOf(answer.sources);
  }
  const auto canFillFrom = [&](std::size_t version, PartitionId partition) {
    const std::vector<NodeId> homes = view.homesIn(version, partition);
    const auto good = std::ranges::count_if(homes, [&](NodeId home) {
      const auto at = sources.find(home);
      return at != sources.end() && (version > 0 || at->second[partition]);
    });
    return homes.empty() || static_cast<std::size_t>(good) >= ring::quorumOf(homes.size());
  };
  const ring::Ring table(next);
  std::vector<PartitionId> partitions;
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    bool changes = false;
    bool canFill = true;
    for (std::size_t version = 0; version < view.active().size(); ++version) {
      changes = changes || !ring::sameHomes(*view.active()[version], table, partition);
      canFill = canFill && canFillFrom(version, partition);
    }
    if (changes && !canFill) partitions.push_back(partition);
  }
  return partitions;
}

/// The partitions of which too few home nodes answer for the next version to serve them.
std::vector<PartitionId> MemberChanges::unservable(const ring::Ring& next, const ring::View& view,
                                                   const Answers& answers) const {
  std::vector<PartitionId> partitions;
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    if (ring::sameHomes(view.complete(), next, partition)) continue;
    const auto answers_ = [&](NodeId home) { return answers.contains(home); };
    if (!ring::hasQuorum(next.homes(partition), answers_)) partitions.push_back(partition);
  }
  return partitions;
}

/// The newest version's list without these nodes. Who has left before, and is a member of no active version any more,
/// never comes back as that identity (R7): when all that are left are taken out at once by several, and so one of all
/// that ever were has to stay, it is none of those.
ring::MemberList MemberChanges::without(const ring::View& view, const std::set<NodeId>& nodes, ring::Rank rank) const {
  ring::MemberList next = view.newest().list();
  for (const NodeId node : nodes) {
    const ring::Member* const found = next.find(node);
    if (found == nullptr) continue;  // it is none of them as it is
    ring::Member record = *found;
    record.rank = std::max(record.rank, rank);
    next.put(record);
  }
  if (next == view.newest().list()) return next;
  for (ring::Member& record : next.members) {
    const bool isActive = std::ranges::binary_search(view.members(), record.id);
    if (record.rank != ring::Rank::Present && !isActive) record.rank = ring::Rank::Destroyed;
  }
  return next;
}

Status MemberChanges::checkLeave(const ring::View& view, NodeId leaver, const Answers& answers) const {
  if (!view.newest().list().hasPresent(leaver)) return {};  // it has begun already
  if (view.newest().present().size() == 1) return Error{Kind::NotDone, "this is the last node of its ring"};
  const ring::MemberList next = without(view, {leaver}, ring::Rank::Gone);
  if (const Status heard = heardByMajority(view, next, answers); !heard) return heard;
  const std::vector<PartitionId> cannotCopy = lacking(view, next, answers, {});
  if (!cannotCopy.empty()) {
    return Error{Kind::NotDone, "too few home nodes answer to copy what it holds from: " + listOf(cannotCopy)};
  }
  const std::vector<PartitionId> cannotServe = unservable(ring::Ring(next), view, answers);
  if (cannotServe.empty()) return {};
  return Error{Kind::NotDone, "without it too few home nodes would be up for " + listOf(cannotServe)};
}

Task<Status> MemberChanges::mayLeave(Deadline deadline) {
  co_await switchTo(loop_);
  const ring::ViewPtr view = membership_.view();
  if (!view) co_return Error{Kind::NotDone, "this node is a member of no ring yet"};
  const Answers answers = co_await pollMembers(view, deadline);
  co_return checkLeave(*view, membership_.self().node, answers);
}

/// Nodes leave one after the other, the one with the least identity first (Ricart, Agrawala 1981, with the ring's
/// members as the only ones to ask): were several proposed at once, the union might leave nobody. One that does not
/// answer is not waited for.
bool MemberChanges::isMyTurn(const Answers& answers) const {
  const NodeId self = membership_.self().node;
  const auto goesFirst = [&](NodeId node, wire::Leaving leaving) {
    if (node == self) return false;
    return leaving == wire::Leaving::Leaves || (leaving == wire::Leaving::Wants && node < self);
  };
  for (const auto& [node, answer] : answers) {
    if (goesFirst(node, answer.leaving)) return false;
  }
  const ring::ViewPtr view = membership_.view();
  for (const auto& [node, wish] : othersLeave_) {
    const bool came = !view->newest().list().hasPresent(node);  // it is out: its wish has come true
    if (!came && wish.second + kWishHolds >= loop_.now() && goesFirst(node, wish.first)) return false;
  }
  return true;
}

Task<Status> MemberChanges::takeTurn() {
  Time refusedSince = Time::max();
  while (!stopping_) {
    const ring::ViewPtr view = membership_.view();
    if (!view || !view->newest().list().hasPresent(membership_.self().node)) co_return Status();
    const Answers answers = co_await pollMembers(view, loop_.now() + settings_.timing.call);
    const bool stable = membership_.view() == view && !view->changing();
    // Others that leave or join first may be what is missing: a refusal has to last.
    const Status may = checkLeave(*view, membership_.self().node, answers);
    refusedSince = may ? Time::max() : std::min(refusedSince, loop_.now());
    const bool last = view->newest().present().size() == 1 && !view->changing();
    if (last || (!may && loop_.now() >= refusedSince + settings_.timing.agreePatience)) co_return may;
    if (may && stable && isMyTurn(answers)) co_return Status();
    co_await membership_.changed().waitUntil(loop_.now() + kTurnPause);
  }
  co_return Error{Kind::NotDone, "the node stops"};
}

Task<Status> MemberChanges::leave() {
  co_await switchTo(loop_);
  if (leaving_ != wire::Leaving::No) co_return Error{Kind::NotDone, "this node leaves already"};
  if (!membership_.view()) co_return Error{Kind::NotDone, "this node is a member of no ring yet"};
  leaving_ = wire::Leaving::Wants;
  auto turn = co_await takeTurn();
  if (turn) {
    leaving_ = wire::Leaving::Leaves;
    const ring::ViewPtr view = membership_.view();
    const NodeId self = membership_.self().node;
    ring::MemberList next = without(*view, {self}, ring::Rank::Gone);
    auto agreed = co_await changes_.agree(std::move(next), loop_.now() + settings_.timing.agreePatience);
    turn = agreed ? Status() : Status(agreed.error());
    if (agreed)
      journal_.note(Severity::Info, "ring.leaving", fmt::format("height={}", (*agreed)->newest().name().height));
  }
  if (turn && !settings_.bugs.leaveEarly) {
    auto done = co_await handedOver();
    turn = done;
  }
  if (!turn) leaving_ = wire::Leaving::No;
  if (!turn && turn.error().kind != Kind::NotDone) turn = Error{Kind::NotDone, turn.error().text};
  co_return turn;
}

HandOver MemberChanges::handOver() const {
  HandOver progress;
  const ring::ViewPtr view = membership_.view();
  if (!view) return progress;
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    for (const NodeId home : view->newest().homes(partition)) {
      ++progress.copies;
      progress.done += changes_.hasFilled(*view, home, partition) ? 1 : 0;
    }
  }
  return progress;
}

/// Until the version without this node is complete and every home node that answers has filled what it should.
Task<Status> MemberChanges::handedOver() {
  Time silentSince = Time::max();
  while (!stopping_) {
    const ring::ViewPtr view = membership_.view();
    bool whole = !membership_.standing()->member;
    bool silent = true;
    for (const NodeId node : view->newest().present()) {
      const PeerHealth health = peers_.health(node);
      const bool answers = !health.called || health.lastCallOk;
      silent = silent && !answers;
      if (answers && !changes_.isWhole(*view, node)) whole = false;
    }
    if (whole) co_return Status();
    silentSince = silent ? std::min(silentSince, loop_.now()) : Time::max();
    if (silent && loop_.now() >= silentSince + settings_.timing.agreePatience) {
      co_return Error{Kind::NotDone, "no other node answers any more, and not all has been handed over"};
    }
    co_await membership_.changed().waitUntil(loop_.now() + kTurnPause);
  }
  co_return Error{Kind::NotDone, "the node stops while it leaves"};
}

Result<std::set<NodeId>> MemberChanges::named(const std::vector<std::string>& names, const ring::View& view) const {
  std::set<NodeId> found;
  for (const std::string& name : names) {
    NodeId target = 0;
    for (const auto& version : view.active()) {
      for (const NodeId node : version->present()) {
        if (peers_.nameOf(node) == name || fmt::format("{:016x}", node) == name) target = node;
      }
    }
    if (target == 0) {
      std::string members;
      for (const NodeId node : view.members()) members += (members.empty() ? "" : ", ") + peers_.nameOf(node);
      return Error{Kind::NotFound, fmt::format("no member of this ring is {}; its members are {}", name, members)};
    }
    found.insert(target);
  }
  return found;
}

/// Conflict names one that is up after all.
Task<Status> MemberChanges::areDown(std::set<NodeId> nodes, ring::ViewPtr view, Deadline deadline) {
  for (const NodeId node : nodes) {
    const std::string name = peers_.nameOf(node);
    if (node == membership_.self().node) {
      co_return Error{Kind::Conflict, name + " is this node, and it is up: use leave"};
    }
    auto hello = co_await peers_.ask(node, view, wire::Hello(), Body(), deadline);
    if (hello) co_return Error{Kind::Conflict, name + " is up: use leave, or stop it first"};
  }
  co_return Status();
}

Status MemberChanges::heardByMajority(const ring::View& view, const ring::MemberList& next,
                                      const Answers& answers) const {
  std::set<NodeId> heard;
  for (const auto& [node, answer] : answers) heard.insert(node);
  if (view.mayMake(next, heard)) return {};
  return Error{Kind::NotDone,
               "a change of the ring needs a majority of its members; missing: " + missingIn(view, answers)};
}

/// The members that have not said where they stand, each with why; empty: there are none.
std::string MemberChanges::missingIn(const ring::View& view, const Answers& answers) const {
  std::string missing;
  for (const NodeId node : view.members()) {
    if (answers.contains(node)) continue;
    const auto why = unheard_.find(node);
    missing += fmt::format("{}{}", missing.empty() ? "" : ", ", peers_.nameOf(node));
    if (why != unheard_.end()) missing += fmt::format(" ({})", why->second);
  }
  return missing;
}

/// Whether the nodes may be taken out, by what the members have answered.
Result<Removal> MemberChanges::mayRemove(const ring::View& view, const ring::MemberList& next,
                                         const std::set<NodeId>& nodes, bool force, const Answers& answers) const {
  Removal removal{{nodes.begin(), nodes.end()}, lacking(view, next, answers, nodes)};
  if (!force && !removal.mayBeLost.empty() && !settings_.bugs.removeUnchecked) {
    return Error{Kind::Conflict,
                 "refused: the last good copies of " + listOf(removal.mayBeLost) +
                     " may be on what is to be removed or does not say what it has: " + missingIn(view, answers) +
                     "; bring other nodes back, or say --force if they are destroyed: what only they had is then lost"};
  }
  // A minority must not even propose it: what it had accepted would take the place away when the others are met again.
  const Status heard = heardByMajority(view, next, answers);
  if (!heard) return heard.error();
  return removal;
}

Task<Result<Removal>> MemberChanges::remove(std::vector<std::string> names, bool force, Deadline deadline) {
  co_await switchTo(loop_);
  ring::ViewPtr view = membership_.view();
  if (!view) co_return Error{Kind::Unavailable, "this node is a member of no ring yet"};
  const auto nodes = named(names, *view);
  if (!nodes) co_return nodes.error();
  auto down = co_await areDown(*nodes, view, loop_.now() + settings_.timing.call);
  if (!down) co_return down.error();
  Answers answers;
  do {  // an answer may bring a newer view, and what is checked has to be what is changed
    view = membership_.view();
    answers = co_await pollMembers(view, deadline);
  } while (membership_.view() != view && loop_.now() < deadline);
  const ring::MemberList next = without(*view, *nodes, force ? ring::Rank::Destroyed : ring::Rank::Removed);
  const auto removal = mayRemove(*view, next, *nodes, force, answers);
  if (!removal) co_return removal.error();
  auto agreed = co_await changes_.agree(next, deadline);
  if (!agreed) co_return agreed.error();
  for (const NodeId node : removal->nodes) {
    journal_.note(Severity::Warn, "ring.remove",
                  fmt::format("node={} id={:016x} force={} may_be_lost={}", peers_.nameOf(node), node, force,
                              removal->mayBeLost.size()));
  }
  co_return removal;
}

Result<ring::MemberList> MemberChanges::withReplicas(const ring::View& view, std::uint32_t replicas) {
  if (replicas < 1 || replicas > limits::kReplicas) {
    return Error{Kind::BadRequest, fmt::format("a ring keeps 1 to {} copies, not {}", limits::kReplicas, replicas)};
  }
  ring::MemberList next = view.newest().list();
  if (next.replicas == replicas) return next;
  next.replicas = replicas;
  ++next.replicasNumber;
  return next;
}

Task<Status> MemberChanges::setReplicas(std::uint32_t replicas, Deadline deadline) {
  co_await switchTo(loop_);
  const ring::ViewPtr view = membership_.view();
  if (!view) co_return Error{Kind::Unavailable, "this node is a member of no ring yet"};
  const auto next = withReplicas(*view, replicas);
  if (!next) co_return next.error();
  if (*next == view->newest().list()) co_return Status();
  auto agreed = co_await changes_.agree(*next, deadline);
  if (!agreed) co_return agreed.error();
  journal_.note(Severity::Info, "ring.replicas", fmt::format("replicas={}", replicas));
  co_return Status();
}

/// This node's record as its options want it; none: it is so already.
std::optional<ring::Member> MemberChanges::adjusted(const ring::Member& before) const {
  ring::Member record = before;
  record.weightHundredths = settings_.weightHundredths.value_or(before.weightHundredths);
  record.zone = settings_.zone.value_or(before.zone);
  if (record == before) return std::nullopt;
  // It may have proposed something else before it was started again: of the same number, the list that contains that
  // one would be no higher.
  const ring::MemberList accepted = membership_.accepted();
  const ring::Member* const proposed = accepted.find(before.id);
  const std::uint32_t known = std::max(before.number, proposed == nullptr ? 0 : proposed->number);
  record.number = std::max(known + 1, ring::recordNumberOf(membership_.self().boot) + 2);
  return record;
}

Task<Status> MemberChanges::adjustSelf(Deadline deadline) {
  const ring::ViewPtr view = membership_.view();
  const NodeId self = membership_.self().node;
  if (!view || leaving_ != wire::Leaving::No || !view->newest().list().hasPresent(self)) co_return Status();
  // What this node was before it lost its disk may have been taken in by a change that was begun then.
  std::set<NodeId> former;
  for (const NodeId node : peers_.nodesAt(settings_.hostPort)) {
    if (view->newest().list().hasPresent(node) && peers_.deadSince(node)) former.insert(node);
  }
  ring::MemberList next = without(*view, former, ring::Rank::Removed);
  const auto record = adjusted(*next.find(self));
  if (record) next.put(*record);
  if (next == view->newest().list()) co_return Status();
  auto agreed = co_await changes_.agree(next, deadline);
  if (!agreed) co_return agreed.error();
  const ring::Member& now = *next.find(self);
  journal_.note(Severity::Info, "ring.adjusted",
                fmt::format("weight_hundredths={} zone=\"{}\" members={}", now.weightHundredths, now.zone,
                            next.present().size()));
  co_return Status();
}

}  // namespace mydht::cluster
