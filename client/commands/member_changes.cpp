#include <fmt/format.h>

#include "client/commands/commands.h"
#include "client/nodes.h"
#include "client/one_line.h"
#include "client/options.h"
#include "client/output.h"
#include "client/progress_line.h"
#include "common/http/percent.h"
#include "common/protocol/paths.h"
#include "common/protocol/shapes.h"
#include "common/result/limits.h"

namespace mydht::client::commands {

namespace {

/// What would have to be copied.
std::string movementText(const protocol::Forecast& forecast) {
  if (forecast.copies == 0) return "would move nothing: every key has its copies where they would be";
  std::string text = fmt::format("would make {} copies of partitions anew, of {} of the ring's {} partitions: about {}",
                                 forecast.copies, forecast.partitions, limits::kPartitions, sizeText(forecast.bytes));
  text += fmt::format("\nno placement could do with less than {} of them", forecast.least);
  if (forecast.least == 0) return text;
  return text + fmt::format("; this is {:.2f} times that",
                            static_cast<double>(forecast.copies) / static_cast<double>(forecast.least));
}

std::string forecastText(const protocol::Forecast& forecast, std::uint64_t mayBeLost) {
  std::string text = movementText(forecast);
  if (mayBeLost == 0) return text;
  return text + fmt::format(
                    "\nof {} partitions no quorum of good copies would be left: what only the removed nodes "
                    "have would be lost",
                    mayBeLost);
}

/// Prints what a change would do; an error if it would be refused.
Status tell(const Options& options, const protocol::RingAction& action, const std::string& json) {
  Status printed = printLine(options.json ? json : forecastText(*action.forecast, action.mayBeLost));
  if (!printed || action.forecast->refused.empty()) return printed;
  return Error{Kind::Conflict, "it would be refused: " + oneLine(action.forecast->refused)};
}

/// Asks for the action and prints `done`, or the answer as JSON; with --dry-run what it would do.
Status act(const Options& options, Nodes& nodes, std::string target, std::string_view done) {
  Request request;
  request.method = http::Method::Post;
  request.target = std::move(target);
  if (options.dryRun) {
    const char separator = request.target.find('?') == std::string::npos ? '?' : '&';
    request.target += fmt::format("{}{}=1", separator, protocol::kDryRunParameter);
  }
  const auto answer = nodes.ask(request);
  if (!answer) return answer.error();
  const auto action = protocol::ringActionFromJson(answer->body);
  if (!action) return action.error().within("the node's answer");
  if (options.dryRun && !action->forecast) {
    return Error{Kind::Unavailable, "that node does not know --dry-run, and may have done it: its program is older"};
  }
  if (action->forecast) return tell(options, *action, answer->body);
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

Status join(const Options& options, Nodes& nodes) {
  if (!options.dryRun) return Error{Kind::BadRequest, "a node joins when it is started with -s: this is for --dry-run"};
  std::string target = fmt::format("{}", protocol::kJoinPath);
  const std::size_t comma = std::min(options.key.find(','), options.key.size());
  target = with(target, protocol::kWeightParameter, std::string_view(options.key).substr(0, comma));
  if (comma < options.key.size()) {
    target += fmt::format("&{}={}", protocol::kZoneParameter, http::encodeQueryValue(options.key.substr(comma + 1)));
  }
  return act(options, nodes, std::move(target), "");
}

}  // namespace mydht::client::commands
