#include "server/cluster/ring_actions.h"

#include <fmt/format.h>

#include <algorithm>

namespace mydht::cluster {
namespace {

// Actions remembered, so that whoever waits for one hears of its end.
constexpr std::size_t kRemembered = 32;
constexpr Duration kPoll = std::chrono::milliseconds(250);
// A node that does not answer so many times running is left out.
constexpr unsigned kTries = 4;

/// Makes room for one more; false: all that are remembered are still going on.
template <class T, class IsOver>
bool makeRoom(std::deque<T>& all, const IsOver& isOver) {
  if (all.size() < kRemembered) return true;
  const auto over = std::find_if(all.begin(), all.end(), isOver);
  if (over == all.end()) return false;
  all.erase(over);
  return true;
}

void addTo(wire::ActionCounts& all, const wire::ActionCounts& some) {
  all.taken += some.taken;
  all.sent += some.sent;
  all.dropped += some.dropped;
  all.droppedBytes += some.droppedBytes;
  all.kept += some.kept;
  all.keptBytes += some.keptBytes;
}

}  // namespace

RingActions::RingActions(Executor& loop, const Settings& settings, const Membership& membership, Peers& peers,
                         Balancer& balancer, Purger& purger, Random& random, Journal& journal)
    : loop_(loop),
      settings_(settings),
      membership_(membership),
      peers_(peers),
      balancer_(balancer),
      purger_(purger),
      random_(random),
      journal_(journal),
      wake_(loop),
      background_(loop) {}

void RingActions::stop() {
  stopping_ = true;
  wake_.notifyAll();
}

Result<std::vector<NodeId>> RingActions::nodesFor(wire::ActionKind kind, const std::string& at) const {
  const ring::ViewPtr view = membership_.view();
  if (!view || stopping_) return Error{Kind::Unavailable, "this node is in no ring, or stopping"};
  std::vector<NodeId> members = view->newest().present();
  std::vector<NodeId> nodes{membership_.self().node};
  if (!at.empty() && at != settings_.hostPort) {
    const std::vector<NodeId> there = peers_.nodesAt(at);
    const auto isMember = [&](NodeId node) { return std::find(members.begin(), members.end(), node) != members.end(); };
    const auto found = std::find_if(there.begin(), there.end(), isMember);
    if (found == there.end()) return Error{Kind::NotFound, fmt::format("no member of the ring is at {}", at)};
    nodes = {*found};
  }
  if (kind != wire::ActionKind::Balance) return nodes;
  for (const NodeId node : members) {
    if (node != nodes.front()) nodes.push_back(node);
  }
  return nodes;
}

Task<Result<std::uint64_t>> RingActions::begin(wire::ActionKind kind, std::string at) {
  co_await switchTo(loop_);
  auto nodes = nodesFor(kind, at);
  if (!nodes) co_return nodes.error();
  const auto isSame = [&](const RunPtr& run) {
    return !run->over && run->kind == kind && run->nodes.front().node == nodes->front();
  };
  const auto same = std::find_if(runs_.begin(), runs_.end(), isSame);
  if (same != runs_.end()) co_return (*same)->run;
  if (!makeRoom(runs_, [](const RunPtr& run) { return run->over; }))
    co_return Error{Kind::Unavailable, "too many actions are going on"};
  const auto run = std::make_shared<ActionRun>();
  while (run->run == 0) run->run = random_.next();
  run->kind = kind;
  for (const NodeId node : *nodes) run->nodes.push_back({node, peers_.nameOf(node), ActionRun::Visit::Waiting, {}});
  runs_.push_back(run);
  background_.spawn(goRound(run));
  co_return run->run;
}

Task<std::optional<ActionRun>> RingActions::find(std::uint64_t run) {
  co_await switchTo(loop_);
  const auto at = std::find_if(runs_.begin(), runs_.end(), [&](const RunPtr& some) { return some->run == run; });
  if (at == runs_.end()) co_return std::nullopt;
  co_return **at;
}

Task<> RingActions::goRound(RunPtr run) {
  for (ActionRun::Node& node : run->nodes) {
    node.visit = ActionRun::Visit::Running;
    auto answer = co_await visit(run, node.node);
    node.visit = ActionRun::Visit::Over;
    node.problem = answer.problem;
    addTo(run->counts, answer.counts);
  }
  run->over = true;
}

Task<wire::ActionAnswer> RingActions::visit(RunPtr run, NodeId node) {
  wire::ActionAnswer none;
  none.state = wire::ActionState::Failed;
  for (unsigned failures = 0; failures < kTries && !stopping_;) {
    auto answer = co_await tell(run, node);
    if (answer && answer->state != wire::ActionState::Running) co_return std::move(*answer);
    failures = answer ? 0 : failures + 1;
    if (!answer) none.problem = answer.error().text;
    co_await wake_.waitUntil(loop_.now() + (answer ? kPoll : settings_.timing.skipFirst));
  }
  if (stopping_) none.problem = "the node that leads it is stopping";
  co_return none;
}

Task<Result<wire::ActionAnswer>> RingActions::tell(RunPtr run, NodeId node) {
  const wire::Action message{run->kind, run->run};
  if (node == membership_.self().node) {
    auto answer = co_await act(message);
    co_return answer;
  }
  auto answer = co_await peers_.ask(node, membership_.view(), message, Body(), loop_.now() + settings_.timing.call);
  if (!answer) co_return answer.error();
  co_return std::move(answer->answer);
}

Task<Result<wire::ActionAnswer>> RingActions::act(wire::Action message) {
  co_await switchTo(loop_);
  const auto isIt = [&](const auto& some) { return some.first == message.run; };
  const auto at = std::find_if(answers_.begin(), answers_.end(), isIt);
  if (at != answers_.end()) co_return *at->second;
  if (stopping_) co_return Error{Kind::Stopped, "this node is stopping"};
  if (!makeRoom(answers_, [](const auto& some) { return some.second->state != wire::ActionState::Running; }))
    co_return Error{Kind::Unavailable, "too many actions are going on"};
  const auto answer = std::make_shared<wire::ActionAnswer>();
  answers_.emplace_back(message.run, answer);
  background_.spawn(work(message.kind, answer));
  co_return *answer;
}

Task<> RingActions::work(wire::ActionKind kind, AnswerPtr answer) {
  if (kind == wire::ActionKind::Balance) {
    auto outcome = co_await balancer_.balanceAll();
    answer->counts = outcome.counts;
    answer->problem = std::move(outcome.problem);
  } else {
    auto outcome = co_await purger_.purge(kind == wire::ActionKind::CountPurge);
    answer->counts = outcome.counts;
    answer->problem = std::move(outcome.problem);
  }
  if (answer->problem.size() > wire::kProblemBytes) answer->problem.resize(wire::kProblemBytes);
  answer->state = answer->problem.empty() ? wire::ActionState::Done : wire::ActionState::Failed;
  journal_.note(Severity::Info, kind == wire::ActionKind::Balance ? "balance.asked" : "purge.asked",
                fmt::format("taken={} sent={} dropped={} kept={}{}", answer->counts.taken, answer->counts.sent,
                            answer->counts.dropped, answer->counts.kept,
                            answer->problem.empty() ? "" : fmt::format(" why=\"{}\"", answer->problem)));
}

}  // namespace mydht::cluster
