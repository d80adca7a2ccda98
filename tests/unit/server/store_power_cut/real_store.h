#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/store/store.h"
#include "tests/unit/server/disk/real_disk.h"
#include "tests/unit/server/store_power_cut/history.h"

namespace mydht {

/// The real store on the real disk in a directory, on one loop. Owned by the test's thread.
class RealStore {
 public:
  explicit RealStore(const std::string& path);
  RealStore(const RealStore&) = delete;
  RealStore& operator=(const RealStore&) = delete;
  ~RealStore();

  /// Why it could not be opened; empty: it is open.
  const std::string& error() const { return error_; }
  disk::RocksDisk& disk() { return real_.disk(); }
  store::Commits& commits() { return *commits_; }
  store::Store& store() { return *store_; }
  template <class T>
  T run(Task<T> task) {
    return real_.run(std::move(task));
  }

 private:
  /// Stands still: versions are the test's.
  class StandingClock final : public Clock {
   public:
    std::int64_t wallMicros() const override { return 1'000'000'000'000; }
  };
  Task<Status> start();

  RealDisk real_;
  StandingClock clock_;
  std::unique_ptr<store::Commits> commits_;
  std::unique_ptr<store::Store> store_;
  std::string error_;
};

/// Why what an opened store holds, in that directory, does not fit together or not to what was asked of it; empty: all
/// is well.
std::string wrongWithStore(RealStore& real, const History& history, const std::string& path);

}  // namespace mydht
