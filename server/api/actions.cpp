#include "server/api/actions.h"

#include <fmt/format.h>

#include <charconv>

#include "common/protocol/action_shape.h"
#include "common/protocol/names.h"
#include "common/protocol/paths.h"
#include "server/api/parameters.h"
#include "server/api/refusals.h"

namespace mydht::api {
namespace {

using http::Request;
using http::Response;

std::string_view nameOf(wire::ActionKind kind) {
  switch (kind) {
    case wire::ActionKind::Balance:
      return "balance";
    case wire::ActionKind::Purge:
      return "purge";
    case wire::ActionKind::CountPurge:
      return "count-purge";
  }
  return "unknown";
}

std::string_view nameOf(cluster::ActionRun::Visit visit) {
  switch (visit) {
    case cluster::ActionRun::Visit::Waiting:
      return "waiting";
    case cluster::ActionRun::Visit::Running:
      return "running";
    case cluster::ActionRun::Visit::Over:
      return "over";
  }
  return "unknown";
}

protocol::ActionStatus shapeOf(const cluster::ActionRun& run) {
  protocol::ActionStatus shape;
  shape.run = run.run;
  shape.action = nameOf(run.kind);
  shape.over = run.over;
  for (const auto& node : run.nodes) shape.nodes.push_back({node.name, std::string(nameOf(node.visit)), node.problem});
  shape.taken = run.counts.taken;
  shape.sent = run.counts.sent;
  shape.dropped = run.counts.dropped;
  shape.droppedBytes = run.counts.droppedBytes;
  shape.kept = run.counts.kept;
  shape.keptBytes = run.counts.keptBytes;
  return shape;
}

Task<Response> answerWith(const Context& context, std::uint64_t run, int status) {
  auto found = co_await context.node.actions().find(run);
  if (!found) co_return http::respondProblem(404, "no action with that number was begun here lately");
  Response response = http::respond(status, protocol::kJsonType, protocol::toJson(shapeOf(*found)));
  response.header("Cache-Control", "no-store");
  if (status == 202) {
    response.header("Location", fmt::format("{}?{}={:016x}", protocol::kActionsPath, protocol::kRunParameter, run));
  }
  co_return response;
}

Task<Response> begin(const Context& context, const Request& request, wire::ActionKind kind) {
  auto node = parameterOf(request, protocol::kNodeParameter);
  if (!node) co_return http::respondError(node.error());
  auto begun = co_await context.node.actions().begin(kind, std::move(*node));
  if (!begun && begun.error().kind == Kind::NotFound) co_return http::respondError(begun.error());
  if (!begun) co_return refuseWrite({Kind::NotDone, begun.error().text});
  auto response = co_await answerWith(context, *begun, 202);
  co_return response;
}

}  // namespace

Task<Response> postBalance(const Context& context, Request& request) {
  auto response = co_await begin(context, request, wire::ActionKind::Balance);
  co_return response;
}

Task<Response> postPurge(const Context& context, Request& request) {
  const auto dryRun = flagOf(request, protocol::kDryRunParameter);
  if (!dryRun) co_return http::respondError(dryRun.error());
  const auto kind = *dryRun ? wire::ActionKind::CountPurge : wire::ActionKind::Purge;
  auto response = co_await begin(context, request, kind);
  co_return response;
}

Task<Response> getAction(const Context& context, Request& request) {
  const auto text = parameterOf(request, protocol::kRunParameter);
  if (!text) co_return http::respondError(text.error());
  std::uint64_t run = 0;
  const auto [stop, problem] = std::from_chars(text->data(), text->data() + text->size(), run, 16);
  if (problem != std::errc() || stop != text->data() + text->size())
    co_return http::respondProblem(400, "parameter 'run' is the 16 hexadecimal digits of an action's number");
  auto response = co_await answerWith(context, run, 200);
  co_return response;
}

}  // namespace mydht::api
