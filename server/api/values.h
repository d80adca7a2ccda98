#pragma once

#include "server/api/context.h"

/// The values: GET, HEAD, PUT and DELETE of /KEY and of /_mydht/value?key=KEY. Each runs on its request's loop.
namespace mydht::api {

/// GET and HEAD.
Task<http::Response> getValue(const Context& context, http::Request& request);
Task<http::Response> putValue(const Context& context, http::Request& request);
Task<http::Response> deleteValue(const Context& context, http::Request& request);

}  // namespace mydht::api
