#pragma once

#include <optional>
#include <vector>

#include "server/cluster/list_round.h"

namespace mydht::cluster {

/// Which keys a client wants to see.
struct ListRequest {
  std::string prefix;     ///< those that begin with it
  Key after;              ///< and come after this one; empty: from the first on
  std::string delimiter;  ///< those that have it behind the prefix are rolled up; empty: none is
  std::size_t limit = 0;  ///< keys and prefixes together
  Consistency consistency = Consistency::Quorum;
};

/// Some of the ring's keys in the order of their bytes.
struct Listed {
  std::vector<Entry> entries;  ///< of live values
  std::vector<Key> prefixes;   ///< what keys were rolled up into
  std::optional<Key> next;     ///< what to go on after; none at the end
};

/// What several nodes answered, merged: live entries by the newest version seen, the delimiter's prefixes once each, in
/// order, up to where all of them have spoken. Adds it to `listed`, at most so many items and bytes of keys, and
/// returns where to go on: none when the page is full (then `listed.next` says so) or all is said. A pure function.
std::optional<Key> mergeAnswers(const std::map<NodeId, wire::ListKeysAnswer>& answers, std::size_t mostItems,
                                std::size_t mostBytes, Listed& listed);

/// Lists the keys of the whole ring, a page at a time, from nodes that cover it. One for each loop, on that loop alone;
/// owned by the node, borrows everything it is given.
class Lister {
 public:
  Lister(Executor& executor, const Settings& settings, Membership& membership, Peers& peers, ListAnswerer& answerer)
      : executor_(executor),
        settings_(settings),
        membership_(membership),
        peers_(peers),
        answerer_(answerer),
        background_(executor) {}

  /// One page; it may be shorter than the limit where keys are long: only `next` tells the end. Unavailable names the
  /// nodes that are missing.
  Task<Result<Listed>> list(ListRequest request, Deadline deadline);
  /// The same of what lies on this node alone, whoever is home to it.
  Task<Result<Listed>> listHere(ListRequest request, Deadline deadline);
  /// Waits for what still runs behind answers that have gone out.
  Task<> stop() { co_await background_.close(); }

  /// Bytes of keys in a page: what a reader has to have room for is bounded, whatever the keys.
  static constexpr std::size_t kPageBytes = 256 * 1024;

 private:
  using Answers = std::map<NodeId, wire::ListKeysAnswer>;
  Task<Result<Listed>> listPages(ListRequest request, bool here, Deadline deadline);
  Task<Result<Answers>> askHere(wire::ListKeys message, Deadline deadline);
  Task<Result<Answers>> ask(wire::ListKeys message, Consistency consistency, Deadline deadline);

  Executor& executor_;
  const Settings& settings_;
  Membership& membership_;
  Peers& peers_;
  ListAnswerer& answerer_;
  Gate background_;
};

}  // namespace mydht::cluster
