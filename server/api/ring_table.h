#pragma once

#include "server/api/context.h"

namespace mydht::api {

/// GET /_mydht/ring/table: the first home node of each partition in the newest version of the ring. Its ETag is the
/// table's fingerprint, so that who has it already gets 304.
Task<http::Response> getRingTable(const Context& context, http::Request& request);

}  // namespace mydht::api
