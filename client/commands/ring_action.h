#pragma once

#include <string_view>

#include "client/nodes.h"
#include "client/options.h"
#include "common/protocol/action_shape.h"

namespace mydht::client::commands {

/// Begins an action on the ring: POST PATH, at the node that -k names, with `more` in the query. With `wait` it asks
/// every now and then how it goes, and returns when it is over everywhere; what could not be done is an error then.
Result<protocol::ActionStatus> runAction(const Options& options, Nodes& nodes, std::string_view path,
                                         std::string_view more, bool wait);

}  // namespace mydht::client::commands
