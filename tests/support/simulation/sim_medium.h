#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "server/ports/disk.h"

namespace mydht::simulation {

/// A large value on a simulated disk, and which of its chunks no longer match their checksums.
struct SimFile {
  std::string bytes;
  std::set<std::uint64_t> badChunks;
};

/// What a simulated disk holds without power: exactly what was synced. It outlives the incarnations of a node's disk
/// (SimDisk), of which at most one is open on it at a time. Owned by the simulation or the test, which may look at it
/// at any moment, and harm it; single-threaded.
class SimMedium {
 public:
  SimMedium() = default;
  SimMedium(const SimMedium&) = delete;
  SimMedium& operator=(const SimMedium&) = delete;

  /// A durable row's content; nullptr if there is none. Logarithmic. Valid until the next sync or fault.
  const Bytes* row(std::string_view name) const;
  /// All durable rows, in order.
  const std::map<std::string, Bytes, std::less<>>& rows() const { return state_.rows; }
  /// A durable, published blob's bytes; nullopt if there is none. Valid as long as the blob is.
  std::optional<std::string_view> blob(BlobId id) const;
  /// The published blobs.
  const std::set<BlobId>& published() const { return state_.published; }
  /// The number of the last durable batch; 0 before the first.
  std::uint64_t lastBatch() const { return state_.lastBatch; }

  /// Called for each batch at the moment it has become durable, also when a crash decides so. Empty = nobody listens.
  std::function<void(const Batch&)> whenDurable;
  /// Called for each row that goes, with its content, when that has become durable.
  std::function<void(const std::string& name, const Bytes& content)> whenRemoved;

  /// Replaced by an empty disk. Not while a SimDisk is open, like rollback: crash it first.
  void empty();
  /// A backup of everything, to be restored by rollback.
  std::shared_ptr<const SimMedium> snapshot() const;
  /// Restores a backup, even one of another medium (a clone); numbers go back with it.
  void rollback(const SimMedium& backup);

  /// Flips a bit of a blob; reads of that chunk say Corrupt from now on. False if there is no such blob, or it is
  /// shorter.
  bool corruptBlob(BlobId id, std::uint64_t offset);
  /// Reads of this row, and scans that reach it, say Corrupt until it is written again. False if there is no such row.
  bool corruptRow(std::string_view name);
  /// Whether a blob that was dropped had damaged chunks: what nobody can read is no copy.
  bool droppedDamaged(BlobId id) const { return droppedDamaged_.contains(id); }
  /// Whether some of it still cannot be read.
  bool isDamaged() const;
  /// The names of the rows that cannot be read.
  const std::set<std::string, std::less<>>& badRows() const { return state_.badRows; }

 private:
  friend class SimDisk;
  struct State {
    std::map<std::string, Bytes, std::less<>> rows;
    std::set<std::string, std::less<>> badRows;
    std::map<BlobId, std::shared_ptr<SimFile>> files;  // sealed ones, published or not
    std::set<BlobId> published;
    std::uint64_t lastBatch = 0;
    BlobId lastBlob = 0;
  };

  static State copyOf(const State& state);
  void apply(const Batch& batch, std::uint64_t number);
  void sweep();

  State state_;
  std::set<BlobId> droppedDamaged_;
  bool open_ = false;
};

}  // namespace mydht::simulation
