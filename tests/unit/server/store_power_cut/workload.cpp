#include "tests/unit/server/store_power_cut/workload.h"

#include <array>

#include "common/hash/position.h"
#include "common/hash/sha256.h"
#include "server/task/gate.h"
#include "tests/unit/server/store_power_cut/recording.h"

namespace mydht {
namespace {

constexpr Deadline kNever = Deadline::max();
constexpr int kPartitions = 3;
constexpr int kKeysOfOne = 5;
// Some seconds of the clock, so that its floor is written down again and again.
constexpr std::int64_t kStepMicros = 700'000;
constexpr std::int64_t kFirstMicros = 1'000'000'000;

/// Some keys of few partitions, so that their counts and sums are changed by one another's writes.
const std::vector<Key>& keys() {
  static const std::vector<Key> found = [] {
    std::map<PartitionId, std::vector<Key>> byPartition;
    std::vector<Key> all;
    int full = 0;
    for (int i = 0; full < kPartitions; ++i) {
      const Key key = "key" + std::to_string(i);
      std::vector<Key>& some = byPartition[partitionOf(key)];
      some.push_back(key);
      if (some.size() != kKeysOfOne) continue;
      all.insert(all.end(), some.begin(), some.end());
      ++full;
    }
    return all;
  }();
  return found;
}

const Key& keyOf(int number) {
  return keys()[static_cast<std::size_t>(number) % keys().size()];
}

/// Bytes that nothing compresses to nothing.
std::string contentOf(const Version& version, std::size_t size) {
  std::string content;
  std::uint64_t state = static_cast<std::uint64_t>(version.physicalMicros);
  while (content.size() < size) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    content.push_back(static_cast<char>(state >> 56));
  }
  return content;
}

Entry entryOf(const Key& key, const Version& version, std::string_view value) {
  Entry entry;
  entry.key = key;
  entry.version = version;
  entry.size = value.size();
  entry.sha256 = sha256Of(value);
  entry.contentType = "text/plain";
  return entry;
}

}  // namespace

Version Workload::next() {
  return {kFirstMicros + kStepMicros * next_++, 0, 1, 1};
}

std::size_t Workload::begin(Asked asked) {
  marks_.push_back({false, std::move(asked)});
  recordMark(marks_.size() - 1);
  return marks_.size() - 1;
}

void Workload::acknowledge(std::size_t mark) {
  marks_.push_back({true, marks_[mark].asked, real_.disk().lastSynced()});
  recordMark(marks_.size() - 1);
}

void Workload::run(int rounds) {
  for (int number = 0; number < rounds; ++number) real_.run(round(number));
}

Task<> Workload::round(int number) {
  constexpr std::array<std::size_t, 5> sizes{20, 3000, 100'000, 40'000, 270'000};
  const int first = 4 * number;
  co_await put(keyOf(first), sizes[static_cast<std::size_t>(number) % sizes.size()]);
  co_await putAtOnce(first + 1);
  co_await put(keyOf(first), 70'000);
  co_await offerOlder(keyOf(first));
  co_await remove(keyOf(first + 2));
  if (number % 3 == 1) co_await giveUp();
  if (number % 3 == 2) co_await settle(partitionOf(keyOf(first + 2)));
  if (number % 4 == 3) co_await purge(keyOf(first + 1));
}

Task<BlobId> Workload::staged(std::string value) {
  auto writer = co_await real_.store().stage(value.size());
  MYDHT_ASSERT(writer.ok());
  auto appended = co_await (*writer)->append(Bytes(std::move(value)), kNever);
  MYDHT_ASSERT(appended.ok());
  auto id = co_await (*writer)->seal(kNever);
  MYDHT_ASSERT(id.ok());
  co_return *id;
}

Task<> Workload::offer(Entry entry, store::Value value, wire::From from) {
  const std::size_t mark = begin({Asked::Kind::Offer, entry});
  auto answer = co_await real_.store().offer(std::move(entry), std::move(value), from, {}, kNever);
  MYDHT_ASSERT(answer.ok());
  if (answer->outcome == wire::OfferOutcome::Accepted) acknowledge(mark);
}

Task<> Workload::put(Key key, std::size_t size) {
  const Version version = next();
  std::string value = contentOf(version, size);
  Entry entry = entryOf(key, version, value);
  store::Value offered = BlobId{0};
  if (size > limits::kInlineBytes) {
    const BlobId blob = co_await staged(std::move(value));
    offered = blob;
  } else {
    offered = Bytes(std::move(value));
  }
  co_await offer(std::move(entry), std::move(offered), wire::From::Client);
}

/// Two of them to the same key, so that one waits for the other's sync.
Task<> Workload::putAtOnce(int number) {
  Executor& here = co_await currentExecutor();
  Gate gate(here);
  for (const int more : {0, 1, 1, 2}) gate.spawn(put(keyOf(number + more), more == 2 ? 80'000 : 1500));
  co_await gate.close();
}

Task<> Workload::remove(Key key) {
  Entry entry;
  entry.key = std::move(key);
  entry.version = next();
  entry.tombstone = true;
  co_await offer(std::move(entry), Bytes(), wire::From::Client);
}

/// A late copy, and the same one once more, which is acknowledged for what is there.
Task<> Workload::offerOlder(Key key) {
  auto row = co_await real_.store().row(key, kNever);
  MYDHT_ASSERT(row.ok() && *row);
  const Version older{(*row)->entry.version.physicalMicros - 1, 0, 1, 1};
  const std::string value = contentOf(older, 30);
  co_await offer(entryOf(key, older, value), Bytes(value), wire::From::Repair);
  if ((*row)->blob == 0) co_await offer((*row)->entry, (*row)->value, wire::From::Repair);
}

Task<> Workload::giveUp() {
  const BlobId blob = co_await staged(std::string(90'000, 'u'));
  real_.store().discard(blob);
}

Task<> Workload::purge(Key key) {
  auto row = co_await real_.store().row(key, kNever);
  MYDHT_ASSERT(row.ok());
  if (!*row) co_return;
  const std::size_t mark = begin({Asked::Kind::Forget, (*row)->entry});
  store::Store::StillMay always = [] { return true; };
  auto dropped = co_await real_.store().drop((*row)->entry, std::move(always), kNever);
  MYDHT_ASSERT(dropped.ok());
  if (*dropped) acknowledge(mark);
}

/// Settles everything up to now, and reaps the deletes below.
Task<> Workload::settle(PartitionId partition) {
  const Version mark = next();
  std::vector<std::size_t> reaped;
  const std::size_t raised = begin({.kind = Asked::Kind::Settle, .partition = partition, .settled = mark});
  std::map<PartitionId, Marks> marks;
  marks[partition] = {mark, mark};
  auto done = co_await real_.store().raise(std::move(marks));
  MYDHT_ASSERT(done.ok());
  acknowledge(raised);
  for (const Key& key : keys()) {
    if (partitionOf(key) != partition) continue;
    auto row = co_await real_.store().row(key, kNever);
    MYDHT_ASSERT(row.ok());
    if (*row && (*row)->entry.tombstone) reaped.push_back(begin({Asked::Kind::Forget, (*row)->entry}));
  }
  auto count = co_await real_.store().reap(partition, real_.store().settled(partition), kNever);
  MYDHT_ASSERT(count.ok() && *count == reaped.size());
  for (const std::size_t gone : reaped) acknowledge(gone);
}

}  // namespace mydht
