#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "tests/simulation/model/world.h"

namespace mydht::model {

/// A directed scenario: one key, and every event in the order that the test says. What the test does not deliver stays
/// in flight, for as long as the test likes. A message that is not there (since a rule prevented it) is passed over, so
/// that one script runs with a rule and without. Owns its world.
class Script {
 public:
  /// Nodes 1 .. `nodes` are members of version 0, and these of them its homes, filled with nothing.
  Script(Bug bug, unsigned nodes, const std::vector<NodeId>& homes);

  World& world() { return world_; }

  /// The next version with these homes: agreed, and known to nobody yet.
  RingRef agree(const std::vector<NodeId>& homes);
  /// This node learns of the versions complete .. newest.
  void learn(NodeId node, RingRef complete, RingRef newest);

  /// An operation begun, with its messages in flight.
  std::uint16_t begin(OperationKind kind, NodeId coordinator);
  /// A whole operation that reaches these homes alone, one after another, there and back; its other messages are lost.
  std::uint16_t run(OperationKind kind, NodeId coordinator, std::initializer_list<NodeId> homes);
  /// The operation is given up by its client.
  void giveUp(std::uint16_t operation);

  /// Delivers the oldest message of this kind between these two; false if there is none.
  bool deliver(MessageKind kind, NodeId from, NodeId to, std::uint16_t operation = 0);
  /// The same there and back (the answer has the next kind in the enum).
  void exchange(MessageKind kind, NodeId from, NodeId to, std::uint16_t operation = 0);
  /// Everything in flight arrives, oldest first, and what follows from it.
  void deliverAll();
  void loseAll() { world_.flying.clear(); }

  /// The node asks these to be filled from, and they answer.
  void fill(NodeId node, std::initializer_list<NodeId> sources);
  /// The node, told by these who is filled, finds the newest version complete with these holding it.
  void complete(NodeId node, std::initializer_list<NodeId> filled, std::initializer_list<NodeId> holders);
  /// The node settles the partition with everybody it asks.
  void settle(NodeId node);

  /// What a finished get returned: the operation that wrote it, 0 for no value.
  unsigned read(std::uint16_t get) const;

  /// Checks the history; the violation, empty if there is none.
  const std::string& verdict();

 private:
  void tick();

  World world_;
};

}  // namespace mydht::model
