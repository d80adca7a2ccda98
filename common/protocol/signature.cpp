#include "common/protocol/signature.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "common/hash/hmac.h"
#include "common/result/check.h"

namespace mydht::protocol {

namespace {

/// The value of a lower-case hexadecimal digit, -1 if it is none. Upper case is refused: one spelling, one signature.
int hexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool isHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return hexDigit(c) >= 0; });
}

/// Takes `prefix` off the front of `rest`; false if it does not stand there.
bool take(std::string_view& rest, std::string_view prefix) {
  if (!rest.starts_with(prefix)) return false;
  rest.remove_prefix(prefix.size());
  return true;
}

/// Takes `digits` hexadecimal digits off the front of `rest`.
std::optional<std::string_view> takeHex(std::string_view& rest, std::size_t digits) {
  if (rest.size() < digits || !isHex(rest.substr(0, digits))) return std::nullopt;
  const std::string_view taken = rest.substr(0, digits);
  rest.remove_prefix(digits);
  return taken;
}

/// Takes a decimal number without sign or leading zero off the front of `rest`.
std::optional<std::int64_t> takeNumber(std::string_view& rest) {
  if (rest.empty() || rest.front() < '1' || rest.front() > '9') return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc()) return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return number;
}

Digest digestOfHex(std::string_view hex) {
  Digest digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(hexDigit(hex[2 * i]) * 16 + hexDigit(hex[2 * i + 1]));
  }
  return digest;
}

}  // namespace

std::string stringToSign(const SignedParts& parts, std::int64_t timeMicros, std::string_view nonce) {
  return fmt::format("mydht-hmac 1\n{}\n{}\n{}\n{}\n{}\n{}\n", parts.method, parts.target, parts.host, parts.digest,
                     timeMicros, nonce);
}

Signature sign(std::string_view secret, const SignedParts& parts, std::int64_t timeMicros, std::string_view nonce) {
  MYDHT_ASSERT(nonce.size() == kNonceDigits && isHex(nonce) && timeMicros > 0);
  return {timeMicros, std::string(nonce), hmacSha256(secret, stringToSign(parts, timeMicros, nonce))};
}

bool matches(std::string_view secret, const SignedParts& parts, const Signature& signature) {
  const Digest expected = hmacSha256(secret, stringToSign(parts, signature.timeMicros, signature.nonce));
  return equalInConstantTime(expected, signature.mac);
}

std::string printSignature(const Signature& signature) {
  return fmt::format("{} time={},nonce={},mac={:02x}", kSignatureScheme, signature.timeMicros, signature.nonce,
                     fmt::join(signature.mac, ""));
}

std::optional<Signature> parseSignature(std::string_view value) {
  std::string_view rest = value;
  if (!take(rest, kSignatureScheme) || !take(rest, " time=")) return std::nullopt;
  const auto time = takeNumber(rest);
  if (!time || !take(rest, ",nonce=")) return std::nullopt;
  const auto nonce = takeHex(rest, kNonceDigits);
  if (!nonce || !take(rest, ",mac=")) return std::nullopt;
  const auto mac = takeHex(rest, 2 * Digest{}.size());
  if (!mac || !rest.empty()) return std::nullopt;
  return Signature{*time, std::string(*nonce), digestOfHex(*mac)};
}

std::string_view secretOf(std::string_view fileText) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::string_view line = fileText.substr(0, fileText.find('\n'));
  const std::size_t first = line.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace mydht::protocol
