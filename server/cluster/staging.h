#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "common/hash/sha256.h"
#include "server/store/store.h"

namespace mydht::cluster {

/// A whole body that lies aside at a home node: synced, not visible.
struct Staged {
  BlobId blob = 0;
  Digest sha256{};
  std::uint64_t size = 0;
  Time since{};
};

/// Bodies that were streamed here and wait for their publish, by the number of their upload. What nobody publishes is
/// forgotten after a while; what a crash leaves behind the disk sweeps at the next start. Any loop.
class Staging {
 public:
  explicit Staging(store::Store& store) : store_(store) {}

  /// Streams a body aside, hashing it as it comes: whole and synced, or an error and nothing is left.
  Task<Result<Staged>> receive(std::unique_ptr<ByteSource> body, Duration progress);
  /// The same, and keeps it under its upload's number.
  Task<Result<Staged>> receiveFor(std::uint64_t upload, std::unique_ptr<ByteSource> body, Duration progress);
  /// Whether such a body is being received now.
  bool isArriving(std::uint64_t upload) const;
  /// Keeps what was received under its upload's number; what stood there is discarded.
  void keep(std::uint64_t upload, Staged staged);
  std::optional<Staged> find(std::uint64_t upload) const;
  /// Hands it over: the caller offers or discards the blob.
  std::optional<Staged> take(std::uint64_t upload);
  void discard(std::uint64_t upload);
  void discardOlderThan(Time time);

 private:
  store::Store& store_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Staged> staged_;  // guarded by mutex_
  std::multiset<std::uint64_t> arriving_;   // guarded by mutex_
};

}  // namespace mydht::cluster
