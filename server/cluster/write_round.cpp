#include "server/cluster/write_round.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace mydht::cluster {
namespace {

/// A round, its tasks and their messages, without key and value.
constexpr std::size_t kRoundBytes = 4 * 1024;

std::size_t weightOf(const WriteOrder& order) {
  const auto* const value = std::get_if<Bytes>(&order.value);
  return kRoundBytes + order.entry.key.size() + (value != nullptr ? value->size() : 0);
}

}  // namespace

WriteRound::WriteRound(Executor& executor, const Settings& settings, Peers& peers, HomeNode& home, Handoff& handoff,
                       NodeId self, ring::ViewPtr view, WriteOrder order, unsigned number, std::size_t& inHand)
    : executor_(executor),
      settings_(settings),
      peers_(peers),
      home_(home),
      handoff_(handoff),
      self_(self),
      view_(std::move(view)),
      order_(std::move(order)),
      number_(number),
      partition_(partitionOf(order_.entry.key)),
      bytes_(weightOf(order_)),
      inHand_(inHand),
      changed_(executor) {
  inHand_ += bytes_;
}

Task<WriteOutcome> WriteRound::run(Gate& gate, Deadline deadline) {
  std::set<NodeId> targets;
  for (const NodeId node : view_->homes(partition_)) {
    const bool usable = node == self_ || peers_.usable(node);
    (usable ? targets : skipped_).insert(node);
  }
  if (!enough(targets)) targets.merge(skipped_);
  offerToAll(std::move(targets), gate, deadline);
  const Time hedgeAt = executor_.now() + settings_.timing.hedge;
  while (true) {
    const auto outcome = decide();
    if (outcome == WriteOutcome::Done) {
      after_ = &gate;
      over();
    }
    if (outcome) co_return *outcome;
    if (executor_.now() >= deadline) co_return WriteOutcome::Failed;
    if (!skipped_.empty() && (running_ == 0 || executor_.now() >= hedgeAt)) {
      // Somebody else is missing now: who failed a call a while ago may well be back.
      offerToAll(std::exchange(skipped_, {}), gate, deadline);
      continue;
    }
    co_await changed_.waitUntil(skipped_.empty() ? deadline : std::min(hedgeAt, deadline));
  }
}

void WriteRound::offerToAll(std::set<NodeId> nodes, Gate& gate, Deadline deadline) {
  for (const NodeId node : nodes) {
    ++running_;
    gate.spawn(offerTo(shared_from_this(), node, deadline));
  }
}

std::optional<WriteOutcome> WriteRound::decide() const {
  std::set<NodeId> good = accepted_;
  if (number_ > 1 || settings_.bugs.noSecondRound) good.insert(newer_.begin(), newer_.end());
  if (settings_.bugs.countHints && !accepted_.empty()) std::ranges::copy(missed(), std::inserter(good, good.end()));
  const bool contradicted = number_ == 1 && !settings_.bugs.noSecondRound && !newer_.empty();
  if (enough(good) && !contradicted) return WriteOutcome::Done;
  if (olderRing_) return WriteOutcome::Refused;
  std::set<NodeId> answered = accepted_;
  answered.insert(newer_.begin(), newer_.end());
  answered.insert(refusing_.begin(), refusing_.end());
  // Only if nobody took a version from the future a lower one may follow: so everybody's answer counts.
  if (number_ == 1 && clamp_ && accepted_.empty() && running_ > 0) return std::nullopt;
  const bool higherMayHelp = !newer_.empty() || !refusing_.empty();
  if (number_ == 1 && higherMayHelp && enough(answered)) return WriteOutcome::SecondRound;
  if (running_ == 0 && skipped_.empty()) return WriteOutcome::Failed;
  return std::nullopt;
}

Task<> WriteRound::offerTo(std::shared_ptr<WriteRound> self, NodeId node, Deadline deadline) {
  if (node == self_) {
    auto answer = co_await offerSelf(deadline);
    if (answer) {
      answered(node, *answer);
    } else {
      failed(node, answer.error());
    }
    co_return;
  }
  auto answer = co_await offerPeer(node, deadline);
  if (answer) {
    answered(node, *answer);
  } else {
    failed(node, answer.error());
  }
}

