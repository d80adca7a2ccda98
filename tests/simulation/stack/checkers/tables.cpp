#include "tests/simulation/stack/checkers/tables.h"

namespace mydht::simulation {

void Tables::see(const SeenMessage& seen) {
  for (const wire::Speaker* const speaker : {&seen.request.from, &seen.answer.from}) {
    if (speaker->ringIdentity == 0) continue;
    const auto [at, isNew] = fingerprints_.emplace(speaker->newest, speaker->fingerprint);
    if (!isNew && at->second != speaker->fingerprint)
      broken_.push_back("C7: equal versions of the ring with different tables");
    const auto [known, isFirst] =
        versions_.emplace(std::pair(speaker->ringIdentity, speaker->newest.height), speaker->newest);
    if (!isFirst && known->second != speaker->newest && broken_.empty())  // every later message says the same
      broken_.push_back("C7: two versions of the ring of equal height, which orders them");
  }
}

}  // namespace mydht::simulation
