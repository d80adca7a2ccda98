#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "common/hash/sha256.h"
#include "server/store/store.h"
#include "tests/support/simulation/sim_disk.h"
#include "tests/support/simulation/sim_executor.h"
#include "tests/support/simulation/sim_random.h"

namespace mydht::store::test {

constexpr Deadline kNever = Deadline::max();
constexpr std::int64_t kNow = 1'000'000'000;

class FixedClock final : public Clock {
 public:
  std::int64_t wallMicros() const override { return micros; }
  std::int64_t micros = kNow;
};

inline Version at(std::int64_t micros, NodeId node = 1) {
  return {micros, 0, node, 1};
}

inline Entry entryOf(const Key& key, std::int64_t micros, std::string_view value) {
  Entry entry;
  entry.key = key;
  entry.version = at(micros);
  entry.size = value.size();
  entry.sha256 = sha256Of(value);
  entry.contentType = "text/plain";
  return entry;
}

inline Entry tombstoneOf(const Key& key, std::int64_t micros) {
  Entry entry;
  entry.key = key;
  entry.version = at(micros);
  entry.tombstone = true;
  return entry;
}

/// A store on a simulated disk in virtual time, which can lose its power. Owned by one test; one thread.
class StoreWorld : public testing::Test {
 protected:
  using Offered = Result<wire::OfferAnswer>;

  void SetUp() override { start(); }
  void TearDown() override { time_.runUntilIdle(); }

  void start() {
    disk_ = std::make_unique<simulation::SimDisk>(medium_, random_);
    commits_ = std::make_unique<Commits>(*disk_);
    store_ = std::make_unique<Store>(settings_, *disk_, *commits_, clock_, std::vector<Executor*>{&executor_});
    const Status opened = time_.run(executor_, store_->open(kNever));
    ASSERT_TRUE(opened.ok()) << opened.error().text;
  }
  /// The power goes and comes back: what was not synced is gone.
  void powerCut() {
    disk_->crash();
    time_.runUntilIdle();
    store_.reset();
    commits_.reset();
    start();
  }

  Offered offer(Entry entry, Value value, wire::From from = wire::From::Client, Version senderSettled = {}) {
    return time_.run(executor_,
                     store_->offer(std::move(entry), std::move(value), from, std::move(senderSettled), kNever));
  }
  wire::OfferOutcome put(const Key& key, std::int64_t micros, const std::string& value) {
    const Offered answer = offer(entryOf(key, micros, value), Bytes(value));
    MYDHT_ASSERT(answer.ok());
    return answer->outcome;
  }
  wire::OfferOutcome del(const Key& key, std::int64_t micros) {
    const Offered answer = offer(tombstoneOf(key, micros), Bytes());
    MYDHT_ASSERT(answer.ok());
    return answer->outcome;
  }
  RowPtr row(const Key& key) {
    const Result<RowPtr> found = time_.run(executor_, store_->row(key, kNever));
    MYDHT_ASSERT(found.ok());
    return *found;
  }
  /// The small value that is stored, "-" if there is none.
  std::string value(const Key& key) {
    const RowPtr found = row(key);
    return found && !found->entry.tombstone ? std::string(found->value.view()) : "-";
  }
  /// As a purge or a settling of another node's would leave it: these marks on the disk, read at a start.
  void setMarks(const Key& key, Version closed, Version settled) {
    Batch batch;
    PartitionRow marks;
    marks.closed = closed;
    marks.settled = settled;
    batch.rows.emplace_back(partitionRowName(partitionOf(key)), encodePartitionRow(marks));
    const auto committed = time_.run(executor_, commits_->commit(std::move(batch)));
    MYDHT_ASSERT(committed.ok());
    powerCut();
  }
  /// A large value that lies aside, sealed.
  BlobId staged(const std::string& value) { return time_.run(executor_, stage(value)); }
  Task<BlobId> stage(std::string value) {
    auto writer = co_await store_->stage(value.size());
    MYDHT_ASSERT(writer.ok());
    auto appended = co_await (*writer)->append(Bytes(std::move(value)), kNever);
    MYDHT_ASSERT(appended.ok());
    auto id = co_await (*writer)->seal(kNever);
    MYDHT_ASSERT(id.ok());
    co_return *id;
  }

  StoreSettings settings_;
  simulation::SimTime time_;
  simulation::SimExecutor executor_{time_};
  simulation::SimRandom random_{1};
  simulation::SimMedium medium_;
  FixedClock clock_;
  std::unique_ptr<simulation::SimDisk> disk_;
  std::unique_ptr<Commits> commits_;
  std::unique_ptr<Store> store_;
};

}  // namespace mydht::store::test
