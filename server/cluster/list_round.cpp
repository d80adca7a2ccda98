#include "server/cluster/list_round.h"

#include <fmt/format.h>

#include <algorithm>

namespace mydht::cluster {
namespace {

// A member is asked for its share of the page, and for half as much more and this, so that one page each is nearly
// always enough.
constexpr std::size_t kSpareItems = 32;

}  // namespace

ListRound::ListRound(Executor& executor, const Settings& settings, Peers& peers, ListAnswerer& answerer, NodeId self,
                     ring::ViewPtr view, wire::ListKeys message, Consistency consistency)
    : executor_(executor),
      settings_(settings),
      peers_(peers),
      answerer_(answerer),
      self_(self),
      view_(std::move(view)),
      message_(std::move(message)),
      needed_(consistency == Consistency::One   ? 1
              : consistency == Consistency::All ? view_->complete().copies()
                                                : view_->complete().quorum()),
      covered_(view_->complete(), needed_),
      changed_(executor) {
  candidates_ = peers_.promptFirst(view_->complete().present(), executor_.now());
  std::stable_partition(candidates_.begin(), candidates_.end(), [&](NodeId node) { return node == self_; });
}

Task<Status> ListRound::run(Gate& gate, Deadline deadline) {
  askMore(gate, deadline, true);
  Time hedgeAt = executor_.now() + settings_.timing.hedge;
  while (true) {
    if (refused_) co_return Error{Kind::OlderRing, "the ring has changed since"};
    if (covered_.whole()) co_return Status();
    const bool hedge = executor_.now() >= hedgeAt;
    if (hedge || lookAgain_) {
      lookAgain_ = false;
      hedgeAt = executor_.now() + settings_.timing.hedge;
      askMore(gate, deadline, !hedge);
    }
    if (pending_.empty() || executor_.now() >= deadline) co_return missing();
    const Time until = std::min(hedgeAt, deadline);
    co_await changed_.waitUntil(until);
  }
}

/// Asks who is still needed; `countSilent`: those that were asked and have not answered yet are counted on.
void ListRound::askMore(Gate& gate, Deadline deadline, bool countSilent) {
  Cover planned(view_->complete(), needed_);
  for (const auto& [node, answer] : answers_) planned.add(node, store::setOf(answer.covered));
  if (countSilent) {
    for (const NodeId node : pending_) planned.add(node);
  }
  const std::vector<NodeId> chosen = planned.choose(candidates_);
  const Deadline callDeadline = std::min(deadline, executor_.now() + settings_.timing.call);
  for (const NodeId node : chosen) {
    std::erase(candidates_, node);
    pending_.insert(node);
    gate.spawn(node == self_ ? askSelf(shared_from_this(), callDeadline)
                             : askPeer(shared_from_this(), node, callDeadline));
  }
}

wire::ListKeys ListRound::messageFor(NodeId node) const {
  wire::ListKeys message = message_;
  const std::size_t share = std::size_t{message.limit} * view_->complete().partitionsOf(node) / limits::kPartitions;
  message.limit = static_cast<std::uint32_t>(std::min<std::size_t>(message.limit, share + share / 2 + kSpareItems));
  return message;
}

Task<> ListRound::askSelf(std::shared_ptr<ListRound> self, Deadline deadline) {
  auto answer = co_await answerer_.answer(peers_.speaker(view_), messageFor(self_), deadline);
  if (!answer) {
    failed(self_, answer.error());
  } else {
    answered(self_, std::move(*answer));
  }
}

Task<> ListRound::askPeer(std::shared_ptr<ListRound> self, NodeId node, Deadline deadline) {
  auto reply = co_await peers_.ask(node, view_, messageFor(node), Body(), deadline);
  if (!reply) {
    failed(node, reply.error());
  } else if (!reply->answer.next.empty() && reply->answer.next <= message_.from) {
    failed(node, {Kind::Unavailable, "its listing does not go on"});
  } else {
    answered(node, std::move(reply->answer));
  }
}

void ListRound::answered(NodeId node, wire::ListKeysAnswer answer) {
  pending_.erase(node);
  covered_.add(node, store::setOf(answer.covered));
  answers_.insert_or_assign(node, std::move(answer));
  lookAgain_ = lookAgain_ || !covered_.whole();
  changed_.notifyAll();
}

void ListRound::failed(NodeId node, const Error& error) {
  pending_.erase(node);
  failures_[node] = error.text;
  refused_ = refused_ || error.kind == Kind::OlderRing;
  lookAgain_ = true;
  changed_.notifyAll();
}

Error ListRound::missing() const {
  std::string who;
  for (const NodeId node : view_->complete().present()) {
    const auto failure = failures_.find(node);
    std::string why;
    if (failure != failures_.end()) {
      why = failure->second;
    } else if (pending_.contains(node)) {
      why = "no answer in time";
    } else if (const auto answer = answers_.find(node); answer != answers_.end()) {
      const bool all = store::setOf(answer->second.covered).count() >= view_->complete().partitionsOf(node);
      if (!all) why = "still filling";
    }
    if (!why.empty()) who += fmt::format("{}{} ({})", who.empty() ? "" : ", ", peers_.nameOf(node), why);
  }
  return {Kind::Unavailable, fmt::format("the nodes that answer do not hold all keys between them; missing: {}", who)};
}

}  // namespace mydht::cluster
