#include "tests/simulation/stack/checkers/rounds.h"

#include <fmt/format.h>

namespace mydht::simulation {

void Rounds::see(const SeenMessage& seen) {
  const auto offer = wire::readPayload<wire::Offer>(seen.request.payload);
  if (!offer) {
    broken_.push_back("an offer that cannot be read");
    return;
  }
  if (offer->from != wire::From::Client || offer->entry.tombstone) return;
  const std::string& coordinator = seen.message.to;
  std::set<Version>& versions = rounds_[{coordinator, offer->entry.sha256}];
  versions.insert(offer->entry.version);
  if (versions.size() > 2 * (1 + begunAnew_[coordinator]) + 4) {
    broken_.push_back(fmt::format("C6: {} offered one value under {} versions", coordinator, versions.size()));
  }
}

}  // namespace mydht::simulation
