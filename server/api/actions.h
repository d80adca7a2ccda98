#pragma once

#include "server/api/context.h"

/// What may be asked of the ring: one function an action. An action is begun and answered at once (202); how it goes is
/// asked with the number that the answer names.
namespace mydht::api {

/// Makes home nodes equal: begins at ?node= (this one without it) and goes round all nodes.
Task<http::Response> postBalance(const Context& context, http::Request& request);
/// Lets ?node= (this one without it) forget what belongs elsewhere; with ?dry-run=1 it is only counted.
Task<http::Response> postPurge(const Context& context, http::Request& request);
/// How an action goes that was begun here: ?run=.
Task<http::Response> getAction(const Context& context, http::Request& request);

}  // namespace mydht::api
