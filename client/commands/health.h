#pragma once

#include <string>

#include "common/protocol/shapes.h"

namespace mydht::client::commands {

/// A member's name for people, or its identity while no name is known.
std::string nameOf(const protocol::NodeStatus& member);

/// How a ring is, as far as the asked node knows.
struct Health {
  bool well = false;   ///< every key has all its copies, and nothing is wrong anywhere
  std::string line{};  ///< one line for people: that, or what is missing and what is being done about it
};
/// The status page says the same on top.
Health healthOf(const protocol::RingStatus& ring);

/// What a member itself knows of how equal its copies are to those of the other home nodes, and for how long that has
/// been so; "equal" too if what differs may be no more than a write on its way. Empty: it has not said, or does not
/// answer.
std::string copiesText(const protocol::NodeStatus& member);

}  // namespace mydht::client::commands
