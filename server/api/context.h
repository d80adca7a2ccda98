#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/api/events.h"
#include "server/cluster/node.h"
#include "server/http/message.h"
#include "server/http/routes.h"
#include "server/metrics/numbers.h"
#include "server/metrics/recent_events.h"
#include "server/metrics/traffic.h"
#include "server/ports/clock.h"

namespace mydht::api {

/// What the endpoints call, and what they were told by the options. Owned by node, which fills it before the server
/// starts; immutable from then on, any loop. Borrows everything in it.
struct Context {
  cluster::Node& node;
  std::vector<const Executor*> loops;  ///< in the order of the node's coordinators
  const Clock& clock;
  std::function<Task<http::Response>(http::Request&)> peer;  ///< answers other nodes' messages
  bool trustContent = false;
  std::string programVersion;
  http::Guard* guard = nullptr;  ///< whom the page asks what its reader may do; null: everybody may everything
  std::unique_ptr<Events> events = std::make_unique<Events>();
  std::function<metrics::Numbers()> numbers{};       ///< what the parts below count; empty: nothing is known
  const metrics::TrafficHistory* traffic = nullptr;  ///< null: nothing is known
  const metrics::RecentEvents* lately = nullptr;     ///< null: nothing is known
};

/// The coordinator of the request's own loop.
cluster::Coordinator& coordinatorOf(const Context& context, const http::Request& request);

/// The lister of the request's own loop.
cluster::Lister& listerOf(const Context& context, const http::Request& request);

}  // namespace mydht::api
