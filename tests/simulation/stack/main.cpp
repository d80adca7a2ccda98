/// Runs the whole stack in virtual time from seeds:
///   simulation --seeds 1000 [--first-seed 1]    that many seeds, with the coverage at the end
///   simulation --seed 42 [--trace]             one seed, with its journal
///   simulation --replay --seed 42              one seed twice: the same trace, to the byte
///   simulation --bug noWriteBack --seeds 100   with one rule got wrong: how many seeds notice
///   simulation --bug voteUnfilled --seeds 8 --found-by C5 --at-least 4
///                                              fails if fewer of them notice, by that checker
///   simulation --bugs --seeds 100              the same for each of them, as a table
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/simulation/stack/bugs.h"
#include "tests/simulation/stack/run.h"

namespace mydht::simulation {
namespace {

struct Arguments {
  std::uint64_t seed = 0;
  std::uint64_t first = 1;
  std::uint64_t seeds = 1;
  bool trace = false;
  bool replay = false;
  bool allBugs = false;
  const BugRow* bug = nullptr;
  std::uint64_t atLeast = 0;
  std::string foundBy;  // how a finding that counts begins
};

bool parse(int count, char** words, Arguments& arguments) {
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const auto number = [&]() -> std::uint64_t { return i + 1 < count ? std::strtoull(words[++i], nullptr, 10) : 0; };
    if (word == "--seed") {
      arguments.seed = number();
    } else if (word == "--first-seed") {
      arguments.first = number();
    } else if (word == "--seeds") {
      arguments.seeds = number();
    } else if (word == "--trace") {
      arguments.trace = true;
    } else if (word == "--replay") {
      arguments.replay = true;
    } else if (word == "--bugs") {
      arguments.allBugs = true;
    } else if (word == "--at-least") {
      arguments.atLeast = number();
    } else if (word == "--found-by" && i + 1 < count) {
      arguments.foundBy = words[++i];
    } else if (word == "--bug" && i + 1 < count) {
      arguments.bug = bugNamed(words[++i]);
      if (arguments.bug == nullptr) return false;
    } else {
      return false;
    }
  }
  return arguments.seeds > 0;
}

bool report(std::uint64_t seed, const RunResult& result) {
  for (const std::string& text : result.broken)
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), text.c_str());
  return result.broken.empty();
}

int runOne(const Arguments& arguments) {
  std::printf("seed %llu\n", static_cast<unsigned long long>(arguments.seed));
  RunOptions options;
  options.seed = arguments.seed;
  options.trace = arguments.trace;
  const RunResult result = runSeed(options);
  bool good = report(arguments.seed, result);
  if (arguments.replay) {
    const bool same = runSeed(options).traceHash == result.traceHash;
    std::printf("%s\n", same ? "the same trace twice" : "two different traces from one seed");
    good = good && same;
  }
  return good ? 0 : 1;
}

int runMany(const Arguments& arguments) {
  Coverage coverage;
  std::uint64_t failed = 0;
  std::uint64_t counted = 0;
  for (std::uint64_t seed = arguments.first; seed < arguments.first + arguments.seeds; ++seed) {
    RunOptions options;
    options.seed = seed;
    const RunResult result = runSeed(options);
    if (!report(seed, result)) ++failed;
    if (result.counts) ++counted;
    coverage += result.coverage;
    std::fflush(stdout);
  }
  std::fputs(
      fmt::format(
          "{} seeds, {} of them with at least 300 operations and 5 faults, {} failed\n"
          "operations {} ({} done at all, {} at one), faults {}, reads while the ring changes {}, refusals {}, second "
          "rounds {}, "
          "write-backs {}, keys filled on demand {}, fill pages {}, large bodies published {}, trees compared {}, "
          "entries purged {}, most waiting in a node {}, at rest {}\n",
          arguments.seeds, counted, failed, coverage.operations, coverage.doneAtAll, coverage.doneAtOne,
          coverage.faults, coverage.changingReads, coverage.refusals, coverage.secondRounds, coverage.writeBacks,
          coverage.fillVotes, coverage.fillPages, coverage.published, coverage.compared, coverage.purged,
          coverage.mostWaiting, coverage.mostAtRest)
          .c_str(),
      stdout);
  return failed == 0 && counted * 10 >= arguments.seeds * 9 ? 0 : 1;
}

/// How many seeds notice that one rule is got wrong, by the checker that was asked for.
std::uint64_t noticing(const Arguments& arguments, const BugRow& bug) {
  std::uint64_t noticed = 0;
  for (std::uint64_t seed = arguments.first; seed < arguments.first + arguments.seeds; ++seed) {
    RunOptions options;
    options.seed = seed;
    options.bugs.*bug.flag = true;
    const auto counts = [&](const std::string& found) { return found.starts_with(arguments.foundBy); };
    if (std::ranges::any_of(runSeed(options).broken, counts)) ++noticed;
  }
  return noticed;
}

/// Not finding one by chance is no failure, its directed scenario always finds it, unless a rate was asked for.
int runBugs(const Arguments& arguments) {
  bool enough = true;
  for (const BugRow& bug : allBugs()) {
    if (arguments.bug != nullptr && arguments.bug != &bug) continue;
    const std::uint64_t noticed = noticing(arguments, bug);
    enough = enough && noticed >= arguments.atLeast;
    std::fputs(fmt::format("| {} | {} | {} |\n", bug.name, bug.what, noticed).c_str(), stdout);
    std::fflush(stdout);
  }
  return enough ? 0 : 1;
}

}  // namespace
}  // namespace mydht::simulation

int main(int count, char** words) {
  using namespace mydht::simulation;
  Arguments arguments;
  if (!parse(count, words, arguments)) {
    std::fputs(
        "usage: simulation --seeds N [--first-seed S] [--bugs | --bug NAME] [--found-by C] [--at-least M] | --seed S "
        "[--trace] [--replay]\n",
        stderr);
    return 2;
  }
  if (arguments.allBugs || arguments.bug != nullptr) return runBugs(arguments);
  return arguments.seed != 0 ? runOne(arguments) : runMany(arguments);
}
