/// Runs large rings of whole nodes in virtual time and prints what they cost, as tables that docs/scale.md shows:
///   scale                          rings of 5, 20, 100, 300 and 1,000 nodes: minutes, and some GiB of memory
///   scale --nodes 5,20,100         rings of these sizes
///   scale --seed 2                 from another seed
/// Exits 1 if a promise did not hold.
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "common/ring/ring.h"
#include "tests/simulation/scale/measurement.h"
#include "tests/unit/common/ring/rings.h"

namespace mydht::simulation {
namespace {

struct Arguments {
  std::vector<unsigned> sizes{5, 20, 100, 300, 1000};
  std::uint64_t seed = 1;
};

/// What it took this machine to run a ring.
struct Machine {
  double seconds = 0;  ///< of the processor
  double peakMiB = 0;  ///< of this process so far
  double tableMillis = 0;
};

bool parse(int count, char** words, Arguments& arguments) {
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string word = words[i];
    if (word == "--seed") {
      arguments.seed = std::strtoull(words[i + 1], nullptr, 10);
    } else if (word == "--nodes") {
      arguments.sizes.clear();
      const char* at = words[i + 1];
      while (*at != 0) {
        char* end = nullptr;
        arguments.sizes.push_back(static_cast<unsigned>(std::strtoul(at, &end, 10)));
        if (end == at) return false;
        at = *end == ',' ? end + 1 : end;
      }
    } else {
      return false;
    }
  }
  const auto possible = [](unsigned nodes) { return nodes >= 4 && nodes <= limits::kMembers; };
  return count % 2 == 1 && std::ranges::all_of(arguments.sizes, possible);
}

double processorSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double peakMiB() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double tableMillis(unsigned nodes) {
  const double begin = processorSeconds();
  const ring::Ring ring(ring::test::evenList(nodes, 1));
  return (processorSeconds() - begin) * 1000;
}

void print(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

void printTimes(const std::vector<Figures>& all) {
  print(
      "\n| nodes | a join is known to all, s | and complete, s | a death, worst of 3, s | a return, worst of 3, s | "
      "operations of clients |\n|---|---|---|---|---|---|");
  for (const Figures& figures : all) {
    print(fmt::format("| {} | {:.2f} | {:.2f} | {:.2f} | {:.2f} | {} |", figures.nodes, figures.joinKnown,
                      figures.joinComplete, figures.worstDeath(), figures.worstReturn(), figures.operations));
  }
}

void printRates(const std::string& when, const std::vector<Figures>& all,
                std::array<Rate, kTopics> Figures::*const rates) {
  print(
      fmt::format("\n| {}, nodes | probes: messages/s | bytes/s | gossip: messages/s | bytes/s | ring: messages/s | "
                  "bytes/s | data: messages/s | bytes/s |\n|---|---|---|---|---|---|---|---|---|",
                  when));
  for (const Figures& figures : all) {
    std::string line = fmt::format("| {} |", figures.nodes);
    for (const Rate& rate : figures.*rates) line += fmt::format(" {:.2f} | {:.0f} |", rate.messages, rate.bytes);
    print(line);
  }
}

void printJoins(const std::vector<Figures>& all) {
  print("\n| a join, nodes | messages of a node | KiB of a node | KiB of the one that sends most |\n|---|---|---|---|");
  for (const Figures& figures : all) {
    const double nodes = figures.nodes;
    print(fmt::format("| {} | {:.1f} | {:.1f} | {:.0f} |", figures.nodes,
                      static_cast<double>(figures.joinSent.messages) / nodes,
                      static_cast<double>(figures.joinSent.bytes) / nodes / 1024,
                      static_cast<double>(figures.joinMost.bytes) / 1024));
  }
}

void printMachine(const std::vector<Figures>& all, const std::vector<Machine>& machine) {
  print("\n| nodes | run: s of one core | peak memory so far, MiB | one table, ms |\n|---|---|---|---|");
  for (std::size_t i = 0; i < all.size(); ++i) {
    print(fmt::format("| {} | {:.1f} | {:.0f} | {:.1f} |", all[i].nodes, machine[i].seconds, machine[i].peakMiB,
                      machine[i].tableMillis));
  }
}

int run(const Arguments& arguments) {
  std::vector<Figures> all;
  std::vector<Machine> machine;
  bool good = true;
  print(fmt::format("seed {}", arguments.seed));
  for (const unsigned nodes : arguments.sizes) {
    const double begin = processorSeconds();
    all.push_back(measure(nodes, arguments.seed));
    machine.push_back({processorSeconds() - begin, peakMiB(), tableMillis(nodes)});
    print(fmt::format("{} nodes: {:.0f} s", nodes, machine.back().seconds));
    for (const std::string& broken : all.back().broken) print("  " + broken);
    good = good && all.back().broken.empty();
  }
  printTimes(all);
  printRates("quiet", all, &Figures::quiet);
  printRates("one dead", all, &Figures::withDead);
  printJoins(all);
  printMachine(all, machine);
  return good ? 0 : 1;
}

}  // namespace
}  // namespace mydht::simulation

int main(int count, char** words) {
  using namespace mydht::simulation;
  Arguments arguments;
  if (!parse(count, words, arguments)) {
    std::fputs("usage: scale [--nodes N,N,...] [--seed S], with 4 to 1000 nodes\n", stderr);
    return 2;
  }
  return run(arguments);
}
