#include "server/api/member_changes.h"

#include <charconv>
#include <cmath>

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

/// What a change would do, instead of doing it. That it would be refused is an answer, too.
Response forecastOf(const Context& context, protocol::RingAction action, const Result<cluster::Forecast>& foreseen) {
  if (!foreseen) return http::respondError(foreseen.error());
  const ring::Movement& movement = foreseen->movement;
  action.mayBeLost = foreseen->mayBeLost.size();
  action.forecast = protocol::Forecast{movement.partitions, movement.copies, movement.least,
                                       context.node.bytesOfCopies(movement.copies)};
  if (!foreseen->allowed) action.forecast->refused = foreseen->allowed.error().text;
  return answer(200, std::move(action));
}

/// "1.5" as hundredths.
Result<std::uint32_t> weightOf(const std::string& text) {
  if (text.empty()) return std::uint32_t{100};
  double weight = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), weight);
  const double hundredths = std::round(weight * 100);
  const bool read = problem == std::errc() && stop == text.data() + text.size();
  if (read && hundredths >= ring::kLeastWeight && hundredths <= ring::kMostWeight)
    return static_cast<std::uint32_t>(hundredths);
  return Error{Kind::BadRequest, "parameter 'weight' is 0.01 to 1000"};
}

}  // namespace

Task<Response> postLeave(const Context& context, Request& request) {
  auto node = parameterOf(request, protocol::kNodeParameter);
  if (!node) co_return http::respondError(node.error());
  const auto dryRun = flagOf(request, protocol::kDryRunParameter);
  if (!dryRun) co_return http::respondError(dryRun.error());
  protocol::RingAction action{"leave", {node->empty() ? context.node.status().hostPort : *node}};
  if (*dryRun) {
    auto foreseen = co_await context.node.memberChanges().foreseeLeave(*node, request.deadline());
    co_return forecastOf(context, std::move(action), foreseen);
  }
  auto asked = co_await context.node.askToLeave(*node, request.deadline());
  if (!asked) co_return refuseWrite(asked.error());
  co_return answer(202, std::move(action));
}

Task<Response> postRemove(const Context& context, Request& request) {
  const auto node = parameterOf(request, protocol::kNodeParameter);
  if (!node) co_return http::respondError(node.error());
  const auto force = flagOf(request, protocol::kForceParameter);
  if (!force) co_return http::respondError(force.error());
  const auto dryRun = flagOf(request, protocol::kDryRunParameter);
  if (!dryRun) co_return http::respondError(dryRun.error());
  std::vector<std::string> names = wordsOf(*node);
  if (names.empty()) {
    co_return http::respondError({Kind::BadRequest, "parameter 'node' names who is to be removed: HOST:PORT"});
  }
  if (*dryRun) {
    auto foreseen = co_await context.node.memberChanges().foreseeRemove(names, *force, request.deadline());
    co_return forecastOf(context, {"remove", std::move(names)}, foreseen);
  }
  auto removed = co_await context.node.memberChanges().remove(names, *force, request.deadline());
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
  const auto dryRun = flagOf(request, protocol::kDryRunParameter);
  if (!dryRun) co_return http::respondError(dryRun.error());
  if (*dryRun) {
    auto foreseen = co_await context.node.memberChanges().foreseeReplicas(count, request.deadline());
    co_return forecastOf(context, {"replicas", {}}, foreseen);
  }
  auto set = co_await context.node.memberChanges().setReplicas(count, request.deadline());
  if (!set) co_return refuseWrite(set.error());
  co_return answer(200, {"replicas", {}});
}

Task<Response> postJoin(const Context& context, Request& request) {
  const auto dryRun = flagOf(request, protocol::kDryRunParameter);
  if (!dryRun) co_return http::respondError(dryRun.error());
  if (!*dryRun) {
    co_return http::respondError(
        {Kind::BadRequest, "a node joins when it is started with -s; here one can only ask with dry-run=1"});
  }
  const auto weightText = parameterOf(request, protocol::kWeightParameter);
  if (!weightText) co_return http::respondError(weightText.error());
  const auto weight = weightOf(*weightText);
  if (!weight) co_return http::respondError(weight.error());
  const auto zone = parameterOf(request, protocol::kZoneParameter);
  if (!zone) co_return http::respondError(zone.error());
  auto foreseen = co_await context.node.memberChanges().foreseeJoin(*weight, *zone, request.deadline());
  co_return forecastOf(context, {"join", {}}, foreseen);
}

}  // namespace mydht::api
