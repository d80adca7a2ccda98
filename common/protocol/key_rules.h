#pragma once

#include <string>
#include <string_view>

#include "common/result/result.h"

namespace mydht::protocol {

/// Whether a client may use this key: not empty, at most limits::kKeyBytes, and not beginning with `_mydht/`.
/// BadRequest names the limit. Any bytes are allowed.
Status checkKey(std::string_view key);

/// The key of a request's raw path ("/some%20key"), checked.
Result<std::string> keyOfPath(std::string_view rawPath);

/// The key of a raw query ("key=some%20key"), checked; BadRequest too if it is missing.
Result<std::string> keyOfQuery(std::string_view rawQuery);

}  // namespace mydht::protocol
