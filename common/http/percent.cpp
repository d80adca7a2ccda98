#include "common/http/percent.h"

#include "common/http/characters.h"

namespace mydht::http {

namespace {

std::string encode(std::string_view bytes, bool slashToo) {
  std::string encoded;
  encoded.reserve(bytes.size() + 16);
  for (char c : bytes) {
    if (characters::is(characters::kUnreserved, c) || (c == '/' && !slashToo)) {
      encoded += c;
      continue;
    }
    constexpr char kHex[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return encoded;
}

/// Decodes; in forms '+' is a space.
Result<std::string> decode(std::string_view encoded, bool plusIsSpace) {
  std::string bytes;
  bytes.reserve(encoded.size());
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      bytes += plusIsSpace && encoded[i] == '+' ? ' ' : encoded[i];
      continue;
    }
    const int high = i + 2 < encoded.size() ? characters::hexValue(encoded[i + 1]) : -1;
    const int low = i + 2 < encoded.size() ? characters::hexValue(encoded[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return Error{Kind::BadRequest, "badly percent-encoded: a '%' needs two hexadecimal digits behind it"};
    }
    bytes += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return bytes;
}

}  // namespace

Result<std::string> decodePercent(std::string_view encoded) {
  return decode(encoded, false);
}

std::string encodePath(std::string_view bytes) {
  return encode(bytes, false);
}

std::string encodeQueryValue(std::string_view bytes) {
  return encode(bytes, true);
}

Result<std::optional<std::string>> queryValue(std::string_view query, std::string_view name) {
  std::optional<std::string> found;
  while (!query.empty()) {
    const std::size_t ampersand = query.find('&');
    const std::string_view parameter = query.substr(0, ampersand);
    query.remove_prefix(ampersand == std::string_view::npos ? query.size() : ampersand + 1);
    const std::size_t equals = parameter.find('=');
    if (parameter.substr(0, equals) != name) continue;
    if (found) return Error{Kind::BadRequest, "the parameter '" + std::string(name) + "' is there twice"};
    const std::string_view raw = equals == std::string_view::npos ? std::string_view() : parameter.substr(equals + 1);
    Result<std::string> value = decode(raw, true);
    if (!value) return value.error().within("parameter '" + std::string(name) + "'");
    found = std::move(*value);
  }
  return found;
}

}  // namespace mydht::http
