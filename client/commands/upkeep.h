#pragma once

#include <string>

#include "common/protocol/shapes.h"

/// What `status` tells below its table of members; each begins with an empty line, or is empty if there is nothing.
namespace mydht::client::commands {

/// How equal each member's copies are, its deleted keys, its disk and the last scrub of it, as a table.
std::string upkeepText(const protocol::RingStatus& ring);

/// The last events of the asked node, as its journal has them, the oldest first.
std::string latelyText(const protocol::RingStatus& ring);

}  // namespace mydht::client::commands
