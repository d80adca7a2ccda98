#pragma once

#include <vector>

#include "common/protocol/shapes.h"
#include "server/api/context.h"

namespace mydht::api {

/// What this node knows of itself and its ring, in the words of the HTTP interface. Any loop.
protocol::RingStatus ringShapeOf(const Context& context, std::vector<Key> firstKeys);
/// The same with the first keys, or without them where they cannot be read: who has a bad disk has to be told.
Task<protocol::RingStatus> ringShapeWithKeys(const Context& context, Deadline deadline);

}  // namespace mydht::api
