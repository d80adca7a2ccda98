#include "tests/simulation/stack/checkers/votes.h"

#include <fmt/format.h>

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
/// version that is complete at that time; where one of them is destroyed (R8), from one that has filled and others that
/// have not, the filler among them. The ring may have gone on by the time of the vote that rests on it.
void Votes::seeFill(const std::string& filler, const wire::Vote& vote, const std::string& source) {
  const NewHomeAndKey fill{filler, vote.key};
  auto& [filled, all] = fillVoters_[fill];
  all.insert(source);
  if (vote.purpose == wire::VoteFor::Fill) filled.insert(source);
  SimNode* const node = nodeNamed(filler);
  const ring::ViewPtr view = node == nullptr ? nullptr : node->view();
  if (!view) return;
  if (filled.size() >= view->complete().quorum()) filledAlone_.insert(fill);
  if (!view->hasLost(partitionOf(vote.key)) || filled.empty()) return;
  if (all.size() + 1 >= ring::quorumOf(view->homesIn(0, partitionOf(vote.key)).size())) filledAlone_.insert(fill);
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
    seeFill(seen.message.to, *vote, home);
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
