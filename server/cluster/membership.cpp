#include "server/cluster/membership.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
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

/// Whether the node becomes home again in one of these versions after it was none in an earlier one.
bool comesBack(std::span<const ring::RingPtr> versions, NodeId node, PartitionId partition) {
  bool away = false;
  for (const ring::RingPtr& version : versions) {
    const bool home = version->isHome(node, partition);
    if (home && away) return true;
    away = !home;
  }
  return false;
}

/// Whether the number of copies falls from one active version to a later one.
bool copiesFall(const ring::View& view) {
  unsigned most = 0;
  for (const ring::RingPtr& version : view.active()) {
    if (version->copies() < most) return true;
    most = version->copies();
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

Membership::Membership(Executor& loop, store::Commits& commits, Journal& journal, const DeliberateBugs& bugs,
                       MakeRing makeRing)
    : loop_(loop),
      commits_(commits),
      journal_(journal),
      bugs_(bugs),
      makeRing_(std::move(makeRing)),
      freed_(loop),
      changed_(loop),
      standing_(std::make_shared<const Standing>()) {}

void Membership::load(const store::Identity& identity, store::RingState state) {
  identity_ = identity;
  Known known;
  if (!state.view.active.empty()) known.view = viewOf(state.view, nullptr);
  known.row = std::move(state);
  const std::lock_guard lock(mutex_);
  known_ = std::move(known);
  publish();
}

StandingPtr Membership::standing() const {
  const std::lock_guard lock(mutex_);
  return standing_;
}

ring::MemberList Membership::accepted() const {
  const std::lock_guard lock(mutex_);
  return known_.row.accepted;
}

void Membership::publish() {
  auto next = std::make_shared<Standing>();
  next->view = known_.view;
  next->filled = known_.row.filled;
  next->owed = known_.row.owed;
  next->sources = known_.row.sources;
  next->member = isMember(known_.view, identity_.node);
  if (known_.view && !next->member) {
    const ring::Member* const record = known_.view->newest().list().find(identity_.node);
    next->lostPlace = record != nullptr && record->rank != ring::Rank::Present;
  }
  for (std::size_t i = 0; known_.view && i < limits::kPartitions; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    if (next->hasFilled(partition) || !isHomeInAny(*known_.view, identity_.node, partition)) continue;
    next->whole = false;
    next->toFill += known_.view->newest().isHome(identity_.node, partition) ? 1 : 0;
  }
  standing_ = std::move(next);
}

ring::ViewPtr Membership::viewOf(const ring::ViewLists& lists, const ring::ViewPtr& known) const {
  std::vector<ring::RingPtr> active;
  for (const ring::MemberList& list : lists.active) {
    ring::RingPtr version;
    for (std::size_t i = 0; known && i < known->active().size(); ++i) {
      if (known->active()[i]->list() == list) version = known->active()[i];
    }
    active.push_back(version ? version : makeRing_(list));
  }
  return std::make_shared<const ring::View>(lists.ringIdentity, std::move(active));
}

ring::ViewLists Membership::viewLists() const {
  const std::lock_guard lock(mutex_);
  MYDHT_ASSERT(known_.view != nullptr);
  ring::ViewLists lists = known_.view->lists();
  lists.past = known_.row.view.past;
  return lists;
}

Task<Status> Membership::write(Known& next) {
  next.row.view.ringIdentity = next.view->ringIdentity();
  next.row.view.active = next.view->lists().active;
  Batch batch;
  batch.rows.emplace_back(store::kRingRow, store::encodeRingState(next.row));
  if (bugs_.adoptUnsynced) {
    commits_.remember(std::string(store::kRingRow), store::encodeRingState(next.row));
    co_return Status();
  }
  auto committed = co_await commits_.commit(std::move(batch));
  if (!committed) co_return committed.error().within("write down the ring");
  co_return Status();
}

Task<Status> Membership::change(Edit edit) {
  co_await switchTo(loop_);
  while (busy_) co_await freed_.wait();
  if (over_) co_return Error{Kind::Stopped, "this node starts again as a new one"};
  busy_ = true;
  Known next = known_;
  const Result<bool> edited = edit(next);
  Status outcome;
  if (!edited) outcome = edited.error();
  if (edited && *edited) {
    auto written = co_await write(next);
    outcome = written;
    if (written) {
      const bool newView = next.view != known_.view;
      {
        const std::lock_guard lock(mutex_);
        known_ = std::move(next);
        publish();
      }
      if (newView) changed_.notifyAll();
    }
  }
  busy_ = false;
  freed_.notifyAll();
  co_return outcome;
}

Task<Status> Membership::startOver(store::Identity next) {
  co_await switchTo(loop_);
  while (busy_) co_await freed_.wait();
  over_ = true;
  store::RingState former;
  former.formerRing = known_.view ? known_.view->ringIdentity() : known_.row.formerRing;
  Batch batch;
  batch.rows.emplace_back(store::kIdentityRow, store::encodeIdentity(next));
  batch.rows.emplace_back(store::kRingRow, store::encodeRingState(former));
  auto committed = co_await commits_.commit(std::move(batch));
  if (!committed) co_return committed.error().within("write down a new identity");
  co_return Status();
}

std::uint64_t Membership::formerRing() const {
  const std::lock_guard lock(mutex_);
  return known_.row.formerRing;
}

Task<Status> Membership::found(std::uint64_t ringIdentity, ring::Member self, std::uint32_t replicas,
                               std::string hostPort) {
  const Edit edit = [&](Known& known) -> Result<bool> {
    ring::MemberList list;
    list.replicas = replicas;
    list.put(self);
    known.view = viewOf({ringIdentity, {list}, {}}, nullptr);
    known.row.accepted = std::move(list);
    known.row.completeHeld = known.view->complete().name();
    known.row.filled.set();
    known.row.sources.set();
    known.row.hostPort = hostPort;
    return true;
  };
  auto done = co_await change(edit);
  co_return done;
}

Result<bool> Membership::merge(Known& known, const ring::ViewLists& other) const {
  if (other.active.empty()) return Error{Kind::BadRequest, "a view of the ring that cannot be read"};
  const ring::ViewPtr before = known.view;
  if (!before) {
    if (known.row.formerRing != 0 && known.row.formerRing != other.ringIdentity) {
      return Error{Kind::Conflict, fmt::format("what lies in this data directory belongs to the ring {:016x}, not to "
                                               "{:016x}: start with an empty one to join that",
                                               known.row.formerRing, other.ringIdentity)};
    }
    known.view = viewOf(other, nullptr);
    known.row.view.past = other.past;
  } else {
    if (before->ringIdentity() != other.ringIdentity) {
      return Error{Kind::Conflict, fmt::format("that node is a member of another ring ({:016x}), this one of {:016x}",
                                               other.ringIdentity, before->ringIdentity())};
    }
    if (before->lists().active == other.active) return false;
    auto merged = mergeViews(*before, *viewOf(other, before));
    if (!merged) return Error{Kind::Conflict, "two versions of the ring do not contain one another"};
    if (merged->active() == before->active()) return false;
    known.view = std::make_shared<const ring::View>(std::move(*merged));
    std::vector<ring::MemberList> all = before->lists().active;
    all.insert(all.end(), known.row.view.past.begin(), known.row.view.past.end());
    all.insert(all.end(), other.past.begin(), other.past.end());
    all.insert(all.end(), other.active.begin(), other.active.end());
    known.row.view.past = ring::pastOf(std::move(all), known.view->complete().list());
  }
  known.row.accepted = ring::mergeLists(known.row.accepted, known.view->newest().list());
  known.row.completeHeld = std::max(known.row.completeHeld, known.view->complete().name());
  if (before) forgetWhatLeft(known, *before, other);
  if (!bugs_.keepUnowed) noteOwed(known, before);
  return true;
}

/// Where the number of copies falls, a write that a quorum of the former home nodes holds need not lie on a quorum of
/// those that stay: they fill again, like new ones, before the version can be complete (R5). Meanwhile they vote, since
/// every operation needs a quorum of the former ones too.
void Membership::noteOwed(Known& known, const ring::ViewPtr& before) {
  if (!copiesFall(*known.view)) {
    known.row.owed.reset();
  } else if (!before || before->newest().name() != known.view->newest().name()) {
    known.row.owed |= known.row.filled;
  }
  known.row.owed &= known.row.filled;
}

/// The versions that were known before, those that were missed as far as anybody remembers, and those that are known
/// now, in order.
struct Membership::Chain {
  std::vector<ring::RingPtr> versions;
  /// The first that was not known before. One that came about beside the known ones may be below the newest of them:
  /// nothing was filled with it in mind, and it may have been the complete one alone.
  std::size_t firstNew = 0;
};

Membership::Chain Membership::chainOf(const Known& known, const ring::View& before) const {
  const auto isIn = [](const ring::View& view, const ring::MemberList& list) {
    return std::ranges::any_of(view.active(), [&](const ring::RingPtr& version) { return version->list() == list; });
  };
  std::vector<ring::RingPtr> unknown;
  for (const ring::MemberList& list : known.row.view.past) {
    const bool later = ring::contains(list, before.complete().list());
    if (later && !isIn(before, list) && !isIn(*known.view, list)) unknown.push_back(makeRing_(list));
  }
  for (const ring::RingPtr& version : known.view->active()) {
    if (!isIn(before, version->list())) unknown.push_back(version);
  }
  const auto name = [](const ring::RingPtr& version) { return version->name(); };
  Chain chain{before.active(), 0};
  chain.versions.insert(chain.versions.end(), unknown.begin(), unknown.end());
  std::ranges::sort(chain.versions, {}, name);
  const auto first = std::ranges::min_element(unknown, {}, name);
  const auto at = first == unknown.end() ? chain.versions.end() : std::ranges::find(chain.versions, *first);
  chain.firstNew = static_cast<std::size_t>(at - chain.versions.begin());
  return chain;
}

/// Keeps the filled partitions that this node has been home to without a break, in every version since the last before
/// the first that it did not know: a home that was none in between has missed what was written then (R5).
void Membership::forgetWhatLeft(Known& known, const ring::View& before, const ring::ViewLists& other) const {
  if (known.row.filled.none() && known.row.sources.none()) return;
  std::vector<ring::MemberList> told = other.past;
  told.insert(told.end(), other.active.begin(), other.active.end());
  const auto wasKnown = [&](const ring::MemberList& list) {
    return std::ranges::any_of(before.active(), [&](const ring::RingPtr& version) { return version->list() == list; });
  };
  // While a version that was known here is the complete one, nothing can have gone past unseen.
  const bool fromHere = std::ranges::any_of(told, wasKnown) || wasKnown(known.view->complete().list());
  if (!fromHere) {
    // More versions have come and gone than anybody remembers.
    known.row.filled.reset();
    known.row.sources.reset();
    return;
  }
  const Chain chain = chainOf(known, before);
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    forgetWhatLeftIn(known, before, chain, static_cast<PartitionId>(i));
  }
}

/// What others may fill from here is measured by the complete version: a gap behind that does not harm it, and what was
/// filled for a version that is not known to be complete yet counts from that one on.
void Membership::forgetWhatLeftIn(Known& known, const ring::View& before, const Chain& chain,
                                  PartitionId partition) const {
  const std::vector<ring::RingPtr>& versions = chain.versions;
  const ring::VersionName complete = known.view->complete().name();
  const auto isHome = [&](const ring::RingPtr& version) { return version->isHome(identity_.node, partition); };
  const auto isSince = [&](const ring::RingPtr& version) { return version->name() >= before.complete().name(); };
  const auto firstHome =
      std::ranges::find_if(versions, [&](const auto& version) { return isSince(version) && isHome(version); });
  const auto leaves = [&](const ring::RingPtr& version) { return version->name() <= complete && !isHome(version); };
  if (std::any_of(firstHome, versions.end(), leaves)) known.row.sources.reset(partition);
  const bool isBeside = chain.firstNew < versions.size() && versions[chain.firstNew]->name() < before.newest().name();
  if (isBeside && !isHome(before.active().front())) known.row.sources.reset(partition);
  if (!known.row.filled[partition]) return;

  const std::span<const ring::RingPtr> since =
      std::span(versions).subspan(chain.firstNew - (chain.firstNew > 0 ? 1 : 0));
  const bool filled =
      isHomeInAny(*known.view, identity_.node, partition) && !comesBack(since, identity_.node, partition);
  known.row.filled[partition] = filled;
  const auto isStillActive = [&](const ring::RingPtr& version) {
    return version->name() >= complete && isHome(version);
  };
  const std::span<const ring::RingPtr> knownOnes = std::span(versions).first(chain.firstNew);
  if (!filled && std::ranges::any_of(knownOnes, isStillActive)) known.row.sources.set(partition);
  // A later version in which this node becomes home again takes its vote, and not what it has as home of the complete
  // one.
  const auto isHomeUntilComplete = [&](const ring::RingPtr& version) {
    return version->name() > complete || isHome(version);
  };
  const bool stayed = std::ranges::all_of(since, isHomeUntilComplete);
  if (stayed && known.view->complete().isHome(identity_.node, partition)) known.row.sources.set(partition);
}

/// What of a change of the ring is news to people, at each node as it learns of it.
void Membership::tell(const ring::ViewPtr& before, const ring::View& now) {
  if (!before) return;
  const ring::VersionName newest = now.newest().name();
  const ring::VersionName complete = now.complete().name();
  if (newest != before->newest().name()) {
    journal_.note(Severity::Info, "ring.version",
                  fmt::format("height={} members={}", newest.height, now.newest().present().size()));
  }
  if (complete != before->complete().name()) {
    journal_.note(Severity::Info, "ring.complete", fmt::format("height={}", complete.height));
  }
}

Task<Status> Membership::adopt(ring::ViewLists other) {
  return take(std::move(other), nullptr);
}

Task<Status> Membership::complete(ring::ViewPtr asOf, std::size_t index) {
  ring::ViewLists rest = asOf->lists();
  rest.active.erase(rest.active.begin(), rest.active.begin() + static_cast<std::ptrdiff_t>(index));
  return take(std::move(rest), std::move(asOf));
}

/// Merges another view into what is known; if a view is given, only as long as that is what is known.
Task<Status> Membership::take(ring::ViewLists other, ring::ViewPtr asOf) {
  ring::ViewPtr before;
  ring::ViewPtr now;
  const Edit edit = [&](Known& known) -> Result<bool> {
    if (asOf && known.view != asOf) return Error{Kind::OlderRing, "another change of the ring came in between"};
    before = known.view;
    auto merged = merge(known, other);
    now = known.view;
    return merged;
  };
  auto done = co_await change(edit);
  if (done && now && now != before) tell(before, *now);
  if (!done && done.error().kind == Kind::Conflict) {
    journal_.note(Severity::Error, "ring.conflict", fmt::format("why=\"{}\"", done.error().text));
  }
  co_return done;
}

Task<Result<ring::MemberList>> Membership::accept(ring::MemberList proposal) {
  auto accepted = co_await holdComplete(ring::VersionName(), std::move(proposal));
  co_return accepted;
}

Task<Result<ring::MemberList>> Membership::holdComplete(ring::VersionName version, ring::MemberList agreed) {
  ring::MemberList result;
  const Edit edit = [&](Known& known) -> Result<bool> {
    if (!known.view) return Error{Kind::Unavailable, "this node has not joined a ring yet"};
    if (!confirmed_) return notConfirmed();
    result = ring::mergeLists(known.row.accepted, agreed);
    // What no list may be is not written down: it could not be read at the next start.
    if (Status sound = ring::checkList(result); !sound) return sound.error();
    if (version <= known.row.completeHeld && result == known.row.accepted) return false;
    known.row.accepted = result;
    known.row.completeHeld = std::max(known.row.completeHeld, version);
    return true;
  };
  auto done = co_await change(edit);
  if (!done) co_return done.error();
  co_return result;
}

Task<Status> Membership::markFilled(std::vector<PartitionId> partitions, ring::ViewPtr asOf) {
  const Edit edit = [&](Known& known) -> Result<bool> {
    if (!known.view) return false;
    const auto name = [](const ring::RingPtr& version) { return version->name(); };
    const auto& active = known.view->active();
    const auto filledFor = std::ranges::find(active, asOf->newest().name(), name);
    // Between what was complete then and what is now there may have been one that nobody here has filled from.
    const bool sameComplete = asOf->complete().name() == known.view->complete().name();
    if (filledFor == active.end() || !sameComplete) return false;
    const auto isRead = [&](const ring::RingPtr& version) {
      return std::ranges::find(asOf->active(), version->name(), name) != asOf->active().end();
    };
    bool any = false;
    for (const PartitionId partition : partitions) {
      if (!isHomeInAny(*known.view, identity_.node, partition)) continue;
      if (comesBack({filledFor, active.end()}, identity_.node, partition)) continue;
      // A version that came about beside that one since was not filled from, and this node did not see its writes.
      const auto isMissed = [&](const ring::RingPtr& version) {
        return !isRead(version) && !version->isHome(identity_.node, partition);
      };
      if (std::any_of(active.begin(), filledFor, isMissed)) continue;
      const bool paid = known.row.owed[partition] && known.view->newest().name() == asOf->newest().name();
      if (paid) known.row.owed.reset(partition);
      any = any || paid || !known.row.filled[partition];
      if (known.row.filled[partition]) continue;
      known.row.filled.set(partition);
      if (known.view->complete().isHome(identity_.node, partition)) known.row.sources.set(partition);
    }
    return any;
  };
  auto done = co_await change(edit);
  co_return done;
}

}  // namespace mydht::cluster
