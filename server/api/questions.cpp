#include "server/api/questions.h"

#include "common/protocol/names.h"
#include "common/protocol/shapes.h"
#include "server/api/parameters.h"
#include "server/api/refusals.h"
#include "server/api/ring_shape.h"

namespace mydht::api {
namespace {

using http::Request;
using http::Response;

/// Of what changes by itself.
Response json(std::string text) {
  Response response = http::respond(200, protocol::kJsonType, std::move(text));
  response.header("Cache-Control", "no-store");
  return response;
}

protocol::HasKey hasKeyOf(std::string key, const Result<cluster::Located>& located) {
  protocol::HasKey shape;
  shape.key = std::move(key);
  shape.found = located.ok();
  if (!located) return shape;
  shape.timestampMicros = located->entry.version.physicalMicros;
  shape.size = located->entry.size;
  shape.sha256 = hexOf(located->entry.sha256);
  return shape;
}

}  // namespace

Task<Response> getStatus(const Context& context, Request& request) {
  const protocol::RingStatus shape = co_await ringShapeWithKeys(context, request.deadline());
  co_return json(protocol::toJson(shape));
}

Task<Response> getRing(const Context& context, Request&) {
  protocol::RingStatus shape = ringShapeOf(context, {});
  shape.traffic.reset();
  shape.lately.clear();
  co_return json(protocol::toJson(shape));
}

Task<Response> getWhereIs(const Context& context, Request& request) {
  auto key = keyOf(request);
  if (!key) co_return http::respondError(key.error());
  protocol::WhereIs shape;
  shape.partition = partitionOf(*key);
  shape.nodes = context.node.whereIs(*key);
  shape.key = std::move(*key);
  co_return json(protocol::toJson(shape));
}

Task<Response> getHasKey(const Context& context, Request& request) {
  auto key = keyOf(request);
  if (!key) co_return http::respondError(key.error());
  const auto consistency = consistencyOf(request);
  if (!consistency) co_return http::respondError(consistency.error());
  auto located = co_await coordinatorOf(context, request).locate(*key, *consistency, false, request.deadline());
  if (!located && located.error().kind != Kind::NotFound) co_return refuseRead(located.error());
  co_return json(protocol::toJson(hasKeyOf(std::move(*key), located)));
}

Task<Response> getHealth(const Context& context, Request&) {
  const std::string trouble = context.node.status().trouble;
  if (!trouble.empty()) co_return refuseRead({Kind::Unavailable, trouble});
  Response response = http::respond(200, "text/plain; charset=utf-8", "ok\n");
  response.header("Cache-Control", "no-store");
  co_return response;
}

}  // namespace mydht::api
