#pragma once

#include <string>

#include "server/api/context.h"

namespace mydht::api {

/// All metrics in Prometheus' text format. Any loop.
std::string metricsText(const Context& context);

/// GET /_mydht/metrics
Task<http::Response> getMetrics(const Context& context, http::Request& request);

}  // namespace mydht::api
