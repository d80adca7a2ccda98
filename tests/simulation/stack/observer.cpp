#include "tests/simulation/stack/observer.h"

#include <fmt/format.h>

#include <algorithm>

namespace mydht::simulation {

Coverage& Coverage::operator+=(const Coverage& other) {
  operations += other.operations;
  doneAtAll += other.doneAtAll;
  doneAtOne += other.doneAtOne;
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
  mostWaiting = std::max(mostWaiting, other.mostWaiting);
  mostAtRest = std::max(mostAtRest, other.mostAtRest);
  return *this;
}

Observer::Observer(SimRing& ring) : ring_(ring), votes_(ring), rounds_(ring) {
  ring_.network.observer = [this](const SimMessage& message) { see(message); };
}

std::vector<std::string> Observer::broken() const {
  std::vector<std::string> all;
  if (unreadable_) all.push_back("a message that cannot be read");
  for (const auto& list : {votes_.broken(), rounds_.broken(), tables_.broken()})
    all.insert(all.end(), list.begin(), list.end());
  return all;
}

void Observer::see(const SimMessage& message) {
  const auto request = wire::unpackRequest(message.request);
  const auto answer = wire::unpackAnswer(message.answer);
  if (!request || !answer) {
    unreadable_ = true;
    return;
  }
  const SeenMessage seen{message, *request, *answer};
  tables_.see(seen);
  if (ring_.trace.printing()) print(message, *request, *answer);
  rounds_.see(seen);
  if (answer->error) {
    if (answer->error->kind == Kind::OlderRing) ++coverage.refusals;
    return;
  }
  if (request->type == wire::MessageType::Vote) votes_.see(seen);
  count(*request, *answer);
}

void Observer::count(const wire::Request& request, const wire::Answer& answer) {
  switch (request.type) {
    case wire::MessageType::Vote: {
      if (request.from.newest != request.from.complete) ++coverage.changingReads;
      const auto vote = wire::readPayload<wire::Vote>(request.payload);
      if (vote && vote->purpose == wire::VoteFor::Fill) ++coverage.fillVotes;
      break;
    }
    case wire::MessageType::Offer: {
      const auto offer = wire::readPayload<wire::Offer>(request.payload);
      const auto said = wire::readPayload<wire::OfferAnswer>(answer.payload);
      if (offer && offer->from != wire::From::Client) ++coverage.writeBacks;
      if (said && said->outcome == wire::OfferOutcome::Newer) ++coverage.secondRounds;
      break;
    }
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

}  // namespace mydht::simulation
