#pragma once

#include <string>
#include <string_view>

#include "client/connection.h"
#include "client/nodes.h"
#include "common/protocol/consistency.h"
#include "common/result/result.h"

namespace mydht::client::commands {

/// A request about the value of a key.
Request requestOf(http::Method method, std::string_view key, protocol::Consistency consistency);

/// The content type of a string.
inline constexpr std::string_view kTextType = "text/plain; charset=utf-8";

/// The request that stores a value, of that content type if it is not empty. Borrows the body.
Request putOf(std::string_view key, BodySource& body, std::string_view contentType, protocol::Consistency consistency);

/// Asks for JSON about a key: the body of the answer to GET PATH?key=KEY.
Result<std::string> askAbout(Nodes& nodes, std::string_view path, std::string_view key);

/// What the user reads for an error with a value: a missing one has always been ERR_VALUE_NOT_FOUND.
Error valueError(const Error& error);

}  // namespace mydht::client::commands
