#include <fmt/format.h>

#include "client/commands/commands.h"
#include "client/nodes.h"
#include "client/one_line.h"
#include "client/options.h"
#include "client/output.h"
#include "common/http/percent.h"
#include "common/protocol/paths.h"
#include "common/protocol/shapes.h"

namespace mydht::client::commands {

namespace {

/// Asks for the action and prints `done`, or the answer as JSON.
Status act(const Options& options, Nodes& nodes, std::string target, std::string_view done) {
  Request request;
  request.method = http::Method::Post;
  request.target = std::move(target);
  const auto answer = nodes.ask(request);
  if (!answer) return answer.error();
  const auto action = protocol::ringActionFromJson(answer->body);
  if (!action) return action.error().within("the node's answer");
  if (options.json) return printLine(answer->body);
  Status printed = printLine(done);
  if (action->mayBeLost > 0) {
    fmt::print(stderr,
               "mydhtclient: of {} of the ring's 16384 partitions no quorum of good copies was left: what only the "
               "removed nodes had is lost\n",
               action->mayBeLost);
  }
  return printed;
}

std::string with(std::string_view path, std::string_view parameter, std::string_view value) {
  return fmt::format("{}?{}={}", path, parameter, http::encodeQueryValue(value));
}

}  // namespace

Status leave(const Options& options, Nodes& nodes) {
  std::string target(protocol::kLeavePath);
  if (!options.key.empty()) target = with(target, protocol::kNodeParameter, options.key);
  return act(options, nodes, std::move(target), "LEAVE ok");
}

Status remove(const Options& options, Nodes& nodes) {
  std::string target = with(protocol::kRemovePath, protocol::kNodeParameter, options.key);
  if (options.force) target += fmt::format("&{}=1", protocol::kForceParameter);
  return act(options, nodes, std::move(target), "REMOVE ok");
}

Status replicas(const Options& options, Nodes& nodes) {
  return act(options, nodes, with(protocol::kReplicasPath, protocol::kCountParameter, options.key), "REPLICAS ok");
}

}  // namespace mydht::client::commands
