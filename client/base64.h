#pragma once

#include <string>
#include <string_view>

namespace mydht::client {

/// Bytes as base64 (RFC 4648, 4) with its padding.
std::string base64(std::string_view bytes);

}  // namespace mydht::client
