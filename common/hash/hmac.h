#pragma once

#include <string_view>

#include "common/result/types.h"

namespace mydht {

/// HMAC-SHA256 (RFC 2104, RFC 4231) of bytes under a key of any length, by OpenSSL. Any thread.
Digest hmacSha256(std::string_view key, std::string_view bytes);

/// Whether two digests are equal, in a time that does not tell where they differ: a MAC that is compared byte by byte
/// until the first difference can be guessed byte by byte.
bool equalInConstantTime(const Digest& a, const Digest& b);

}  // namespace mydht
