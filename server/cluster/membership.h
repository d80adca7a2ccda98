#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "common/result/result.h"
#include "common/ring/view.h"
#include "server/cluster/settings.h"
#include "server/ports/journal.h"
#include "server/store/commits.h"
#include "server/store/node_state.h"
#include "server/task/signal.h"
#include "server/wire/envelope.h"

namespace mydht::cluster {

/// A node's place in the ring at one moment; an immutable snapshot for every loop.
struct Standing {
  ring::ViewPtr view;          ///< null: a member of no ring yet
  store::PartitionSet filled;  ///< partitions that this node may vote on without filling the key first
  store::PartitionSet owed;    ///< filled, but to be filled again before the newest version is complete
  /// Partitions that others may fill from this node: of the complete version; or of a later one that is still active,
  /// which then has been filled here, for when it is complete.
  store::PartitionSet sources;
  bool member = false;       ///< stands in some active version
  std::uint32_t toFill = 0;  ///< partitions that it has still to fill, as home of the newest version
  bool whole = true;         ///< has filled everything that it is home to in any active version
  bool lostPlace = false;    ///< has left or was removed, and stands in none any more

  /// Whether the partition counts as filled by this node when the newest version is to be completed (R6).
  bool hasFilled(PartitionId partition) const { return filled[partition] && !owed[partition]; }
};
using StandingPtr = std::shared_ptr<const Standing>;

/// Computes a version's table. A simulation of many nodes computes each only once.
using MakeRing = std::function<ring::RingPtr(ring::MemberList)>;

/// Why a node that has just started answers no question that somebody may rely on (R7).
inline Error notConfirmed() {
  return {Kind::Unavailable, "this node has just started and waits for a majority of the ring"};
}

/// What this node knows of its ring, and the one place where that changes (R1 to R6): each change is one synced row,
/// then a new snapshot. Changes run one after the other on loop 0; everything may be called on any loop. Owned by the
/// node; borrows commits and journal.
class Membership {
 public:
  Membership(Executor& loop, store::Commits& commits, Journal& journal, const DeliberateBugs& bugs, MakeRing makeRing);

  /// Takes what the disk remembers; once, before anything else.
  void load(const store::Identity& identity, store::RingState state);
  const store::Identity& self() const { return identity_; }
  /// A majority of the members has confirmed that this node's disk is not behind (R7). Before that it neither votes nor
  /// accepts a change of the ring: what it had accepted may be gone.
  void confirm() { confirmed_ = true; }
  bool confirmed() const { return confirmed_; }

  StandingPtr standing() const;
  ring::ViewPtr view() const { return standing()->view; }
  /// The view and its past, as other nodes are told it; only as a member of a ring.
  ring::ViewLists viewLists() const;
  ring::MemberList accepted() const;

  /// Founds a ring of this node alone, which has then filled everything.
  Task<Status> found(std::uint64_t ringIdentity, ring::Member self, std::uint32_t replicas, std::string hostPort);
  /// Merges another node's view into this one's; synced when it returns (R4). Conflict: another ring, or versions that
  /// do not contain one another.
  Task<Status> adopt(ring::ViewLists other);
  /// Takes that version of exactly this view for complete (R6), once a majority holds that fact. OlderRing: the view
  /// has changed meanwhile, and what was filled may not count in the new one.
  Task<Status> complete(ring::ViewPtr asOf, std::size_t index);
  /// Accepts a proposal (R2): merges it with everything accepted before and answers with the result, synced.
  Task<Result<ring::MemberList>> accept(ring::MemberList proposal);
  /// Holds the fact that a version is complete (R6) and accepts the list that comes with it, in one synced step;
  /// answers like accept().
  Task<Result<ring::MemberList>> holdComplete(ring::VersionName version, ring::MemberList agreed);
  /// These partitions are filled (R5) for the newest version of that view, if it is still active, the same one is
  /// complete, and this node is home to them; not where a version has come about beside it since that this node has
  /// seen nothing of.
  Task<Status> markFilled(std::vector<PartitionId> partitions, ring::ViewPtr asOf);

  /// Forgets the ring, but for which one it was, and writes down who starts next in this directory, in one synced step;
  /// no change follows it (R7).
  Task<Status> startOver(store::Identity next);
  /// The ring that this directory's node was a member of before it lost its place: it joins no other, since what lies
  /// here is that ring's. 0: any.
  std::uint64_t formerRing() const;

  /// Woken (on loop 0) whenever the view changes: duties wait for it.
  Signal& changed() { return changed_; }

 private:
  /// What the disk holds, with the tables that go with it.
  struct Known {
    store::RingState row;  // its view is set when it is written
    ring::ViewPtr view;
  };
  /// Changes what is known and says whether it did; runs on loop 0 while no other change does.
  using Edit = std::function<Result<bool>(Known&)>;
  Task<Status> change(Edit edit);
  Task<Status> write(Known& next);
  ring::ViewPtr viewOf(const ring::ViewLists& lists, const ring::ViewPtr& known) const;
  Result<bool> merge(Known& known, const ring::ViewLists& other) const;
  Task<Status> take(ring::ViewLists other, ring::ViewPtr asOf);
  static void noteOwed(Known& known, const ring::ViewPtr& before);
  struct Chain;
  Chain chainOf(const Known& known, const ring::View& before) const;
  void forgetWhatLeftIn(Known& known, const ring::View& before, const Chain& chain, PartitionId partition) const;
  void forgetWhatLeft(Known& known, const ring::View& before, const ring::ViewLists& other) const;
  void tell(const ring::ViewPtr& before, const ring::View& now);
  void publish();

  Executor& loop_;
  store::Commits& commits_;
  Journal& journal_;
  const DeliberateBugs& bugs_;
  const MakeRing makeRing_;
  store::Identity identity_;
  std::atomic<bool> confirmed_{false};
  bool busy_ = false;  // loop 0: a change is under way
  bool over_ = false;  // loop 0: this identity makes no change any more
  Signal freed_;
  Signal changed_;
  mutable std::mutex mutex_;
  Known known_;           // written on loop 0 with mutex_ held
  StandingPtr standing_;  // guarded by mutex_
};

}  // namespace mydht::cluster
