#include "server/api/guard.h"

#include "common/protocol/names.h"
#include "server/api/refusals.h"

namespace mydht::api {
namespace {

/// What the policy calls what that caller does; nothing: anybody may.
std::optional<access::Action> actionOf(http::Caller caller) {
  switch (caller) {
    case http::Caller::Anybody:
      return std::nullopt;
    case http::Caller::Reader:
      return access::Action::Read;
    case http::Caller::Writer:
      return access::Action::Write;
    case http::Caller::Ring:
      return access::Action::Ring;
    case http::Caller::Node:
      return access::Action::Peer;
  }
  invariantBroken("a known caller", __FILE__, __LINE__);
}

http::Response answerOf(const access::Refusal& refusal) {
  http::Response response =
      http::respond(refusal.problem.status, protocol::kProblemType, protocol::toJson(refusal.problem));
  if (!refusal.challenge.empty()) response.header("WWW-Authenticate", refusal.challenge);
  return response;
}

}  // namespace

std::optional<http::Response> Guard::refuse(const http::Request& request, http::Caller caller) {
  if (caller != http::Caller::Node && !serving_.load(std::memory_order_relaxed)) {
    return refuseWrite({Kind::NotDone, "this node is starting or stopping; try again, or ask another one"});
  }
  const auto action = actionOf(caller);
  if (!action) return std::nullopt;
  const auto refusal = policy_.refuse(request.head(), request.remote().loopback, *action);
  if (!refusal) return std::nullopt;
  return answerOf(*refusal);
}

}  // namespace mydht::api
