// Fills the data directory of a stopped node with keys, through the store, as copies of another home node would come:
// some ten times faster than puts over HTTP. tests/bench/list_pages.py starts nodes on what it leaves and measures what
// a page of a listing costs. Usage: list_bench DIRECTORY KEYS

#include <fmt/core.h>

#include <cstdlib>
#include <string>

#include "common/hash/sha256.h"
#include "server/disk/rocks_disk.h"
#include "server/runtime/loop_thread.h"
#include "server/runtime/run_on.h"
#include "server/store/store.h"
#include "server/task/gate.h"

namespace mydht {
namespace {

constexpr unsigned kWriters = 512;
constexpr std::int64_t kWhen = 1'795'162'504'000'000;

class FixedClock final : public Clock {
 public:
  std::int64_t wallMicros() const override { return kWhen; }
};

Task<> write(store::Store& store, unsigned first, unsigned keys) {
  const std::string value = "value";
  const Digest digest = sha256Of(value);
  for (unsigned i = first; i < keys; i += kWriters) {
    Entry entry;
    entry.key = fmt::format("photos/{:03}/{:07}.jpg", i % 1000, i);
    entry.version = {kWhen, 0, 1, 1};
    entry.size = value.size();
    entry.sha256 = digest;
    entry.contentType = "image/jpeg";
    auto taken = co_await store.offer(std::move(entry), Bytes(value), wire::From::Fill, Version(), Deadline::max());
    MYDHT_ASSERT(taken.ok());
  }
}

Task<> writeAll(store::Store& store, unsigned keys) {
  Executor& here = co_await currentExecutor();
  auto opened = co_await store.open(Deadline::max());
  MYDHT_ASSERT(opened.ok());
  Gate gate(here);
  for (unsigned i = 0; i < kWriters; ++i) gate.spawn(write(store, i, keys));
  co_await gate.close();
}

void load(const std::string& path, unsigned keys) {
  runtime::LoopThread loop;
  runtime::BlockingPool pool(4, 10'000);
  auto directory = disk::DataDirectory::open(path);
  MYDHT_ASSERT(directory.ok());
  auto disk = disk::RocksDisk::open(**directory, pool);
  MYDHT_ASSERT(disk.ok());
  const FixedClock clock;
  store::Commits commits(**disk);
  store::Store store({}, **disk, commits, clock, {&loop.loop()});
  runtime::runOn(loop.loop(), writeAll(store, keys));
  (*directory)->keep();
  fmt::print("{} keys in {}\n", store.totals().keys, path);
}

}  // namespace
}  // namespace mydht

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: list_bench DIRECTORY KEYS\n");
    return 2;
  }
  mydht::load(argv[1], static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10)));
}
