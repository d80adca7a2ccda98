#include "server/cluster/membership.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "server/store/rows.h"

namespace mydht::cluster {
namespace {

bool isHomeInAny(const ring::View& view, NodeId node, PartitionId partition) {
  for (const ring::RingPtr& version : view.active()) {
    if (version->isHome(node, partition)) return true;
  }
  return false;
}

bool isMember(const ring::ViewPtr& view, NodeId node) {
  if (!view) return false;
  for (const ring::RingPtr& version : view->active()) {
    if (version->list().hasPresent(node)) return true;
  }
  return false;
}

}  // namespace

Membership::Membership(Executor& loop, store::Commits& commits, Journal& journal, const DeliberateBugs& bugs)
    : loop_(loop),
      commits_(commits),
      journal_(journal),
      bugs_(bugs),
      freed_(loop),
      changed_(loop),
      standing_(std::make_shared<const Standing>()) {}

void Membership::load(const store::Identity& identity, store::RingState state) {
  identity_ = identity;
  const std::lock_guard lock(mutex_);
  state_ = std::move(state);
  publish();
}

StandingPtr Membership::standing() const {
  const std::lock_guard lock(mutex_);
  return standing_;
}

ring::MemberList Membership::accepted() const {
  const std::lock_guard lock(mutex_);
  return state_.accepted;
}

ring::VersionName Membership::completeHeld() const {
  const std::lock_guard lock(mutex_);
  return state_.completeHeld;
}

void Membership::publish() {
  auto next = std::make_shared<Standing>();
  next->view = state_.view;
  next->filled = state_.filled;
  next->member = isMember(state_.view, identity_.node);
  standing_ = std::move(next);
}

Task<Status> Membership::change(Edit edit) {
  co_await switchTo(loop_);
  while (busy_) co_await freed_.wait();
  busy_ = true;
  store::RingState next = state_;
  const Result<bool> edited = edit(next);
  Status outcome;
  if (!edited) {
    outcome = edited.error();
  } else if (*edited) {
    Batch batch;
    batch.rows.emplace_back(store::kRingRow, store::encodeRingState(next));
    if (!bugs_.adoptUnsynced) {
      auto committed = co_await commits_.commit(std::move(batch));
      if (!committed) outcome = committed.error().within("write down the ring");
    } else {
      commits_.remember(std::string(store::kRingRow), store::encodeRingState(next));
    }
    if (outcome) {
      const bool newView = next.view != state_.view;
      {
        const std::lock_guard lock(mutex_);
        state_ = std::move(next);
        publish();
      }
      if (newView) changed_.notifyAll();
    }
  }
  busy_ = false;
  freed_.notifyAll();
  co_return outcome;
}

Task<Status> Membership::found(std::uint64_t ringIdentity, ring::Member self, std::uint32_t replicas,
                               std::string hostPort) {
  const Edit edit = [&](store::RingState& state) -> Result<bool> {
    ring::MemberList list;
    list.replicas = replicas;
    list.put(self);
    state.accepted = list;
    std::vector<ring::RingPtr> active{std::make_shared<const ring::Ring>(std::move(list))};
    state.completeHeld = active.front()->name();
    state.view = std::make_shared<const ring::View>(ringIdentity, std::move(active));
    state.filled.set();
    state.hostPort = hostPort;
    return true;
  };
  auto done = co_await change(edit);
  co_return done;
}

Result<bool> Membership::merge(store::RingState& state, const ring::ViewPtr& other) const {
  if (!other) return Error{Kind::BadRequest, "a view of the ring that cannot be read"};
  if (!state.view) {
    state.view = other;
  } else {
    if (state.view->ringIdentity() != other->ringIdentity()) {
      return Error{Kind::Conflict, fmt::format("that node is a member of another ring ({:016x}), this one of {:016x}",
                                               other->ringIdentity(), state.view->ringIdentity())};
    }
    auto merged = mergeViews(*state.view, *other);
    if (!merged) return Error{Kind::Conflict, "two versions of the ring do not contain one another"};
    const bool same = merged->newest().name() == state.view->newest().name() &&
                      merged->complete().name() == state.view->complete().name() &&
                      merged->active().size() == state.view->active().size();
    if (same) return false;
    state.view = std::make_shared<const ring::View>(std::move(*merged));
  }
  state.accepted = ring::mergeLists(state.accepted, state.view->newest().list());
  if (state.view->complete().name() > state.completeHeld) state.completeHeld = state.view->complete().name();
  forgetWhatLeft(state);
  return true;
}

void Membership::forgetWhatLeft(store::RingState& state) const {
  if (state.filled.none()) return;
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    if (state.filled[i] && !isHomeInAny(*state.view, identity_.node, partition)) state.filled.reset(i);
  }
}

Task<Status> Membership::adopt(ring::ViewPtr other) {
  const Edit edit = [&](store::RingState& state) -> Result<bool> { return merge(state, other); };
  auto done = co_await change(edit);
  if (!done && done.error().kind == Kind::Conflict) {
    journal_.note(Severity::Error, "ring.conflict", fmt::format("why=\"{}\"", done.error().text));
  }
  co_return done;
}

Task<Result<ring::MemberList>> Membership::accept(ring::MemberList proposal) {
  ring::MemberList result;
  const Edit edit = [&](store::RingState& state) -> Result<bool> {
    result = ring::mergeLists(state.accepted, proposal);
    if (result == state.accepted) return false;
    state.accepted = result;
    return true;
  };
  auto done = co_await change(edit);
  if (!done) co_return done.error();
  co_return result;
}

Task<Result<ring::MemberList>> Membership::holdComplete(ring::VersionName version, ring::MemberList agreed) {
  ring::MemberList result;
  const Edit edit = [&](store::RingState& state) -> Result<bool> {
    result = ring::mergeLists(state.accepted, agreed);
    if (version <= state.completeHeld && result == state.accepted) return false;
    state.accepted = result;
    state.completeHeld = std::max(state.completeHeld, version);
    return true;
  };
  auto done = co_await change(edit);
  if (!done) co_return done.error();
  co_return result;
}

Task<Status> Membership::markFilled(std::vector<PartitionId> partitions, ring::VersionName asOf) {
  const Edit edit = [&](store::RingState& state) -> Result<bool> {
    const auto isAsOf = [&](const ring::RingPtr& version) { return version->name() == asOf; };
    if (!state.view || std::ranges::none_of(state.view->active(), isAsOf)) return false;
    bool any = false;
    for (const PartitionId partition : partitions) {
      if (state.filled[partition] || !isHomeInAny(*state.view, identity_.node, partition)) continue;
      state.filled.set(partition);
      any = true;
    }
    return any;
  };
  auto done = co_await change(edit);
  co_return done;
}

}  // namespace mydht::cluster
