#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/version/entry.h"
#include "tests/simulation/model/bugs.h"
#include "tests/simulation/model/coverage.h"
#include "tests/simulation/model/node.h"
#include "tests/simulation/model/operation.h"
#include "tests/simulation/model/random.h"
#include "tests/simulation/model/rings.h"

namespace mydht::model {

/// Everything there is in one run: nodes, what is in flight, the history of operations. Owned by the driver or by a
/// scenario, used by one thread; the steps (coordinator, home, ring_change, ...) are free functions that change it.
class World {
 public:
  explicit World(Bug bug = Bug::None) : bug_(bug) {}

  /// Empties it for another run and keeps its memory.
  void reset(std::uint64_t seed);

  bool has(Bug bug) const { return bug_ == bug; }
  Node& node(NodeId id) { return nodes[id]; }
  unsigned partitionOf(unsigned key) const { return key % partitions; }
  /// The entry behind a reference; the reference must not be 0.
  const Entry& entry(EntryRef ref) const { return entries[ref]; }
  /// Whether b is older than a, in the merge rule's order; none is older than every entry.
  bool newerThan(EntryRef a, EntryRef b) const;
  /// Whether a node's key is filled well enough to vote with the view that the node has (R5).
  bool mayVote(const Node& node, unsigned key) const { return node.kept.filledFor[key] > node.kept.view.complete; }
  /// Whether the node is filled for the newest version that it knows.
  bool filledForNewest(const Node& node, unsigned partition) const;
  Version versionNow(NodeId node);
  /// Brings an up and running node with a fresh clock, above what it has kept.
  void startProcess(NodeId id);

  /// Puts a message into flight, or loses it.
  void send(const Message& message);
  /// What is in memory is on disk now. Does nothing when a bug holds this kind of change back.
  void sync(NodeId id, Bug heldBackBy);
  /// Notes the first violation of the run.
  void violated(std::string_view checker, std::string text);

  template <class... Arguments>
  void say(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (trace) fmt::print("{:4} {}\n", step, fmt::format(format, std::forward<Arguments>(arguments)...));
  }

  Random random{0};
  bool trace = false;
  unsigned step = 0;
  std::int64_t nowMicros = 0;
  unsigned keys = 1;
  unsigned partitions = 1;
  unsigned lossPermille = 0;
  unsigned lastNode = 0;  ///< identities so far are 1 .. lastNode
  RingRef complete = 0;   ///< the newest version that anybody has found complete, known to the checkers alone
  Rings rings;
  std::array<Node, kNodes> nodes;
  std::vector<Entry> entries;          ///< [0] is not used
  std::vector<std::uint16_t> writers;  ///< the operation that made each entry
  std::vector<Message> flying;
  std::vector<Operation> operations;  ///< [0] is not used
  std::string violation;              ///< empty while all is well
  Coverage coverage;                  ///< summed up over runs

 private:
  Bug bug_;
};

}  // namespace mydht::model
