#pragma once

#include <vector>

#include "server/api/context.h"
#include "server/http/routes.h"

namespace mydht::api {

/// The table of all endpoints: one row each. Borrows the context. docs/http.md describes each row; a test checks that.
std::vector<http::Route> routesOf(const Context& context);

}  // namespace mydht::api
