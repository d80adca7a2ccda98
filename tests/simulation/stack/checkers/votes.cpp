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

void Votes::see(const SeenMessage& seen) {
  const auto vote = wire::readPayload<wire::Vote>(seen.request.payload);
  const auto said = wire::readPayload<wire::VoteAnswer>(seen.answer.payload);
  if (!vote || !said) {
    broken_.push_back("a vote that cannot be read");
    return;
  }
  const std::string& home = seen.message.from;
  if (vote->purpose == wire::VoteFor::Fill) {
    fillVoters_[{seen.message.to, vote->key}].insert(home);
    return;
  }
  if (vote->purpose == wire::VoteFor::FillAny) return;  // does not say that it is filled
  SimNode* const node = nodeNamed(home);
  if (said->entry || node == nullptr || !node->up()) return;
  const auto standing = node->node().membership().standing();
  if (!standing->view || standing->filled[partitionOf(vote->key)]) return;
  if (fillVoters_[{home, vote->key}].size() < standing->view->complete().quorum()) {
    broken_.push_back(fmt::format("C5: {} voted \"none\" for {}, which it had not filled", home, vote->key));
  }
}

}  // namespace mydht::simulation
