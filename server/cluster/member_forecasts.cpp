#include <algorithm>

#include "server/cluster/member_changes.h"

/// What the changes of the ring that people ask for would do: their own checks and the arithmetic on tables, and no
/// change.
namespace mydht::cluster {
namespace {

/// An identity of a node that is not there, which no other one has.
NodeId strangerTo(const ring::MemberList& list) {
  NodeId node = 1;
  while (list.find(node) != nullptr) ++node;
  return node;
}

}  // namespace

Task<Result<Forecast>> MemberChanges::foreseeLeave(std::string hostPort, Deadline deadline) {
  co_await switchTo(loop_);
  const ring::ViewPtr view = membership_.view();
  if (!view) co_return Error{Kind::Unavailable, "this node is a member of no ring yet"};
  if (hostPort.empty()) hostPort = settings_.hostPort;
  const auto leaver = named({hostPort}, *view);
  if (!leaver) co_return leaver.error();
  const NodeId node = *leaver->begin();
  const Answers answers = co_await pollMembers(view, deadline);
  Forecast forecast;
  forecast.movement = ring::movementBetween(view->newest(), ring::Ring(without(*view, *leaver, ring::Rank::Gone)));
  forecast.allowed = checkLeave(*view, node, answers);
  if (!answers.contains(node)) {
    forecast.allowed = Error{Kind::Unavailable, hostPort + " does not answer: if it is dead, use remove"};
  }
  co_return forecast;
}

Task<Result<Forecast>> MemberChanges::foreseeRemove(std::vector<std::string> names, bool force, Deadline deadline) {
  co_await switchTo(loop_);
  const ring::ViewPtr view = membership_.view();
  if (!view) co_return Error{Kind::Unavailable, "this node is a member of no ring yet"};
  const auto nodes = named(names, *view);
  if (!nodes) co_return nodes.error();
  const ring::MemberList next = without(*view, *nodes, force ? ring::Rank::Destroyed : ring::Rank::Removed);
  auto down = co_await areDown(*nodes, view, loop_.now() + settings_.timing.call);
  const Answers answers = co_await pollMembers(view, deadline);
  Forecast forecast;
  forecast.movement = ring::movementBetween(view->newest(), ring::Ring(next));
  forecast.mayBeLost = lacking(*view, next, answers, *nodes);
  const auto may = mayRemove(*view, next, *nodes, force, answers);
  forecast.allowed = !down ? down : may ? Status() : Status(may.error());
  co_return forecast;
}

Task<Result<Forecast>> MemberChanges::foreseeReplicas(std::uint32_t replicas, Deadline deadline) {
  co_await switchTo(loop_);
  const ring::ViewPtr view = membership_.view();
  if (!view) co_return Error{Kind::Unavailable, "this node is a member of no ring yet"};
  const auto next = withReplicas(*view, replicas);
  if (!next) co_return next.error();
  const Answers answers = co_await pollMembers(view, deadline);
  Forecast forecast;
  forecast.movement = ring::movementBetween(view->newest(), ring::Ring(*next));
  if (*next != view->newest().list()) forecast.allowed = heardByMajority(*view, *next, answers);
  co_return forecast;
}

Task<Result<Forecast>> MemberChanges::foreseeJoin(std::uint32_t weightHundredths, std::string zone, Deadline deadline) {
  co_await switchTo(loop_);
  const ring::ViewPtr view = membership_.view();
  if (!view) co_return Error{Kind::Unavailable, "this node is a member of no ring yet"};
  ring::MemberList next = view->newest().list();
  ring::Member joiner;
  joiner.id = joiner.tokenSeed = strangerTo(next);
  joiner.weightHundredths = weightHundredths;
  joiner.zone = std::move(zone);
  next.put(joiner);
  if (Status sound = ring::checkList(next); !sound) co_return sound.error();
  const Answers answers = co_await pollMembers(view, deadline);
  Forecast forecast;
  forecast.movement = ring::movementBetween(view->newest(), ring::Ring(next));
  forecast.allowed = heardByMajority(*view, next, answers);
  co_return forecast;
}

}  // namespace mydht::cluster
