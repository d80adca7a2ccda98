#include "tests/simulation/stack/observer.h"

#include <fmt/format.h>

#include "common/hash/position.h"
#include "common/ring/quorum.h"

namespace mydht::simulation {

Coverage& Coverage::operator+=(const Coverage& other) {
  operations += other.operations;
  faults += other.faults;
  refusals += other.refusals;
  secondRounds += other.secondRounds;
  writeBacks += other.writeBacks;
  fillVotes += other.fillVotes;
  fillPages += other.fillPages;
  completed += other.completed;
  changingReads += other.changingReads;
  published += other.published;
  compared += other.compared;
  purged += other.purged;
  return *this;
}

Observer::Observer(SimRing& ring) : ring_(ring) {
  ring_.network.observer = [this](const SimMessage& message) { see(message); };
}

SimNode* Observer::nodeNamed(const std::string& name) {
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    if (ring_[i].name() == name) return &ring_[i];
  }
  return nullptr;
}

void Observer::see(const SimMessage& message) {
  const auto request = wire::unpackRequest(message.request);
  const auto answer = wire::unpackAnswer(message.answer);
  if (!request || !answer) {
    broken_.push_back("a message that cannot be read");
    return;
  }
  for (const wire::Speaker& speaker : {request->from, answer->from}) {
    if (speaker.ringIdentity == 0) continue;
    const auto [at, isNew] = fingerprints_.emplace(speaker.newest, speaker.fingerprint);
    if (!isNew && at->second != speaker.fingerprint)
      broken_.push_back("C7: equal versions of the ring with different tables");
  }
  if (ring_.trace.printing()) print(message, *request, *answer);
  if (answer->error) {
    if (answer->error->kind == Kind::OlderRing) {
      ++coverage.refusals;
      ++begunAnew_[message.to];
    }
    return;
  }
  switch (request->type) {
    case wire::MessageType::Vote:
      seeVote(message, *request, *answer);
      break;
    case wire::MessageType::Offer:
      seeOffer(message, *request, *answer);
      break;
    case wire::MessageType::Publish:
      ++coverage.published;
      break;
    case wire::MessageType::Repair:
      ++coverage.writeBacks;
      break;
    case wire::MessageType::FillPage:
      ++coverage.fillPages;
      break;
    case wire::MessageType::CompareTrees:
      ++coverage.compared;
      break;
    default:
      break;
  }
}

/// A line for each answer about data, for whoever reads a trace.
void Observer::print(const SimMessage& message, const wire::Request& request, const wire::Answer& answer) const {
  std::string what(wire::messageName(request.type));
  const auto entry = [](const Entry& some) {
    return fmt::format("{}@{}.{}.{:04x}{}", some.key, some.version.physicalMicros % 100'000'000'000,
                       some.version.counter, some.version.node % 65536, some.tombstone ? " deleted" : "");
  };
  if (answer.error) {
    what += " error " + answer.error->text;
  } else if (const auto vote = wire::readPayload<wire::Vote>(request.payload);
             vote && request.type == wire::MessageType::Vote) {
    const auto said = wire::readPayload<wire::VoteAnswer>(answer.payload);
    what += fmt::format(" {} for {}: {}", vote->key, static_cast<int>(vote->purpose),
                        said && said->entry ? entry(*said->entry) : "none");
  } else if (const auto offer = wire::readPayload<wire::Offer>(request.payload);
             offer && request.type == wire::MessageType::Offer) {
    const auto said = wire::readPayload<wire::OfferAnswer>(answer.payload);
    what += fmt::format(" {} from {}: {}", entry(offer->entry), static_cast<int>(offer->from),
                        said ? static_cast<int>(said->outcome) : -1);
  }
  ring_.trace.line(fmt::format("  {} answers {}: {} [asker {}/{}]", message.from, message.to, what,
                               request.from.newest.height, request.from.complete.height));
}

void Observer::seeVote(const SimMessage& message, const wire::Request& request, const wire::Answer& answer) {
  const auto vote = wire::readPayload<wire::Vote>(request.payload);
  const auto said = wire::readPayload<wire::VoteAnswer>(answer.payload);
  if (!vote || !said) {
    broken_.push_back("a vote that cannot be read");
    return;
  }
  if (request.from.newest != request.from.complete) ++coverage.changingReads;
  if (vote->purpose == wire::VoteFor::Fill) {
    ++coverage.fillVotes;
    fillVoters_[{message.to, vote->key}].insert(message.from);
    return;
  }
  if (vote->purpose == wire::VoteFor::FillAny) return;  // does not say that it is filled
  SimNode* const node = nodeNamed(message.from);
  if (said->entry || node == nullptr || !node->up()) return;
  const auto standing = node->node().membership().standing();
  if (!standing->view || standing->filled[partitionOf(vote->key)]) return;
  const auto& voters = fillVoters_[{message.from, vote->key}];
  if (voters.size() < standing->view->complete().quorum()) {
    broken_.push_back(fmt::format("C5: {} voted \"none\" for {}, which it had not filled", message.from, vote->key));
  }
}

void Observer::seeOffer(const SimMessage& message, const wire::Request& request, const wire::Answer& answer) {
  const auto offer = wire::readPayload<wire::Offer>(request.payload);
  const auto said = wire::readPayload<wire::OfferAnswer>(answer.payload);
  if (!offer || !said) {
    broken_.push_back("an offer that cannot be read");
    return;
  }
  if (offer->from != wire::From::Client) {
    ++coverage.writeBacks;
    return;
  }
  if (said->outcome == wire::OfferOutcome::Newer) ++coverage.secondRounds;
  if (offer->entry.tombstone) return;
  auto& versions = rounds_[{message.to, offer->entry.sha256}];
  versions.insert(offer->entry.version);
  if (versions.size() > 2 * (1 + begunAnew_[message.to]) + 4) {
    broken_.push_back(fmt::format("C6: {} offered one value under {} versions", message.to, versions.size()));
  }
}

}  // namespace mydht::simulation
