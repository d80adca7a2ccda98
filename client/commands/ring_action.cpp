#include "client/commands/ring_action.h"

#include <fmt/core.h>

#include <chrono>
#include <string>
#include <thread>

#include "common/http/percent.h"
#include "common/protocol/paths.h"

namespace mydht::client::commands {

namespace {

constexpr auto kPoll = std::chrono::milliseconds(300);

Result<protocol::ActionStatus> ask(Nodes& nodes, const Request& request) {
  const auto answer = nodes.ask(request);
  if (!answer) return answer.error();
  auto status = protocol::actionStatusFromJson(answer->body);
  if (!status) return status.error().within("the node's answer");
  return status;
}

/// What could not be done, at which node.
Status problemsOf(const protocol::ActionStatus& status) {
  std::string text;
  for (const protocol::ActionVisit& visit : status.nodes) {
    if (visit.problem.empty()) continue;
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", visit.node, visit.problem);
  }
  if (text.empty()) return {};
  return Error{Kind::Unavailable, fmt::format("{} is over, but not everything was done: {}", status.action, text)};
}

}  // namespace

Result<protocol::ActionStatus> runAction(const Options& options, Nodes& nodes, std::string_view path,
                                         std::string_view more, bool wait) {
  Request request;
  request.method = http::Method::Post;
  request.target = path;
  char separator = '?';
  if (!options.key.empty()) {
    request.target += fmt::format("?{}={}", protocol::kNodeParameter, http::encodeQueryValue(options.key));
    separator = '&';
  }
  if (!more.empty()) request.target += fmt::format("{}{}", separator, more);
  auto status = ask(nodes, request);
  if (!status || !wait) return status;
  Request poll;
  poll.target = fmt::format("{}?{}={:016x}", protocol::kActionsPath, protocol::kRunParameter, status->run);
  while (!status->over) {
    std::this_thread::sleep_for(kPoll);
    status = ask(nodes, poll);
    if (!status) return status;
  }
  if (const Status done = problemsOf(*status); !done) return done.error();
  return status;
}

}  // namespace mydht::client::commands
