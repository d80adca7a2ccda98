#pragma once

#include <cstddef>
#include <vector>

#include "common/protocol/shapes.h"
#include "server/api/context.h"

namespace mydht::api {

/// How many keys the status shows: a first look, not a listing.
inline constexpr std::size_t kFirstKeys = 50;

/// What this node knows of itself and its ring, in the words of the HTTP interface. Any loop.
protocol::RingStatus ringShapeOf(const Context& context, std::vector<Key> firstKeys);

}  // namespace mydht::api
