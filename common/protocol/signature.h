#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/result/types.h"

/// How a request proves that its sender knows the ring's secret without sending it: a MAC in the Authorization field,
///
///     Authorization: Mydht-Hmac time=<microseconds since 1970>,nonce=<32 hex digits>,mac=<64 hex digits>
///
/// over the string that stringToSign() makes. Client and server share these functions. Whoever verifies also refuses a
/// time too far from its own clock and a nonce that it has met within that window: else a recorded request can be sent
/// again. Pure functions, any thread.
namespace mydht::protocol {

/// The scheme's name in Authorization and in WWW-Authenticate.
inline constexpr std::string_view kSignatureScheme = "Mydht-Hmac";

/// The number of hexadecimal digits of a nonce: 128 random bits never meet twice.
inline constexpr std::size_t kNonceDigits = 32;

/// What of a request is signed, as it stands in its head. All views borrow.
struct SignedParts {
  std::string_view method;
  std::string_view target;  ///< with the query, percent-encoded as sent
  std::string_view host;    ///< the Host field's value: a signature for one node is worth nothing at another
  std::string_view digest;  ///< the Repr-Digest field's value, empty without one: it binds the body too
};

/// One signature as it travels.
struct Signature {
  std::int64_t timeMicros = 0;
  std::string nonce;  ///< lower-case hexadecimal digits
  Digest mac{};

  bool operator==(const Signature&) const = default;
};

/// The bytes under the MAC: a line each for the scheme with its version, method, target, host, digest, time and nonce.
/// No part can hold a line end (the strict parser refuses it), so that no two requests make the same string.
std::string stringToSign(const SignedParts& parts, std::int64_t timeMicros, std::string_view nonce);

/// Signs a request. The nonce is kNonceDigits hexadecimal digits, fresh and random: the caller makes it.
Signature sign(std::string_view secret, const SignedParts& parts, std::int64_t timeMicros, std::string_view nonce);

/// Whether this signature was made of these parts under this secret. Says nothing of its age. Constant time.
bool matches(std::string_view secret, const SignedParts& parts, const Signature& signature);

/// The value of the Authorization field.
std::string printSignature(const Signature& signature);

/// Reads the value of an Authorization field; nothing if it is of another scheme or not exactly of the form above.
std::optional<Signature> parseSignature(std::string_view value);

/// The secret in the text of a secret file: its first line without blanks around it; empty if there is none.
std::string_view secretOf(std::string_view fileText);

}  // namespace mydht::protocol
