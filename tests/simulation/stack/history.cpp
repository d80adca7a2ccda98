#include "tests/simulation/stack/history.h"

#include <fmt/format.h>

#include "tests/support/simulation/sim_executor.h"

namespace mydht::simulation {
namespace {

std::string seconds(Time time) {
  if (time == Time::max()) return "never";
  return fmt::format("{:.6f}", std::chrono::duration<double>(time - SimTime::kStart).count());
}

}  // namespace

std::set<std::string> keysWrittenAtOne(const History& history) {
  std::set<std::string> keys;
  for (const Operation& operation : history) {
    const bool atOne = operation.consistency == cluster::Consistency::One;
    if (atOne && operation.action != Action::Get) keys.insert(operation.key);
  }
  return keys;
}

std::string describe(const Operation& operation) {
  static constexpr const char* kActions[] = {"put", "get", "del"};
  static constexpr const char* kOutcomes[] = {"pending", "done", "no effect"};
  static constexpr const char* kConsistencies[] = {" at one", "", " at all"};
  return fmt::format("c{} {} {}{} = {} [{} .. {}] {}", operation.client, kActions[static_cast<int>(operation.action)],
                     operation.key, kConsistencies[static_cast<int>(operation.consistency)], operation.value,
                     seconds(operation.begin), seconds(operation.end), kOutcomes[static_cast<int>(operation.outcome)]);
}

}  // namespace mydht::simulation
