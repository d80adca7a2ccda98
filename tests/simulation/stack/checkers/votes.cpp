#include "tests/simulation/stack/checkers/votes.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/hash/position.h"
#include "common/ring/quorum.h"

namespace mydht::simulation {

SimNode* Votes::nodeNamed(const std::string& name) {
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    if (ring_[i].name() == name) return &ring_[i];
  }
  return nullptr;
}

/// A key that is asked for before its partition is filled is filled by itself, from a quorum of the home nodes of the
/// version that the filler then knows to be complete; where one of them is destroyed (R8), from all others, of which
/// one at least has filled. The ring may have gone on by the time of the vote that rests on it.
void Votes::seeFill(const SeenMessage& seen, const wire::Vote& vote) {
  const NewHomeAndKey fill{seen.message.to, vote.key};
  auto& [filled, all] = fillVoters_[fill];
  all.insert(seen.message.from);
  if (vote.purpose == wire::VoteFor::Fill) filled.insert(seen.message.from);
  const ring::RingPtr complete = ring_.ringNamed(seen.request.from.complete);
  if (complete && filled.size() >= complete->quorum()) filledAlone_.insert(fill);
  SimNode* const node = nodeNamed(seen.message.to);
  const ring::ViewPtr view = node == nullptr ? nullptr : node->view();
  if (!view || !view->hasLost(partitionOf(vote.key)) || filled.empty()) return;
  const std::vector<NodeId> homes = view->homesIn(0, partitionOf(vote.key));
  const bool own = std::ranges::find(homes, node->durableIdentity()->node) != homes.end();
  if (all.size() + (own ? 1 : 0) >= homes.size()) filledAlone_.insert(fill);
}

void Votes::see(const SeenMessage& seen) {
  const auto vote = wire::readPayload<wire::Vote>(seen.request.payload);
  const auto said = wire::readPayload<wire::VoteAnswer>(seen.answer.payload);
  if (!vote || !said) {
    broken_.push_back("a vote that cannot be read");
    return;
  }
  const std::string& home = seen.message.from;
  if (vote->purpose == wire::VoteFor::Fill || vote->purpose == wire::VoteFor::FillAny) {
    seeFill(seen, *vote);
    return;
  }
  SimNode* const node = nodeNamed(home);
  if (said->entry || node == nullptr || !node->up()) return;
  const auto standing = node->node().membership().standing();
  if (!standing->view || standing->filled[partitionOf(vote->key)]) return;
  if (!filledAlone_.contains({home, vote->key})) {
    broken_.push_back(fmt::format("C5: {} voted \"none\" for {}, which it had not filled", home, vote->key));
    ring_.trace.line(broken_.back());
  }
}

}  // namespace mydht::simulation