Task<Result<wire::OfferAnswer>> WriteRound::offerSelf(Deadline deadline) {
  const wire::Speaker speaker = peers_.speaker(view_);
  if (const auto* value = std::get_if<Bytes>(&order_.value)) {
    wire::Offer message{order_.entry, wire::From::Client, Version()};
    auto answer = co_await home_.offer(speaker, std::move(message), *value, deadline);
    co_return answer;
  }
  const auto& staged = std::get<StagedAt>(order_.value);
  wire::Publish message{staged.upload, order_.entry, staged.nodes.front()};
  auto answer = co_await home_.publish(speaker, std::move(message), deadline);
  co_return answer;
}

Task<Result<wire::OfferAnswer>> WriteRound::offerPeer(NodeId node, Deadline deadline) {
  if (const auto* value = std::get_if<Bytes>(&order_.value)) {
    wire::Offer message{order_.entry, wire::From::Client, Version()};
    auto answer = co_await peers_.ask(node, view_, std::move(message), *value, deadline);
    if (!answer) co_return answer.error();
    co_return answer->answer;
  }
  const auto& staged = std::get<StagedAt>(order_.value);
  wire::Publish message{staged.upload, order_.entry, staged.nodes.front()};
  auto answer = co_await peers_.ask(node, view_, std::move(message), Body(), deadline);
  if (!answer) co_return answer.error();
  co_return answer->answer;
}

void WriteRound::answered(NodeId node, const wire::OfferAnswer& answer) {
  --running_;
  if (answer.held && !answer.held->tombstone && answer.outcome == wire::OfferOutcome::Accepted) {
    replaced_ = replaced_ || compareEntries(*answer.held, order_.entry) != 0;
  }
  switch (answer.outcome) {
    case wire::OfferOutcome::Accepted:
      accepted_.insert(node);
      break;
    case wire::OfferOutcome::Newer:
      newer_.insert(node);
      if (answer.held) top_ = std::max(top_, answer.held->version);
      break;
    case wire::OfferOutcome::TooFar:
      refusing_.insert(node);
      failures_.emplace(node, "by its clock the write comes from the future");
      if (answer.held) top_ = std::max(top_, answer.held->version);
      clamp_ = std::min(clamp_.value_or(answer.limit.physicalMicros), answer.limit.physicalMicros);
      break;
    case wire::OfferOutcome::Closed:
    case wire::OfferOutcome::Settled:
      closed_ = true;
      refusing_.insert(node);
      failures_.emplace(node, "it takes no writes of that time any more");
      top_ = std::max(top_, answer.limit);
      if (answer.held) top_ = std::max(top_, answer.held->version);
      break;
  }
  changed_.notifyAll();
  over();
}

void WriteRound::failed(NodeId node, const Error& error) {
  --running_;
  failures_.emplace(node, error.text);
  if (error.kind == Kind::OlderRing) olderRing_ = true;
  if (error.kind == Kind::NoSpace) {
    noSpace_ = true;
    peers_.noteDisk(node, wire::DiskState::Full, executor_.now() + settings_.timing.badDisk);
  }
  const bool surelyNot = error.kind == Kind::Unavailable || error.kind == Kind::NotDone ||
                         error.kind == Kind::NoSpace || error.kind == Kind::Conflict;
  if (!surelyNot) unknown_.insert(node);
  changed_.notifyAll();
  over();
}

std::vector<NodeId> WriteRound::missed() const {
  std::vector<NodeId> nodes;
  for (const NodeId node : view_->homes(partition_)) {
    if (!accepted_.contains(node) && !newer_.contains(node)) nodes.push_back(node);
  }
  return nodes;
}

/// Once the write is done and all that were asked have answered or failed.
void WriteRound::over() {
  if (after_ == nullptr || running_ > 0 || accepted_.empty()) return;
  std::vector<NodeId> nodes = missed();
  if (nodes.empty()) return;
  after_->spawn(tellMissed(shared_from_this(), {order_.entry.key, order_.entry.version, std::move(nodes)}));
  after_ = nullptr;
}

Task<> WriteRound::tellMissed(std::shared_ptr<WriteRound> self, wire::Hint hint) {
  if (accepted_.contains(self_)) {
    co_await handoff_.note(std::move(hint));
    co_return;
  }
  const Deadline deadline = executor_.now() + settings_.timing.call;
  const NodeId keeper = *accepted_.begin();
  auto told = co_await peers_.ask(keeper, view_, std::move(hint), Body(), deadline);
  static_cast<void>(told);  // a note that got lost is found by comparing hash trees
}

bool WriteRound::enough(const std::set<NodeId>& nodes) const {
  return isEnough(*view_, partition_, nodes, order_.consistency, settings_.bugs);
}

}  // namespace mydht::cluster
