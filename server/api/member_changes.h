#pragma once

#include "server/api/context.h"
#include "server/http/exchange.h"

/// The changes of the ring that people ask for. Each answers once the change is agreed, or the leaving begun; what has
/// to be copied then is copied in the background.
namespace mydht::api {

/// POST /_mydht/actions/leave?node=HOST:PORT: that node, or this one, hands over what it has and leaves.
Task<http::Response> postLeave(const Context& context, http::Request& request);
/// POST /_mydht/actions/remove?node=HOST:PORT[,HOST:PORT...]&force=1: takes the place of dead nodes away.
Task<http::Response> postRemove(const Context& context, http::Request& request);
/// POST /_mydht/actions/replicas?count=N: so many copies of everything from now on.
Task<http::Response> postReplicas(const Context& context, http::Request& request);
/// POST /_mydht/actions/join?dry-run=1&weight=W&zone=NAME: what would move if such a node joined.
Task<http::Response> postJoin(const Context& context, http::Request& request);

}  // namespace mydht::api
