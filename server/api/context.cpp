#include "server/api/context.h"

#include <algorithm>

namespace mydht::api {

namespace {

/// Which of the node's loops the request came in on.
std::size_t loopOf(const Context& context, const http::Request& request) {
  const Executor* const loop = &request.loop();
  const auto at = std::find(context.loops.begin(), context.loops.end(), loop);
  MYDHT_ASSERT(at != context.loops.end());
  return static_cast<std::size_t>(at - context.loops.begin());
}

}  // namespace

cluster::Coordinator& coordinatorOf(const Context& context, const http::Request& request) {
  return context.node.coordinator(loopOf(context, request));
}

cluster::Lister& listerOf(const Context& context, const http::Request& request) {
  return context.node.lister(loopOf(context, request));
}

}  // namespace mydht::api
