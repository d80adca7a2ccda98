// Proves that the memory of no node grows with the size of a value: one of 256 MiB (MYDHT_BIG_MIB=4096 in the
// environment: of 4 GiB) is put and got through a node that is not home to it, in a ring of more nodes than copies, and
// no process ever has more than 128 MiB of memory of its own (RssAnon of /proc, looked at all the time: pages of files
// are the system's, which takes them back as it likes). Uploads and downloads that break off anywhere leave nothing;
// a reader and a writer that are slow hold no more than their buffers; any range comes from the right place. How: real
// nodes, streams whose bytes follow from their places, so that the test holds nothing either.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/filesystem.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "common/protocol/shapes.h"
#include "tests/support/http_client/http_client.h"
#include "tests/support/processes/cluster_of_processes.h"
#include "tests/system/big_values/stream.h"

namespace mydht {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using support::eventually;

constexpr std::uint64_t kMib = 1024 * 1024;
constexpr std::size_t kNodes = 4;
constexpr std::size_t kMostKib = 128 * 1024;
/// What a stream may have on its way in one process: a window to each home node, a chunk read and one being written.
constexpr std::size_t kBuffersKib = 12 * 1024;
constexpr std::uint64_t kSeed = 7;

std::uint64_t bigBytes() {
  const char* const mib = std::getenv("MYDHT_BIG_MIB");
  return (mib != nullptr ? std::stoull(mib) : 256) * kMib;
}

std::size_t anonymousKibOf(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  std::size_t kib = 0;
  for (std::string name; status >> name;) {
    if (name == "RssAnon:") status >> kib;
  }
  return kib;
}

/// The most that was resident so far, pages of files among it.
std::size_t peakKibOf(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  std::size_t kib = 0;
  for (std::string name; status >> name;) {
    if (name == "VmHWM:") status >> kib;
  }
  return kib;
}

/// The bytes of the files below a directory, as the disk holds them.
std::uint64_t blobBytesIn(const std::string& directory) {
  std::uint64_t bytes = 0;
  boost::system::error_code error;
  for (boost::filesystem::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    boost::system::error_code gone;
    const auto size =
        boost::filesystem::is_regular_file(at->path(), gone) ? boost::filesystem::file_size(at->path(), gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

/// The most that any node's own memory was, looked at a hundred times a second.
class Watcher {
 public:
  explicit Watcher(support::ClusterOfProcesses& cluster) {
    for (std::size_t node = 0; node < cluster.size(); ++node) processes_.push_back(cluster.process(node).pid());
    thread_ = std::thread([this] { watch(); });
  }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher() {
    stop_ = true;
    thread_.join();
  }
  std::size_t mostKib() const { return most_; }

 private:
  void watch() {
    while (!stop_) {
      for (const pid_t process : processes_) most_ = std::max<std::size_t>(most_, anonymousKibOf(process));
      std::this_thread::sleep_for(10ms);
    }
  }
  std::vector<pid_t> processes_;
  std::atomic<std::size_t> most_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

class BigValues : public ::testing::Test {
 protected:
  BigValues() {
    for (std::size_t node = 0; node < kNodes; ++node) {
      std::vector<std::string> options = {"--cache-mib", "4", "--block-cache-mib", "8"};
      if (node > 0) options.insert(options.end(), {"-s", cluster_.hostPort(0)});
      cluster_.start(node, options);
    }
    EXPECT_TRUE(eventually([this] {
      const auto status = protocol::ringStatusFromJson(support::get(cluster_.port(0), "/_mydht/ring").body);
      return status && status->members.size() == kNodes && status->activeVersions == 1;
    }));
  }
  /// A node that is not home to the key.
  std::uint16_t stranger(const std::string& target) {
    const auto where =
        protocol::whereIsFromJson(support::get(cluster_.port(0), "/_mydht/whereis?key=" + target.substr(1)).body);
    for (std::size_t node = 0; where && node < kNodes; ++node) {
      if (std::ranges::find(where->nodes, cluster_.hostPort(node)) == where->nodes.end()) return cluster_.port(node);
    }
    ADD_FAILURE() << "every node is home to " << target;
    return cluster_.port(0);
  }
  std::uint64_t blobBytes() {
    std::uint64_t bytes = 0;
    for (std::size_t node = 0; node < kNodes; ++node) bytes += blobBytesIn(cluster_.dataOf(node) + "/blobs");
    return bytes;
  }

  support::ClusterOfProcesses cluster_{0};
  std::mt19937_64 random_{11};
};

double mibPerSecond(std::uint64_t bytes, Clock::time_point begin) {
  const std::chrono::duration<double> took = Clock::now() - begin;
  return static_cast<double>(bytes) / static_cast<double>(kMib) / took.count();
}

TEST_F(BigValues, GoThroughANodeThatIsNotHomeWithoutEverBeingHeldWhole) {
  const std::uint64_t size = bigBytes();
  const std::uint16_t port = stranger("/big");
  Watcher watcher(cluster_);
  auto begin = Clock::now();
  const Streamed stored = putPattern(port, "/big", kSeed, size);
  const double putRate = mibPerSecond(size, begin);
  ASSERT_EQ(stored.status, 201) << stored.text;
  begin = Clock::now();
  const Streamed read = getPattern(port, "/big", kSeed, 0, size);
  const double getRate = mibPerSecond(size, begin);
  EXPECT_TRUE(read.whole && read.right) << read.status << " after " << read.bytes << " " << read.text;
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t first = random_() % size;
    const std::uint64_t bytes = 1 + random_() % std::min<std::uint64_t>(size - first, 3 * kMib);
    const std::uint16_t any = cluster_.port(random_() % kNodes);
    const Streamed range = getPattern(any, "/big", kSeed, first, bytes);
    EXPECT_TRUE(range.whole && range.right) << first << " " << bytes << ": " << range.status << " " << range.text;
  }
  std::size_t resident = 0;
  for (std::size_t node = 0; node < kNodes; ++node) {
    resident = std::max(resident, peakKibOf(cluster_.process(node).pid()));
  }
  EXPECT_LE(resident, kMostKib);
  std::printf(
      "%llu MiB through a node that is not home: put %.0f MiB/s, get %.0f MiB/s, at most %zu MiB of its own in a "
      "process, %zu "
      "with pages of files\n",
      static_cast<unsigned long long>(size / kMib), putRate, getRate, watcher.mostKib() / 1024, resident / 1024);
  EXPECT_LE(watcher.mostKib(), kMostKib);
}

TEST_F(BigValues, ThatBreakOffAnywhereLeaveThePreviousOneAndNothingElse) {
  constexpr std::uint64_t kPrevious = 3 * kMib + 5;
  constexpr std::uint64_t kNext = 24 * kMib;
  const std::uint16_t port = stranger("/broken");
  ASSERT_EQ(putPattern(port, "/broken", kSeed, kPrevious).status, 201);
  // The third home node may still be on its way.
  EXPECT_TRUE(eventually([&] { return blobBytes() >= 3 * kPrevious; }));
  const std::uint64_t before = blobBytes();
  Watcher watcher(cluster_);
  for (int i = 0; i < 8; ++i) {
    const std::uint64_t end = random_() % kNext;
    const Streamed broken = putPattern(cluster_.port(random_() % kNodes), "/broken", kSeed + 1, kNext,
                                       [end](std::uint64_t sent) { return sent < end; });
    EXPECT_EQ(broken.status, 0);
    const Streamed read = getPattern(port, "/broken", kSeed, 0, kPrevious);
    EXPECT_TRUE(read.whole && read.right) << "after an upload that broke off at " << end;
    const std::uint64_t left = random_() % kPrevious;
    getPattern(port, "/broken", kSeed, 0, kPrevious, [left](std::uint64_t received) { return received < left; });
  }
  EXPECT_TRUE(eventually([&] { return blobBytes() == before; })) << blobBytes() << " bytes, before " << before;
  const Streamed read = getPattern(port, "/broken", kSeed, 0, kPrevious);
  EXPECT_TRUE(read.whole && read.right);
  EXPECT_LE(watcher.mostKib(), kMostKib);
}

TEST_F(BigValues, OfASlowReaderAndASlowWriterNoMoreThanTheirBuffersIsHeld) {
  constexpr std::uint64_t kSize = 48 * kMib;
  const std::uint16_t port = stranger("/slow");
  ASSERT_EQ(putPattern(port, "/slow", kSeed, kSize).status, 201);
  ASSERT_TRUE(getPattern(port, "/slow", kSeed, 0, kSize).whole);  // whatever a first one takes is taken
  std::size_t before = 0;
  for (std::size_t node = 0; node < kNodes; ++node) {
    before = std::max(before, anonymousKibOf(cluster_.process(node).pid()));
  }
  // A second and a half for the first 6 MiB, in which a node that read ahead could have read all of it.
  const auto slowly = [](std::uint64_t moved) {
    if (moved < 6 * kMib) std::this_thread::sleep_for(60ms);
    return true;
  };
  Watcher watcher(cluster_);
  const Streamed read = getPattern(port, "/slow", kSeed, 0, kSize, slowly);
  EXPECT_TRUE(read.whole && read.right) << read.status << " after " << read.bytes;
  const std::size_t reading = watcher.mostKib();
  EXPECT_EQ(putPattern(port, "/slow", kSeed, kSize, slowly).status, 204);
  std::printf("own memory: at most %zu KiB before, %zu with a slow reader, %zu with a slow writer too\n", before,
              reading, watcher.mostKib());
  EXPECT_LE(watcher.mostKib(), before + kBuffersKib);
}

}  // namespace
}  // namespace mydht
