#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/result/result.h"
#include "common/result/types.h"

namespace mydht::http {

/// The value of Repr-Digest (RFC 9530): `sha-256=:BASE64:`.
std::string reprDigest(const Digest& sha256);

/// The SHA-256 that a Repr-Digest field names, nothing if it names other algorithms only. BadRequest if the field is
/// not a dictionary of byte sequences, names sha-256 twice, or not with 32 bytes.
Result<std::optional<Digest>> parseReprDigest(std::string_view field);

/// Base64 with padding (RFC 4648, 4).
std::string encodeBase64(std::string_view bytes);

/// The bytes of base64 text, nothing unless it is exactly what encodeBase64 prints for them.
std::optional<std::string> decodeBase64(std::string_view text);

}  // namespace mydht::http
