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

std::string describe(const Operation& operation) {
  static constexpr const char* kActions[] = {"put", "get", "del"};
  static constexpr const char* kOutcomes[] = {"pending", "done", "no effect"};
  return fmt::format("c{} {} {} = {} [{} .. {}] {}", operation.client, kActions[static_cast<int>(operation.action)],
                     operation.key, operation.value, seconds(operation.begin), seconds(operation.end),
                     kOutcomes[static_cast<int>(operation.outcome)]);
}

}  // namespace mydht::simulation
