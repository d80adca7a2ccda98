/// The clock, randomness and journal ports: the real ones and the simulated ones keep the same contract. What the
/// ports' comments promise is asserted of each pair in turn.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <fstream>
#include <set>
#include <string>

#include "server/node/file_journal.h"
#include "server/node/real_world.h"
#include "tests/support/files/temp_directory.h"
#include "tests/support/simulation/sim_ring.h"

namespace mydht {
namespace {

constexpr std::int64_t kYear2020 = 1'577'836'800'000'000;
constexpr std::int64_t kYear2100 = 4'102'444'800'000'000;

void expectAWallClock(const Clock& clock) {
  const std::int64_t first = clock.wallMicros();
  EXPECT_GT(first, kYear2020);
  EXPECT_LT(first, kYear2100);
  EXPECT_GE(clock.wallMicros(), first);
}

TEST(ClockContract, TheSystemsClockCountsMicrosecondsSince1970) {
  expectAWallClock(node::SystemClock());
}

TEST(ClockContract, TheSimulatedClockCountsMicrosecondsSince1970AndMovesWithVirtualTime) {
  simulation::SimTime time;
  const simulation::SimClock clock(time);
  expectAWallClock(clock);
  const std::int64_t before = clock.wallMicros();
  time.runFor(std::chrono::milliseconds(7));
  EXPECT_EQ(clock.wallMicros(), before + 7000);
}

/// 20,000 numbers: none twice, and every bit about as often set as not.
void expectRandomness(Random& random) {
  constexpr int kNumbers = 20'000;
  std::set<std::uint64_t> seen;
  std::array<int, 64> set{};
  for (int i = 0; i < kNumbers; ++i) {
    const std::uint64_t number = random.next();
    seen.insert(number);
    for (std::size_t bit = 0; bit < 64; ++bit) set[bit] += static_cast<int>(number >> bit & 1);
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kNumbers));
  for (const int count : set) EXPECT_NEAR(count, kNumbers / 2, 6 * std::sqrt(kNumbers) / 2);
}

TEST(RandomContract, TheKernelsNumbersDoNotRepeat) {
  node::KernelRandom random;
  expectRandomness(random);
}

TEST(RandomContract, ASeedsNumbersDoNotRepeat) {
  simulation::SimRandom random(5);
  expectRandomness(random);
}

/// An event whose fields hold what a hostile key may hold.
void noteHostileFields(Journal& journal) {
  journal.note(Severity::Warn, "membership.suspect", "key=\"a\nb\r\x01\" for=1.2s");
}

TEST(JournalContract, TheFilesJournalWritesOneLineAnEvent) {
  const support::TempDirectory directory;
  const std::string path = directory.path() + "/journal";
  const node::SystemClock clock;
  {
    auto journal = node::FileJournal::open(path, Severity::Debug, clock);
    ASSERT_TRUE(journal.ok());
    noteHostileFields(**journal);
  }
  std::ifstream file(path);
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  EXPECT_NE(line.find("WARN membership.suspect"), std::string::npos) << line;
  EXPECT_FALSE(std::getline(file, line));
}

TEST(JournalContract, TheSimulatedJournalWritesOneLineAnEvent) {
  simulation::SimTime time;
  simulation::SimTrace trace(time, false);
  simulation::SimJournal journal(trace, "node0");
  noteHostileFields(journal);
  EXPECT_EQ(trace.lines(), 1u);
}

}  // namespace
}  // namespace mydht
