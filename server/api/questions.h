#pragma once

#include "server/api/context.h"

/// What may be asked of a node beside the values: JSON answers, one function an endpoint.
namespace mydht::api {

/// This node and its ring, with the first keys that lie here.
Task<http::Response> getStatus(const Context& context, http::Request& request);
/// The same without keys: cheap to ask often.
Task<http::Response> getRing(const Context& context, http::Request& request);
/// The home nodes of a key.
Task<http::Response> getWhereIs(const Context& context, http::Request& request);
/// Whether a key has a value, and which.
Task<http::Response> getHasKey(const Context& context, http::Request& request);
/// 200 while this node serves as it should, else 503 with the reason.
Task<http::Response> getHealth(const Context& context, http::Request& request);

}  // namespace mydht::api
