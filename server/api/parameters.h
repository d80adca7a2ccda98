#pragma once

#include <string>
#include <string_view>

#include "common/result/result.h"
#include "server/cluster/quorums.h"
#include "server/http/message.h"

/// What requests say in their path and query, read strictly: BadRequest names the rule that was broken.
namespace mydht::api {

/// The key that a request is about: of its path, or of `?key=` where the path is one of /_mydht/.
Result<std::string> keyOf(const http::Request& request);

/// A parameter of the query; empty if it is not there.
Result<std::string> parameterOf(const http::Request& request, std::string_view name);

/// A parameter that is 0 or 1; false if it is not there.
Result<bool> flagOf(const http::Request& request, std::string_view name);

/// How many home nodes the request wants: quorum unless it says so.
Result<cluster::Consistency> consistencyOf(const http::Request& request);

}  // namespace mydht::api
