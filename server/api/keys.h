#pragma once

#include "server/api/context.h"

namespace mydht::api {

/// GET /_mydht/keys: the ring's keys in order, a page at a time, or (`where=node`) those that lie on this node.
Task<http::Response> getKeys(const Context& context, http::Request& request);

}  // namespace mydht::api
