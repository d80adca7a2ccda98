#include "server/api/parameters.h"

#include <fmt/format.h>

#include "common/http/percent.h"
#include "common/protocol/consistency.h"
#include "common/protocol/key_rules.h"
#include "common/protocol/paths.h"

namespace mydht::api {
namespace {

/// The paths that take the key as a parameter; every other path is a key.
bool takesKeyParameter(std::string_view path) {
  return path == protocol::kValuePath || path == protocol::kWhereIsPath || path == protocol::kHasKeyPath;
}

}  // namespace

Result<std::string> keyOf(const http::Request& request) {
  if (takesKeyParameter(request.path())) return protocol::keyOfQuery(request.query());
  return protocol::keyOfPath(request.path());
}

Result<std::string> parameterOf(const http::Request& request, std::string_view name) {
  auto value = http::queryValue(request.query(), name);
  if (!value) return value.error();
  return value->value_or("");
}

Result<bool> flagOf(const http::Request& request, std::string_view name) {
  const auto text = parameterOf(request, name);
  if (!text) return text.error();
  if (text->empty() || *text == "0") return false;
  if (*text == "1") return true;
  return Error{Kind::BadRequest, fmt::format("parameter '{}' is 0 or 1", name)};
}

Result<cluster::Consistency> consistencyOf(const http::Request& request) {
  if (request.query().empty()) return cluster::Consistency::Quorum;
  const auto asked = protocol::consistencyOfQuery(request.query());
  if (!asked) return asked.error();
  switch (*asked) {
    case protocol::Consistency::One:
      return cluster::Consistency::One;
    case protocol::Consistency::Quorum:
      return cluster::Consistency::Quorum;
    case protocol::Consistency::All:
      return cluster::Consistency::All;
  }
  invariantBroken("a known consistency", __FILE__, __LINE__);
}

}  // namespace mydht::api
