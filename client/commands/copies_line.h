#pragma once

#include <string>

#include "common/protocol/shapes.h"

namespace mydht::client::commands {

/// One line for people: whether every key has all its copies as far as the asked node knows, and if not, what is being
/// done about it. The status page says the same on top.
std::string copiesLine(const protocol::RingStatus& ring);

/// What a member itself knows of how equal its copies are; empty if all is well, or if what
/// differs may be no more than a write on its way.
std::string agreementRemark(const protocol::NodeStatus& member);

}  // namespace mydht::client::commands
