#include "server/api/member_changes.h"

#include <charconv>

#include "common/protocol/names.h"
#include "common/protocol/paths.h"
#include "common/protocol/shapes.h"
#include "server/api/parameters.h"
#include "server/api/refusals.h"

namespace mydht::api {
namespace {

using http::Request;
using http::Response;

/// The words between commas.
std::vector<std::string> wordsOf(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

Response answer(int status, protocol::RingAction done) {
  Response response = http::respond(status, protocol::kJsonType, protocol::toJson(done));
  response.header("Cache-Control", "no-store");
  return response;
}

}  // namespace

Task<Response> postLeave(const Context& context, Request& request) {
  auto node = parameterOf(request, protocol::kNodeParameter);
  if (!node) co_return http::respondError(node.error());
  auto asked = co_await context.node.askToLeave(*node, request.deadline());
  if (!asked) co_return refuseWrite(asked.error());
  co_return answer(202, {"leave", {node->empty() ? context.node.status().hostPort : *node}, 0});
}

Task<Response> postRemove(const Context& context, Request& request) {
  const auto node = parameterOf(request, protocol::kNodeParameter);
  if (!node) co_return http::respondError(node.error());
  const auto force = parameterOf(request, protocol::kForceParameter);
  if (!force) co_return http::respondError(force.error());
  std::vector<std::string> names = wordsOf(*node);
  if (names.empty()) {
    co_return http::respondError({Kind::BadRequest, "parameter 'node' names who is to be removed: HOST:PORT"});
  }
  if (!force->empty() && *force != "0" && *force != "1") {
    co_return http::respondError({Kind::BadRequest, "parameter 'force' is 0 or 1"});
  }
  auto removed = co_await context.node.memberChanges().remove(names, *force == "1", request.deadline());
  if (!removed) co_return refuseWrite(removed.error());
  co_return answer(200, {"remove", std::move(names), removed->mayBeLost.size()});
}

Task<Response> postReplicas(const Context& context, Request& request) {
  const auto text = parameterOf(request, protocol::kCountParameter);
  if (!text) co_return http::respondError(text.error());
  std::uint32_t count = 0;
  const auto [stop, problem] = std::from_chars(text->data(), text->data() + text->size(), count);
  if (problem != std::errc() || stop != text->data() + text->size()) {
    co_return http::respondError({Kind::BadRequest, "parameter 'count' is the number of copies"});
  }
  auto set = co_await context.node.memberChanges().setReplicas(count, request.deadline());
  if (!set) co_return refuseWrite(set.error());
  co_return answer(200, {"replicas", {}, 0});
}

}  // namespace mydht::api
