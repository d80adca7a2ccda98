#include "server/api/keys.h"

#include <fmt/format.h>

#include <charconv>

#include "common/hash/sha256.h"
#include "common/http/percent.h"
#include "common/protocol/names.h"
#include "common/protocol/paths.h"
#include "common/protocol/shapes.h"
#include "server/api/parameters.h"
#include "server/api/refusals.h"

namespace mydht::api {
namespace {

using http::Request;
using http::Response;

/// A parameter's bytes, as many as a key may have; empty if it is not there.
Result<std::string> bytesOf(const Request& request, std::string_view name) {
  auto value = http::queryValue(request.query(), name);
  if (!value) return value.error();
  if (!*value) return std::string();
  if ((*value)->size() > limits::kKeyBytes) {
    return Error{Kind::BadRequest, fmt::format("parameter '{}' has at most {} bytes", name, limits::kKeyBytes)};
  }
  return std::move(**value);
}

Result<std::size_t> limitOf(const Request& request) {
  const auto value = http::queryValue(request.query(), protocol::kLimitParameter);
  if (!value) return value.error();
  if (!*value) return protocol::kListingItems;
  const std::string& text = **value;
  std::size_t limit = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), limit);
  const bool whole = problem == std::errc() && stop == text.data() + text.size();
  if (!whole || limit == 0 || limit > protocol::kListingItems) {
    return Error{Kind::BadRequest, fmt::format("parameter '{}' is a number from 1 to {}", protocol::kLimitParameter,
                                               protocol::kListingItems)};
  }
  return limit;
}

/// Whether only what lies on this node is asked for.
Result<bool> isHere(const Request& request) {
  const auto where = http::queryValue(request.query(), protocol::kWhereParameter);
  if (!where) return where.error();
  if (!*where || **where == "ring") return false;
  if (**where == "node") return true;
  return Error{Kind::BadRequest, fmt::format("parameter '{}' is ring or node", protocol::kWhereParameter)};
}

Result<cluster::ListRequest> listRequestOf(const Request& request) {
  auto prefix = bytesOf(request, protocol::kPrefixParameter);
  if (!prefix) return prefix.error();
  auto after = bytesOf(request, protocol::kAfterParameter);
  if (!after) return after.error();
  auto delimiter = bytesOf(request, protocol::kDelimiterParameter);
  if (!delimiter) return delimiter.error();
  const auto limit = limitOf(request);
  if (!limit) return limit.error();
  const auto consistency = consistencyOf(request);
  if (!consistency) return consistency.error();
  return cluster::ListRequest{std::move(*prefix), std::move(*after), std::move(*delimiter), *limit, *consistency};
}

protocol::Listing shapeOf(cluster::Listed listed) {
  protocol::Listing shape;
  shape.keys.reserve(listed.entries.size());
  for (Entry& entry : listed.entries) {
    shape.keys.push_back({std::move(entry.key), entry.size, entry.version.physicalMicros, hexOf(entry.sha256),
                          std::move(entry.contentType)});
  }
  shape.prefixes = std::move(listed.prefixes);
  shape.next = std::move(listed.next);
  return shape;
}

}  // namespace

Task<Response> getKeys(const Context& context, Request& request) {
  auto asked = listRequestOf(request);
  if (!asked) co_return http::respondError(asked.error());
  const auto here = isHere(request);
  if (!here) co_return http::respondError(here.error());
  cluster::Lister& lister = listerOf(context, request);
  auto listed = *here ? lister.listHere(std::move(*asked), request.deadline())
                      : lister.list(std::move(*asked), request.deadline());
  auto page = co_await std::move(listed);
  if (!page) co_return refuseRead(page.error());
  Response response = http::respond(200, protocol::kJsonType, protocol::toJson(shapeOf(std::move(*page))));
  response.header("Cache-Control", "no-store");
  co_return response;
}

}  // namespace mydht::api
