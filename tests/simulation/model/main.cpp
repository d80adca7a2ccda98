// The protocol model as a program: random runs from consecutive seeds, the seed first, coverage last. Exit status 0 if
// no run violated a promise, 1 if one did (with --bug the other way round is what you want to see), 2 for wrong usage.

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tests/simulation/model/driver.h"

namespace {

using namespace mydht::model;

struct Options {
  std::uint64_t runs = 10'000;
  std::uint64_t firstSeed = 1;
  bool trace = false;
  Bug bug = Bug::None;
};

constexpr std::string_view kUsage =
    "usage: model [--runs N] [--first-seed S] [--seed S] [--bug NAME] [--trace]\n"
    "  --runs N        so many random runs (default 10000), stopping at the first violation\n"
    "  --first-seed S  from this seed on (default 1)\n"
    "  --seed S        one run, with its trace\n"
    "  --bug NAME      leave one rule out, and count the runs that notice\n"
    "  --trace         print every step\n"
    "bugs:\n";

int usage() {
  fmt::print(stderr, "{}", kUsage);
  for (const BugRow& row : allBugs()) fmt::print(stderr, "  {:<28}{}\n", row.name, row.what);
  return 2;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// False: wrong usage.
bool parse(int count, char** words, Options& options) {
  for (int i = 1; i < count; ++i) {
    const std::string_view option = words[i];
    if (option == "--trace") {
      options.trace = true;
      continue;
    }
    if (i + 1 == count) return false;
    const std::string_view value = words[++i];
    if (option == "--bug") {
      const auto bug = bugNamed(value);
      if (!bug) return false;
      options.bug = *bug;
      continue;
    }
    const auto parsed = number(value);
    if (!parsed) return false;
    if (option == "--runs") {
      options.runs = *parsed;
    } else if (option == "--first-seed") {
      options.firstSeed = *parsed;
    } else if (option == "--seed") {
      options.firstSeed = *parsed;
      options.runs = 1;
      options.trace = true;
    } else {
      return false;
    }
  }
  return true;
}

/// Says how a failing seed goes wrong, step by step.
void replay(std::uint64_t seed, Bug bug) {
  World world(bug);
  world.trace = true;
  run(world, seed);
}

}  // namespace

int main(int count, char** words) {
  Options options;
  if (!parse(count, words, options)) return usage();
  fmt::print("seeds {} to {}\n", options.firstSeed, options.firstSeed + options.runs - 1);
  World world(options.bug);
  world.trace = options.trace;
  std::uint64_t found = 0;
  for (std::uint64_t seed = options.firstSeed; seed < options.firstSeed + options.runs; ++seed) {
    const std::string violation = run(world, seed);
    if (violation.empty()) continue;
    ++found;
    if (options.bug != Bug::None) continue;
    fmt::print("seed {}: {}\nreplay: model --seed {}\n", seed, violation, seed);
    if (!options.trace) replay(seed, options.bug);
    break;
  }
  print(world.coverage);
  fmt::print("{} of {} runs violated a promise\n", found, world.coverage.runs);
  return found == 0 ? 0 : 1;
}
