#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/result/result.h"

namespace mydht::http {

/// The bytes that a percent-encoded text stands for. '+' is a plus. BadRequest for a '%' without two hexadecimal
/// digits.
Result<std::string> decodePercent(std::string_view encoded);

/// Bytes as (part of) a path: unreserved characters (RFC 3986, 2.3) and '/' as they are, all others as %XX in capitals.
std::string encodePath(std::string_view bytes);

/// Bytes as the value of a query parameter: unreserved characters as they are, all others, '/' too, as %XX.
std::string encodeQueryValue(std::string_view bytes);

/// The decoded value of a parameter in a raw query ("key=a%2Fb&consistency=one"), nothing if it is not there; a name
/// without
/// '=' has the empty value. Here '+' is a space, as forms send it. BadRequest if it is there twice or badly encoded;
/// other parameters are not looked at.
Result<std::optional<std::string>> queryValue(std::string_view query, std::string_view name);

}  // namespace mydht::http
