#include "common/protocol/key_rules.h"

#include <fmt/format.h>

#include <optional>

#include "common/http/percent.h"
#include "common/protocol/paths.h"
#include "common/result/limits.h"

namespace mydht::protocol {

namespace {

Result<std::string> checked(std::string key) {
  const Status status = checkKey(key);
  if (!status) return status.error();
  return key;
}

}  // namespace

Status checkKey(std::string_view key) {
  if (key.empty())
    return Error{Kind::BadRequest, fmt::format("a key has 1 to {} bytes, this one none", limits::kKeyBytes)};
  if (key.size() > limits::kKeyBytes) {
    return Error{Kind::BadRequest, fmt::format("a key has 1 to {} bytes, this one {}", limits::kKeyBytes, key.size())};
  }
  if (key.starts_with(kReservedKeyPrefix)) {
    return Error{Kind::BadRequest, fmt::format("keys that begin with {} are reserved", kReservedKeyPrefix)};
  }
  return {};
}

Result<std::string> keyOfPath(std::string_view rawPath) {
  if (!rawPath.starts_with('/')) return Error{Kind::BadRequest, "the path of a key begins with '/'"};
  Result<std::string> key = http::decodePercent(rawPath.substr(1));
  if (!key) return key.error().within("the key");
  return checked(std::move(*key));
}

Result<std::string> keyOfQuery(std::string_view rawQuery) {
  Result<std::optional<std::string>> key = http::queryValue(rawQuery, kKeyParameter);
  if (!key) return key.error();
  if (!key->has_value()) return Error{Kind::BadRequest, "the parameter 'key' is missing: ?key=KEY"};
  return checked(std::move(**key));
}

}  // namespace mydht::protocol
