#include "server/cluster/read_round.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "common/version/marks.h"

namespace mydht::cluster {

ReadRound::ReadRound(Executor& executor, const Settings& settings, Peers& peers, HomeNode& home, NodeId self,
                     ring::ViewPtr view, ReadOrder order)
    : executor_(executor),
      settings_(settings),
      peers_(peers),
      home_(home),
      self_(self),
      view_(std::move(view)),
      order_(std::move(order)),
      partition_(partitionOf(order_.key)),
      changed_(executor) {
  candidates_ = peers_.promptFirst(view_->homes(partition_), executor_.now());
  std::stable_partition(candidates_.begin(), candidates_.end(), [&](NodeId node) { return node == self_; });
  std::reverse(candidates_.begin(), candidates_.end());
}

Task<Status> ReadRound::run(Gate& gate, Deadline deadline) {
  const auto worthAsking = [this](NodeId node) { return node == self_ || peers_.prompt(node, executor_.now()); };
  while (!candidates_.empty() && (!enough(asked_) || (order_.askAll && worthAsking(candidates_.back())))) {
    askNext(gate, deadline);
  }
  Time hedgeAt = executor_.now() + settings_.timing.hedge;
  std::set<NodeId> voters;
  while (true) {
    if (refused_) co_return Error{Kind::OlderRing, "the ring has changed since"};
    voters.clear();
    for (const auto& [node, vote] : votes_) voters.insert(node);
    const bool waitsForAll = order_.askAll && running_ > 0 && executor_.now() < hedgeAt;
    if (enough(voters) && !waitsForAll) co_return Status();
    const bool nobodyLeft = running_ == 0 && candidates_.empty();
    if (nobodyLeft || executor_.now() >= deadline) co_return missing();
    const bool hedge = executor_.now() >= hedgeAt;
    if (!candidates_.empty() && (hedge || hedges_ > 0)) {
      if (hedges_ > 0) --hedges_;
      hedgeAt = executor_.now() + settings_.timing.hedge;
      askNext(gate, deadline);
      continue;
    }
    const Time until = hedge ? deadline : std::min(hedgeAt, deadline);
    co_await changed_.waitUntil(until);
  }
}

void ReadRound::askNext(Gate& gate, Deadline deadline) {
  const NodeId node = candidates_.back();
  candidates_.pop_back();
  asked_.insert(node);
  ++running_;
  const Deadline callDeadline = std::min(deadline, executor_.now() + settings_.timing.call);
  if (node == self_) {
    gate.spawn(askSelf(shared_from_this(), callDeadline));
    return;
  }
  const bool withValue = order_.wantBody && !valueAsked_ && !asked_.contains(self_);
  valueAsked_ = valueAsked_ || withValue;
  gate.spawn(askPeer(shared_from_this(), node, withValue, callDeadline));
}

Task<> ReadRound::askSelf(std::shared_ptr<ReadRound> self, Deadline deadline) {
  wire::Vote message{order_.key, 0,
                     order_.consistency == Consistency::One ? wire::VoteFor::Copy : wire::VoteFor::Quorum};
  auto answer = co_await home_.vote(peers_.speaker(view_), std::move(message), deadline);
  if (!answer) {
    failed(self_, answer.error());
    co_return;
  }
  HomeVote vote;
  if (answer->row) vote.entry = answer->row->entry;
  vote.settled = answer->settled;
  vote.local = answer->row;
  voted(self_, std::move(vote));
}

Task<> ReadRound::askPeer(std::shared_ptr<ReadRound> self, NodeId node, bool withValue, Deadline deadline) {
  wire::Vote message{order_.key, withValue ? std::numeric_limits<std::uint64_t>::max() : 0,
                     order_.consistency == Consistency::One ? wire::VoteFor::Copy : wire::VoteFor::Quorum};
  auto answer = co_await peers_.ask(node, view_, std::move(message), Body(), deadline);
  if (!answer) {
    failed(node, answer.error());
    co_return;
  }
  HomeVote vote;
  vote.entry = std::move(answer->answer.entry);
  vote.settled = answer->answer.settled;
  if (answer->answer.withValue) vote.value = std::move(answer->body);
  voted(node, std::move(vote));
}

void ReadRound::voted(NodeId node, HomeVote vote) {
  --running_;
  votes_.emplace(node, std::move(vote));
  changed_.notifyAll();
}

void ReadRound::failed(NodeId node, const Error& error) {
  --running_;
  ++hedges_;
  if (error.kind == Kind::OlderRing) refused_ = true;
  failures_.emplace(node, error.text);
  changed_.notifyAll();
}

bool ReadRound::enough(const std::set<NodeId>& nodes) const {
  return isEnough(*view_, partition_, nodes, order_.consistency, settings_.bugs);
}

std::optional<Entry> ReadRound::newest() const {
  std::vector<Vote> votes;
  for (const auto& [node, vote] : votes_) votes.push_back({vote.entry ? &*vote.entry : nullptr, vote.settled});
  const Entry* const newest = newestOfVotes(votes);
  return newest == nullptr ? std::nullopt : std::optional<Entry>(*newest);
}

std::set<NodeId> ReadRound::holders(const Entry& entry) const {
  std::set<NodeId> nodes;
  for (const auto& [node, vote] : votes_) {
    if (vote.entry && compareEntries(*vote.entry, entry) == 0) nodes.insert(node);
  }
  return nodes;
}

bool ReadRound::allVotedNone() const {
  for (const NodeId node : view_->homes(partition_)) {
    const auto at = votes_.find(node);
    if (at == votes_.end() || at->second.entry) return false;
  }
  return true;
}

Error ReadRound::missing() const {
  std::string who;
  for (const NodeId node : view_->homes(partition_)) {
    if (votes_.contains(node)) continue;
    const auto at = failures_.find(node);
    who += fmt::format("{}{} ({})", who.empty() ? "" : ", ", peers_.nameOf(node),
                       at == failures_.end() ? "no answer in time" : at->second);
  }
  return {Kind::Unavailable, fmt::format("too few of the key's home nodes could say what they hold; missing: {}", who)};
}

}  // namespace mydht::cluster
