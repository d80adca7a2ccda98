#pragma once

#include <set>
#include <vector>

#include "server/cluster/home_node.h"
#include "server/cluster/throttle.h"
#include "server/ports/journal.h"
#include "server/store/hints.h"
#include "server/task/gate.h"
#include "server/wire/hints.h"

namespace mydht::cluster {

/// Hinted handoff: a home node that missed a write is brought it by one that has it, as soon as it answers again. What
/// was missed is a note on that node's disk (store::Hints); the value is read when it is brought. A hint never counts
/// towards a quorum, and what is not noted (too much, too long ago, or its coordinator died) is found by comparing hash
/// trees. Owned by the node; note() on any loop, the rest on loop 0.
class Handoff {
 public:
  Handoff(Executor& loop, const Settings& settings, const Membership& membership, Peers& peers, Copier& copier,
          store::Store& store, store::Hints& hints, Journal& journal);

  /// This node has that version, or will have it: it keeps the note. Resumes on the caller's loop.
  Task<> note(wire::Hint hint);

  /// The background duty; returns once stop() was called.
  Task<> run();
  void stop();
  /// Waits until nothing is being brought any more.
  Task<> stopped() { return background_.close(); }

 private:
  struct Page;
  using PagePtr = std::shared_ptr<Page>;
  bool mayBring(NodeId node) const;
  Task<> bringTo(NodeId node);
  Task<> forgetOld(NodeId node);
  Task<Status> bringPage(PagePtr page, NodeId node, std::vector<store::Hints::Hint> hints);
  Task<Status> readRows(PagePtr page, NodeId node, std::vector<store::Hints::Hint> hints);
  Task<> bring(PagePtr page, NodeId node, store::RowPtr row);
  bool isNeeded(const ring::View& view, NodeId node, const store::Hints::Hint& hint) const;

  Executor& loop_;
  const Settings& settings_;
  const Membership& membership_;
  Peers& peers_;
  Copier& copier_;
  store::Store& store_;
  store::Hints& hints_;
  Journal& journal_;
  Time forgetFrom_{};  // when to look for notes that are too old of nodes that are still down
  bool stopping_ = false;
  Throttle throttle_;
  Signal wake_;
  Gate background_;
};

}  // namespace mydht::cluster
