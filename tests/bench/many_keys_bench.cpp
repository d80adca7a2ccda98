// What many small values cost one node: fills a data directory through the store, as copies of another home node would
// come, and prints load, memory, restart, bytes on disk and the time of a get, each beside its bound.
// Usage: many_keys_bench --keys N [--data DIRECTORY [--again]] [--no-speeds]. Exit status 1 if a bound does not hold;
// --no-speeds judges memory and bytes alone, since times depend on what else the machine does; --again measures on what
// an earlier run has left there.

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "common/hash/sha256.h"
#include "server/disk/rocks_disk.h"
#include "server/runtime/loop_thread.h"
#include "server/runtime/run_on.h"
#include "server/store/store.h"
#include "server/task/gate.h"

namespace mydht {
namespace {

namespace fs = boost::filesystem;
using Steady = std::chrono::steady_clock;

constexpr unsigned kWriters = 8192;
constexpr unsigned kGets = 20'000;
constexpr std::size_t kValueBytes = 100;
constexpr std::int64_t kWhen = 1'795'162'504'000'000;
constexpr double kMib = 1024.0 * 1024.0;
// The bounds that are promised.
constexpr double kMostMemoryMib = 512;
constexpr double kMostDiskRatio = 2;
constexpr double kMostRestartSeconds = 10;
constexpr double kMostSlowdown = 2;

class FixedClock final : public Clock {
 public:
  std::int64_t wallMicros() const override { return kWhen; }
};

double secondsSince(Steady::time_point begun) {
  return std::chrono::duration<double>(Steady::now() - begun).count();
}

/// A line of /proc/self/status, in MiB.
double statusMib(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    double kib = 0;
    if (word == name && file >> kib) return kib / 1024;
  }
  return 0;
}

std::string keyOf(unsigned i) {
  return fmt::format("photos/{:03}/{:08}.jpg", i % 1000, i);
}

/// Bytes that nothing compresses.
std::string valueOf(unsigned i) {
  std::mt19937_64 random(i);
  std::string value;
  while (value.size() < kValueBytes) {
    const std::uint64_t word = random();
    value.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  value.resize(kValueBytes);
  return value;
}

std::uint64_t bytesIn(const std::string& path) {
  std::uint64_t bytes = 0;
  for (const auto& at : fs::recursive_directory_iterator(path)) {
    if (fs::is_regular_file(at.path())) bytes += fs::file_size(at.path());
  }
  return bytes;
}

Task<> write(store::Store& store, unsigned first, unsigned end) {
  for (unsigned i = first; i < end; i += kWriters) {
    const std::string value = valueOf(i);
    Entry entry;
    entry.key = keyOf(i);
    entry.version = {kWhen + i, 0, 1, 1};
    entry.size = value.size();
    entry.sha256 = sha256Of(value);
    auto taken = co_await store.offer(std::move(entry), Bytes(value), wire::From::Fill, Version(), Deadline::max());
    MYDHT_ASSERT(taken.ok());
  }
}

Task<> writeAll(store::Store& store, unsigned from, unsigned to) {
  Executor& here = co_await currentExecutor();
  Gate gate(here);
  for (unsigned i = 0; i < kWriters; ++i) gate.spawn(write(store, from + i, to));
  co_await gate.close();
}

Task<> open(store::Store& store) {
  auto opened = co_await store.open(Deadline::max());
  MYDHT_ASSERT(opened.ok());
}

/// Gets at random, one after the other; the time of each in microseconds, in ascending order.
Task<std::vector<double>> getSome(store::Store& store, unsigned keys, unsigned gets, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<double> micros;
  micros.reserve(gets);
  for (unsigned i = 0; i < gets; ++i) {
    Key key = keyOf(random() % keys);
    const auto begun = Steady::now();
    auto row = co_await store.row(std::move(key), Deadline::max());
    micros.push_back(secondsSince(begun) * 1e6);
    MYDHT_ASSERT(row.ok() && *row && (*row)->value.size() == kValueBytes);
  }
  std::sort(micros.begin(), micros.end());
  co_return micros;
}

/// One node's store, open; the directory outlives it.
struct Open {
  explicit Open(const std::string& path) : directory(openDirectory(path)), disk(openDisk(*directory, pool)) {
    directory->keep();
    runtime::runOn(loop.loop(), open(store));
  }
  ~Open() { disk->stop(); }

  static std::unique_ptr<disk::DataDirectory> openDirectory(const std::string& path) {
    auto opened = disk::DataDirectory::open(path);
    MYDHT_ASSERT(opened.ok());
    return std::move(*opened);
  }
  static std::unique_ptr<disk::RocksDisk> openDisk(disk::DataDirectory& directory, runtime::BlockingPool& pool) {
    auto opened = disk::RocksDisk::open(directory, pool);
    MYDHT_ASSERT(opened.ok());
    return std::move(*opened);
  }

  runtime::LoopThread loop;
  runtime::BlockingPool pool{4, 10'000};
  std::unique_ptr<disk::DataDirectory> directory;
  std::unique_ptr<disk::RocksDisk> disk;
  const FixedClock clock;
  store::Commits commits{*disk};
  store::Store store{{}, *disk, commits, clock, {&loop.loop()}};
};

class Bench {
 public:
  Bench(std::string path, unsigned keys, bool speeds) : path_(std::move(path)), keys_(keys), speeds_(speeds) {}

  /// On a directory that an earlier run has filled: the restart and the gets alone.
  bool again() {
    measure(keys_);
    judgeMemory();
    return good_;
  }

  /// True if all bounds hold.
  bool run() {
    const unsigned few = std::max(1U, keys_ / 10);
    const double smallP99 = stage(0, few);
    const double largeP99 = stage(few, keys_);
    judgeMemory();
    judge("get p99, as many times that with a tenth of the keys", largeP99 / smallP99, kMostSlowdown, true);
    return good_;
  }

 private:
  /// Loads keys, settles, restarts, and returns the p99 of a get.
  double stage(unsigned from, unsigned to) {
    load(from, to);
    const double ratio = static_cast<double>(bytesIn(path_ + "/rows")) / payload(to);
    if (to == keys_) judge("bytes on disk by bytes of keys and values", ratio, kMostDiskRatio, false);
    return measure(to);
  }

  void load(unsigned from, unsigned to) {
    Open node(path_);
    const auto begun = Steady::now();
    runtime::runOn(node.loop.loop(), writeAll(node.store, from, to));
    const double seconds = secondsSince(begun);
    fmt::print("{} keys: loaded {} in {:.1f} s, {:.0f} keys/s, memory {:.0f} MiB\n", to, to - from, seconds,
               (to - from) / seconds, statusMib("VmRSS:"));
    const auto compacting = Steady::now();
    MYDHT_ASSERT(node.disk->compact().ok());
    fmt::print("  compacted in {:.1f} s, memory at most {:.0f} MiB\n", secondsSince(compacting), statusMib("VmHWM:"));
  }

  /// A restart, and then gets.
  double measure(unsigned to) {
    const auto begun = Steady::now();
    Open node(path_);
    const double restart = secondsSince(begun);
    MYDHT_ASSERT(node.store.totals().keys == to);
    if (to == keys_) judge("restart, seconds", restart, kMostRestartSeconds, true);
    // A node that serves has its indexes in memory; the values that are measured were not read before.
    runtime::runOn(node.loop.loop(), getSome(node.store, to, kGets, 1));
    const std::vector<double> micros = runtime::runOn(node.loop.loop(), getSome(node.store, to, kGets, 2));
    fmt::print("  get p50 {:.0f} us, p99 {:.0f} us, p99.9 {:.0f} us\n", micros[kGets / 2], micros[kGets / 100 * 99],
               micros[kGets / 1000 * 999]);
    return micros[kGets / 100 * 99];
  }

  static double payload(unsigned keys) {
    return static_cast<double>(keys) * static_cast<double>(kValueBytes + keyOf(0).size());
  }

  void judgeMemory() {
    const double cache = static_cast<double>(disk::RowsOptions().blockCacheBytes) / kMib;
    judge("memory at most, MiB beside the block cache", statusMib("VmHWM:") - cache, kMostMemoryMib, false);
  }

  void judge(std::string_view what, double value, double bound, bool isSpeed) {
    const bool holds = value <= bound;
    const bool counts = speeds_ || !isSpeed;
    fmt::print("{}: {:.2f} (bound {}) {}\n", what, value, bound, holds ? "ok" : counts ? "FAILED" : "not judged");
    if (!holds && counts) good_ = false;
  }

  const std::string path_;
  const unsigned keys_;
  const bool speeds_;
  bool good_ = true;
};

}  // namespace
}  // namespace mydht

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  unsigned keys = 10'000'000;
  std::string path;
  bool speeds = true;
  bool again = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--keys") == 0 && i + 1 < argc) {
      keys = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
    } else if (std::strcmp(argv[i], "--data") == 0 && i + 1 < argc) {
      path = argv[++i];
    } else if (std::strcmp(argv[i], "--again") == 0) {
      again = true;
    } else if (std::strcmp(argv[i], "--no-speeds") == 0) {
      speeds = false;
    } else {
      fmt::print(stderr, "usage: many_keys_bench [--keys N] [--data DIRECTORY [--again]] [--no-speeds]\n");
      return 2;
    }
  }
  const bool temporary = path.empty();
  if (temporary) path = (boost::filesystem::temp_directory_path() / boost::filesystem::unique_path()).string();
  mydht::Bench bench(path, std::max(100U, keys), speeds);
  const bool good = again ? bench.again() : bench.run();
  if (temporary) boost::filesystem::remove_all(path);
  return good ? 0 : 1;
}
