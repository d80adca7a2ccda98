#pragma once

#include <array>
#include <cstddef>
#include <string_view>

/// What bytes may stand where in HTTP (RFC 9110, 5.6). Tables, since one look-up a byte is what makes a parser fast.
namespace mydht::http::characters {

inline constexpr std::string_view kDigits = "0123456789";
inline constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

using Table = std::array<bool, 256>;

constexpr Table tableOf(std::string_view extra, bool lettersAndDigits, bool above127) {
  Table table{};
  for (char c : extra) table[static_cast<unsigned char>(c)] = true;
  for (char c : lettersAndDigits ? kDigits : "") table[static_cast<unsigned char>(c)] = true;
  for (char c : lettersAndDigits ? kLetters : "") table[static_cast<unsigned char>(c)] = true;
  for (std::size_t byte = 128; byte < 256; ++byte) table[byte] = above127;
  return table;
}

/// Names of headers and methods.
inline constexpr Table kToken = tableOf("!#$%&'*+-.^_`|~", true, false);
/// A host with its port: names, literal addresses in brackets, no user information.
inline constexpr Table kAuthority = tableOf("-._~!$&'()*+,;=%[]:", true, false);
/// A path: as kTarget without '?'.
inline constexpr Table kPath = tableOf("!\"$%&'()*+,-./:;<=>@[\\]^_`{|}~", true, true);
/// A path with its query: all printable ASCII but '#', and bytes above, since not every client encodes UTF-8.
inline constexpr Table kTarget = tableOf("!\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~", true, true);
/// What is never percent-encoded (RFC 3986, 2.3).
inline constexpr Table kUnreserved = tableOf("-._~", true, false);

constexpr bool is(const Table& table, char c) {
  return table[static_cast<unsigned char>(c)];
}

constexpr bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool isBlank(char c) {
  return c == ' ' || c == '\t';
}
/// Control bytes but for the tab: none of them may stand in a value.
constexpr bool isControl(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

/// 0 to 15, or -1.
constexpr int hexValue(char c) {
  if (isDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Without blanks (spaces and tabs) at both ends.
constexpr std::string_view trimmed(std::string_view text) {
  while (!text.empty() && isBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && isBlank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace mydht::http::characters
