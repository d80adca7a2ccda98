#include "tests/simulation/stack/checkers/origins.h"

#include <map>

namespace mydht::simulation {

std::optional<std::string> whyNotFromAPut(const History& history) {
  std::map<std::uint64_t, const Operation*> puts;
  for (const Operation& operation : history) {
    if (operation.action == Action::Put) puts[operation.value] = &operation;
  }
  for (const Operation& get : history) {
    if (get.action != Action::Get || get.outcome != Outcome::Done || get.value == 0) continue;
    const auto put = puts.find(get.value);
    if (put == puts.end()) return "a value was read that nobody put: " + describe(get);
    const Operation& source = *put->second;
    const bool mayBe = source.key == get.key && source.begin <= get.end && source.outcome != Outcome::NoEffect;
    if (!mayBe) return "a value was read that cannot be there: " + describe(get) + " of " + describe(source);
  }
  return std::nullopt;
}

}  // namespace mydht::simulation
