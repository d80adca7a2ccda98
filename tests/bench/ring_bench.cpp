// Prints what the ring costs and how well it divides, each figure beside what it must reach: CPU time of a look-up and
// of a table; the fullest node over its fair share and the copies that a join moves over the least possible, which is
// what the fair shares of those who gain are above what they were. Exits 1 if a figure is missed.

#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <string>
#include <vector>

#include "common/ring/ring.h"
#include "tests/unit/common/ring/movement.h"
#include "tests/unit/common/ring/rings.h"

namespace mydht::ring {
namespace {

constexpr std::uint64_t kSeeds = 5;
bool allReached = true;

/// CPU time of this process in nanoseconds: what else the machine does counts less than with a wall clock.
double cpuNanos() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

void print(const std::string& what, double measured, double allowed, const char* unit) {
  const bool reached = measured <= allowed;
  allReached = allReached && reached;
  fmt::print("{:<58} {:>9.3f} {:<6} at most {:>8.3f}  {}\n", what, measured, unit, allowed, reached ? "ok" : "MISSED");
}

void printWithout(const std::string& what, double measured, const char* unit) {
  fmt::print("{:<58} {:>9.3f} {}\n", what, measured, unit);
}

/// The least of some tries, as the others had company on their core.
template <class Work>
double leastNanos(int tries, const Work& work) {
  double least = 1e18;
  for (int i = 0; i < tries; ++i) {
    const double begin = cpuNanos();
    work();
    least = std::min(least, cpuNanos() - begin);
  }
  return least;
}

void lookUps() {
  const Ring ring(test::evenList(100, 1));
  std::vector<std::string> keys;
  for (int i = 0; i < 100'000; ++i) keys.push_back(fmt::format("some/folder/of/files/{}.jpg", i));
  std::uint64_t sum = 0;
  const double nanos = leastNanos(5, [&] {
    for (const std::string& key : keys) {
      for (const NodeId node : ring.homesOf(key)) sum += node;
    }
  });
  print("home nodes of a key of 28 bytes, 100 nodes", nanos / static_cast<double>(keys.size()), 100, "ns");
  if (sum == 0) fmt::print("no homes\n");  // keeps the loop from being optimised away
}

void tables() {
  const auto millis = [](const MemberList& list, int tries) {
    return leastNanos(tries, [&] { const Ring ring(list); }) / 1e6;
  };
  printWithout("table of 3 nodes", millis(test::evenList(3, 1), 5), "ms");
  print("table of 100 nodes", millis(test::evenList(100, 1), 5), 30, "ms");
  printWithout("table of 300 nodes", millis(test::evenList(300, 1), 3), "ms");
  print("table of 1,000 nodes", millis(test::evenList(1000, 1), 2), 1000, "ms");
  std::vector<test::NodeSpec> heavy(998, {kMostWeight, "a"});
  heavy.push_back({kLeastWeight, "b"});
  heavy.push_back({kLeastWeight, "c"});
  print("table of 1,000 nodes, heaviest beside lightest, 9 copies", millis(test::listOf(heavy, 1, 9), 1), 1000, "ms");
}

struct Division {
  double fullest = 0;    ///< over its share, the worst of all seeds
  double moved = 0;      ///< over the least possible, the mean of all seeds
  double movedMost = 0;  ///< the worst of all seeds
};

Division divisionOf(const std::vector<test::NodeSpec>& nodes, const test::NodeSpec& joiner) {
  std::vector<test::NodeSpec> joined = nodes;
  joined.push_back(joiner);
  Division division;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Ring before(test::listOf(nodes, seed));
    const Ring after(test::listOf(joined, seed));
    const double moved = test::movedCopies(before, after) / test::leastMoved(before.list(), after.list());
    division.fullest = std::max(division.fullest, test::fullestOverShare(before));
    division.moved += moved / kSeeds;
    division.movedMost = std::max(division.movedMost, moved);
  }
  return division;
}

/// Prints how such a ring is divided; with `promised`, checks what a join moves too.
void divide(const std::string& name, const std::vector<test::NodeSpec>& nodes, const test::NodeSpec& joiner,
            bool promised) {
  const Division division = divisionOf(nodes, joiner);
  print(name + ": fullest node over its share", division.fullest, 1.06, "");
  const std::string what = fmt::format("{}: a join moves, over the least ({:.3f} worst)", name, division.movedMost);
  if (promised) {
    print(what, division.moved, 1.06, "");
  } else {
    printWithout(what, division.moved, "");
  }
}

std::vector<test::NodeSpec> zones(const std::vector<int>& sizes) {
  std::vector<test::NodeSpec> nodes;
  for (std::size_t zone = 0; zone < sizes.size(); ++zone) {
    nodes.insert(nodes.end(), static_cast<std::size_t>(sizes[zone]), {100, fmt::format("zone {}", zone)});
  }
  return nodes;
}

void divisions() {
  for (const std::size_t nodes : {4, 10, 30, 100}) {
    divide(fmt::format("{} nodes", nodes), std::vector<test::NodeSpec>(nodes), {}, true);
  }
  divide("300 nodes", std::vector<test::NodeSpec>(300), {}, false);
  divide("weights 1 1 1 10", {{100}, {100}, {100}, {1000}}, {}, true);
  divide("weights 1 1 2 2", {{100}, {100}, {200}, {200}}, {}, false);
  divide("zones of 2 3 4", zones({2, 3, 4}), {100, "zone 0"}, true);
  divide("zones of 2 3 4 4", zones({2, 3, 4, 4}), {100, "zone 0"}, false);
}

int run() {
  lookUps();
  tables();
  divisions();
  return allReached ? 0 : 1;
}

}  // namespace
}  // namespace mydht::ring

int main() {
  return mydht::ring::run();
}
