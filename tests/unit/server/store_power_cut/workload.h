#pragma once

#include <string>
#include <vector>

#include "tests/unit/server/store_power_cut/history.h"
#include "tests/unit/server/store_power_cut/real_store.h"

namespace mydht {

/// A mark of a recording: something was asked of the store, or acknowledged.
struct Mark {
  bool acknowledged = false;
  Asked asked;
  std::uint64_t batch = 0;  ///< acknowledged: the last batch that was synced by then
};

/// What a node does with its store, over and over, with every step marked in the recording: small values, values that
/// barely stand in a row, and large ones, put, replaced and deleted, one by one and many at once, copies that are older
/// or the same, uploads given up, entries purged, and deletes settled and reaped. Owned by one test; one thread.
class Workload {
 public:
  /// `from`: the number of the first version.
  explicit Workload(RealStore& real, std::vector<Mark>& marks, std::int64_t from = 1)
      : real_(real), marks_(marks), next_(from) {}

  /// So many rounds of everything.
  void run(int rounds);

 private:
  Task<> round(int number);
  Task<> put(Key key, std::size_t size);
  Task<> putAtOnce(int number);
  Task<> offer(Entry entry, store::Value value, wire::From from);
  Task<> remove(Key key);
  Task<> offerOlder(Key key);
  Task<> giveUp();
  Task<> purge(Key key);
  Task<> settle(PartitionId partition);
  Task<BlobId> staged(std::string value);
  Version next();
  std::size_t begin(Asked asked);
  void acknowledge(std::size_t mark);

  RealStore& real_;
  std::vector<Mark>& marks_;
  std::int64_t next_;
};

}  // namespace mydht
