#pragma once

#include <map>
#include <optional>

#include "server/cluster/member_changes.h"
#include "server/cluster/prober.h"

namespace mydht::cluster {

/// Removes members that have been dead for as long as people have said (R8; off unless they have). It is a remove like
/// one by hand, without force, and refused like it: when the last good copies may be on the dead node, when no majority
/// of the members answers, or when the node answers after all. Of the members that are there the one with the least
/// identity does it, so that not all do. The time counts from when this node has found the other one dead, without a
/// break; a restart of this node begins it anew. On loop 0; owned by the node; borrows what it is given.
class RemoveAfter {
 public:
  RemoveAfter(Executor& loop, const Settings& settings, const Membership& membership, const Prober& prober,
              MemberChanges& changes, const Peers& peers, Journal& journal);

  /// The background duty; returns once stop() was called.
  Task<> run();
  void stop();

 private:
  std::optional<NodeId> overdue() const;
  Task<> remove(NodeId node);

  Executor& loop_;
  const Settings& settings_;
  const Membership& membership_;
  const Prober& prober_;
  MemberChanges& changes_;
  const Peers& peers_;
  Journal& journal_;
  std::map<NodeId, Time> tryAgainAt_;  // members whose removal was refused
  bool stopping_ = false;
  Signal wake_;
};

}  // namespace mydht::cluster
