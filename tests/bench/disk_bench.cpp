// What a commit costs: commits of one 1 KiB row a second with 16, 64 and 512 outstanding, beside plain appends of 1 KiB
// with an fdatasync each on the same file system (the yardstick: what the disk can do), and what it costs a loop to
// read a row that is in memory. Usage: disk_bench [DIRECTORY], by default the working directory; it makes a directory
// in it and removes it again.

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <boost/filesystem.hpp>
#include <chrono>
#include <string>
#include <utility>

#include "server/disk/rocks_disk.h"
#include "server/runtime/loop_thread.h"
#include "server/runtime/run_on.h"
#include "server/task/gate.h"

namespace mydht::disk {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kEach = std::chrono::seconds(3);
constexpr std::size_t kRowBytes = 1024;

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double plainSyncsPerSecond(const std::string& path) {
  auto file = PosixFile::open(path, O_WRONLY | O_CREAT | O_TRUNC);
  MYDHT_ASSERT(file.ok());
  const std::string row(kRowBytes, 'x');
  int count = 0;
  const auto start = Clock::now();
  for (; Clock::now() - start < kEach; ++count) {
    const bool done = file->write(row).ok() && file->syncData().ok();
    MYDHT_ASSERT(done);
  }
  return count / secondsSince(start);
}

Task<> commitUntil(Disk& disk, int writer, Clock::time_point end, int& count) {
  const Bytes content(std::string(kRowBytes, 'x'));
  for (int i = 0; Clock::now() < end; ++i) {
    Batch batch;
    batch.rows.emplace_back(fmt::format("row{}/{}", writer, i), content);
    auto done = co_await disk.commit(std::move(batch));
    MYDHT_ASSERT(done.ok());
    ++count;
  }
}

Task<double> commitsPerSecond(Disk& disk, int outstanding) {
  Executor& here = co_await currentExecutor();
  Gate gate(here);
  int count = 0;
  const auto start = Clock::now();
  for (int i = 0; i < outstanding; ++i) gate.spawn(commitUntil(disk, i, start + kEach, count));
  co_await gate.close();
  co_return count / secondsSince(start);
}

Task<double> microsecondsPerTryGet(Disk& disk) {
  constexpr int kRounds = 200'000;
  for (int i = 0; i < 16; ++i) {
    std::string name = fmt::format("row{}/0", i);
    auto warm = co_await disk.get(std::move(name), Deadline::max());
    MYDHT_ASSERT(warm.ok());
  }
  int answered = 0;
  const auto start = Clock::now();
  for (int i = 0; i < kRounds; ++i) {
    const auto row = disk.tryGet(fmt::format("row{}/0", i % 16));
    if (row && row->ok() && **row) ++answered;
  }
  const double micros = secondsSince(start) * 1e6 / kRounds;
  fmt::print("rows in memory: {:.2f} us a tryGet, {:.0f} % answered\n", micros, 100.0 * answered / kRounds);
  co_return micros;
}

void measure(const std::string& path) {
  const double plain = plainSyncsPerSecond(path + "/plain");
  fmt::print("append 1 KiB and fdatasync, one after another: {:.0f}/s\n", plain);
  runtime::LoopThread loop;
  runtime::BlockingPool pool(4, 10'000);
  const auto start = Clock::now();
  auto directory = DataDirectory::open(path + "/data");
  MYDHT_ASSERT(directory.ok());
  RocksDiskOptions options;
  options.reserveBytes = 0;
  auto disk = RocksDisk::open(**directory, pool, options);
  MYDHT_ASSERT(disk.ok());
  fmt::print("a new data directory: {:.0f} ms\n", secondsSince(start) * 1e3);
  for (const int outstanding : {1, 16, 64, 512}) {
    const double commits = runtime::runOn(loop.loop(), commitsPerSecond(**disk, outstanding));
    fmt::print("commits, {} outstanding: {:.0f}/s, {:.1f} a plain sync\n", outstanding, commits, commits / plain);
  }
  runtime::runOn(loop.loop(), microsecondsPerTryGet(**disk));
}

}  // namespace
}  // namespace mydht::disk

int main(int argc, char** argv) {
  const boost::filesystem::path parent(argc > 1 ? argv[1] : ".");
  const auto path = parent / boost::filesystem::unique_path("disk-bench-%%%%-%%%%");
  boost::filesystem::create_directory(path);
  mydht::disk::measure(path.string());
  boost::filesystem::remove_all(path);
}
