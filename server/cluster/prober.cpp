#include "server/cluster/prober.h"

#include <fmt/format.h>

#include <algorithm>

namespace mydht::cluster {
namespace {

// An answer that is late says all the same that the node is there: so much longer than wanted it may take.
constexpr int kLate = 4;

std::string_view stateText(Liveness state) {
  switch (state) {
    case Liveness::Alive:
      return "alive";
    case Liveness::Suspect:
      return "suspect";
    case Liveness::Dead:
      return "dead";
  }
  return "unknown";
}

}  // namespace

Prober::Prober(Executor& loop, const Settings& settings, const Membership& membership, Peers& peers, Random& random,
               Journal& journal)
    : loop_(loop),
      settings_(settings),
      membership_(membership),
      peers_(peers),
      random_(random),
      journal_(journal),
      wake_(loop),
      background_(loop) {}

void Prober::stop() {
  stopping_ = true;
  wake_.notifyAll();
}

Task<> Prober::run() {
  if (settings_.timing.probe == Duration(0)) co_return;
  while (!stopping_) {
    followMembers();
    for (Swim::Ping& ping : swim_->tick(loop_.now())) background_.spawn(send(std::move(ping)));
    tellChanges();
    co_await wake_.waitUntil(swim_->next());
  }
}

/// Gone and removed ones are forgotten; who is joining or leaving counts until it has.
void Prober::followMembers() {
  if (!swim_) swim_.emplace(membership_.self().node, settings_.timing, random_);
  const ring::ViewPtr view = membership_.view();
  if (view == followed_) return;
  followed_ = view;
  const std::vector<NodeId> members = view ? view->members() : std::vector<NodeId>();
  swim_->setMembers(members, loop_.now());
  std::erase_if(deadSince_,
                [&](const auto& entry) { return !std::binary_search(members.begin(), members.end(), entry.first); });
}

void Prober::tellChanges() {
  for (const Swim::Change& change : swim_->takeChanges()) {
    peers_.judge(change.node, change.to, loop_.now());
    const std::string name = peers_.nameOf(change.node);
    if (change.to == Liveness::Dead) {
      deadSince_[change.node] = loop_.now();
      journal_.note(Severity::Warn, "member.silent",
                    fmt::format("node={} why=\"{}\"", name, peers_.health(change.node).lastError));
    } else if (change.from == Liveness::Dead) {
      deadSince_.erase(change.node);
      journal_.note(Severity::Info, "member.back", fmt::format("node={}", name));
    } else {
      journal_.note(Severity::Debug, "member." + std::string(stateText(change.to)), fmt::format("node={}", name));
    }
  }
}

Task<> Prober::send(Swim::Ping ping) {
  const Time begun = loop_.now();
  wire::Probe message{ping.target, ping.rumours};
  const Deadline deadline = begun + kLate * settings_.timing.probeAnswer;
  auto answer = co_await peers_.ask(ping.to, membership_.view(), std::move(message), Body(), deadline);
  const Time now = loop_.now();
  if (answer) {
    swim_->hear(answer->from.node, answer->answer.rumours, now);
    answer->answer.reached ? swim_->acked(ping, now) : swim_->failed(ping, now);
  } else if (now < deadline && answer.error().kind != Kind::NotDone) {
    swim_->failed(ping, now);
  }
  wake_.notifyAll();
}

Task<Result<wire::ProbeAnswer>> Prober::answer(NodeId from, wire::Probe message, Deadline deadline) {
  co_await switchTo(loop_);
  followMembers();
  swim_->hear(from, message.rumours, loop_.now());
  wake_.notifyAll();
  if (message.target == membership_.self().node) co_return wire::ProbeAnswer{true, swim_->rumoursFor(from, from)};
  wire::ProbeAnswer said;
  wire::Probe relayed{message.target, swim_->rumoursFor(message.target, message.target)};
  const Deadline by = std::min(deadline, loop_.now() + settings_.timing.probeAnswer);
  auto answer = co_await peers_.ask(message.target, membership_.view(), std::move(relayed), Body(), by);
  if (answer) {
    swim_->hear(answer->from.node, answer->answer.rumours, loop_.now());
    said.reached = answer->answer.reached;
    wake_.notifyAll();
  }
  said.rumours = swim_->rumoursFor(from, message.target);
  co_return said;
}

std::optional<Time> Prober::deadSince(NodeId node) const {
  const auto at = deadSince_.find(node);
  return at == deadSince_.end() ? std::nullopt : std::optional<Time>(at->second);
}

}  // namespace mydht::cluster
