#include "server/api/context.h"

#include <algorithm>

namespace mydht::api {

cluster::Coordinator& coordinatorOf(const Context& context, const http::Request& request) {
  const Executor* const loop = &request.loop();
  const auto at = std::find(context.loops.begin(), context.loops.end(), loop);
  MYDHT_ASSERT(at != context.loops.end());
  return context.node.coordinator(static_cast<std::size_t>(at - context.loops.begin()));
}

}  // namespace mydht::api
