#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "common/hash/position.h"
#include "common/result/limits.h"
#include "common/version/marks.h"
#include "server/ports/clock.h"
#include "server/ports/disk.h"
#include "server/store/commits.h"
#include "server/store/damage.h"
#include "server/store/hash_trees.h"
#include "server/store/listing.h"
#include "server/store/rows.h"
#include "server/store/value_cache.h"
#include "server/task/signal.h"
#include "server/wire/gossip.h"

namespace mydht::store {

/// A value on its way in: the bytes of a small one, or the sealed blob of a large one, which the store takes over.
using Value = std::variant<Bytes, BlobId>;

/// What a store is told by its node.
struct StoreSettings {
  std::size_t cacheBytes = 64 * 1024 * 1024;
  /// Test only, a deliberate bug: what arrives last replaces what is held, whatever its version.
  bool lastArrivalWins = false;
  /// Test only, a deliberate bug: the marks refuse nothing.
  bool ignoreMarks = false;
  /// Test only, a deliberate bug: reads see what waits for its sync.
  bool showUnsynced = false;
};

/// Some entries of one partition in order of their keys; `after` is where to go on, empty at the end.
struct EntryPage {
  std::vector<RowPtr> rows;
  Key after;
};

/// Some live keys in order; `after` as above.
struct KeyPage {
  std::vector<Key> keys;
  Key after;
};

/// What lies on this node.
struct Totals {
  std::uint64_t keys = 0;
  std::uint64_t tombstones = 0;
  std::uint64_t bytes = 0;
};

/// What one node knows: entries by key, on the disk port. Everything that stores passes offer(). A partition's writes
/// run on one loop (partition modulo loops), so that compare-then-write needs no lock; reads run anywhere and see only
/// what is synced. Owned by the node, on any loop; borrows disk, commits, clock and loops, which outlive it.
class Store {
 public:
  Store(StoreSettings settings, Disk& disk, Commits& commits, const Clock& clock, const std::vector<Executor*>& loops);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store();

  /// Reads the partitions' marks and counts. Before anything else.
  Task<Status> open(Deadline deadline);

  /// The key's row (a tombstone's too) from memory: a null row = there is none; nullopt = ask row().
  std::optional<Result<RowPtr>> tryRow(std::string_view key);
  /// The key's row; null if there is none. Corrupt and Io mean "cannot say", never "none".
  Task<Result<RowPtr>> row(Key key, Deadline deadline);
  /// A row's value, or a part of it: bytes of a small value, a region of a large one.
  Task<Result<Body>> body(RowPtr row, std::uint64_t offset, std::uint64_t length, Deadline deadline);

  /// The one door (PROTOCOL.md): compares the entry with what is held or on its way to the disk, by the merge rule and
  /// the partition's marks, and writes it if it is newer. Synced when it returns Accepted; an answer that rests on a
  /// write which waits for its sync waits for it too. A blob is the store's if the answer is Accepted, else still the
  /// caller's.
  Task<Result<wire::OfferAnswer>> offer(Entry entry, Value value, wire::From from, Version senderSettled,
                                        Deadline deadline);

  /// Asked at the last moment before an entry goes, on the loop of its partition's writes.
  using StillMay = std::function<bool()>;
  /// Forgets an entry that belongs elsewhere (purge): exactly this version, nothing newer and nothing that waits for
  /// its sync, and only while `stillMay` says so. Gone from the disk, with its blob, when it returns true.
  Task<Result<bool>> drop(Entry entry, StillMay stillMay, Deadline deadline);

  /// What was found to be damaged, since a read of it failed; for who repairs it. Row, value and blob readers note it.
  Damage& damage() { return *damage_; }
  const Damage& damage() const { return *damage_; }
  /// What is known of a damaged value, and what takes its place.
  struct Mending {
    Key key;
    std::optional<Entry> damaged{};  ///< the entry whose value cannot be read; none: its row cannot
    std::optional<Entry> entry{};    ///< what other home nodes hold instead, most often the same; none: nothing
    Value value;                     ///< of that entry
    Version settled;                 ///< of who gave it
  };
  /// Writes it over the damaged one, past the one door's comparison: there is nothing left to compare with. False if
  /// something else is held, or is on its way to the disk: then the one door is for it. A blob is the store's if it
  /// returns true.
  Task<Result<bool>> mend(Mending mending, Deadline deadline);
  /// Writes a key's row once more as it is, since what it lies in is damaged in part. Corrupt if it cannot be read.
  Task<Status> rewrite(Key key, Deadline deadline);

  /// A place for a large value on its way in; seal it, then offer its BlobId (or discard it).
  Task<Result<std::unique_ptr<BlobWriter>>> stage(std::uint64_t sizeHint) { return disk_.createBlob(sizeHint); }
  /// Opens what is staged and not yet offered, to hand it to another node.
  Task<Result<std::shared_ptr<const Blob>>> openStaged(BlobId blob, Deadline deadline) {
    return disk_.openBlob(blob, deadline);
  }
  void discard(BlobId blob) { disk_.discardBlob(blob); }

  /// Entries of a partition after a key, tombstones included, about mostBytes of them.
  Task<Result<EntryPage>> iterate(PartitionId partition, Key after, std::size_t mostBytes, Deadline deadline);
  /// Whether a partition surely holds nothing; cheap, any loop.
  bool isEmpty(PartitionId partition) const;
  /// The digest of a partition's entries, added up from the disk if it is not known; then the counts are too.
  /// Unavailable if the partition is written to so much that it cannot be added up now.
  Task<Result<std::uint64_t>> digest(PartitionId partition, Deadline deadline);
  /// The digests of a partition's 2^bits leaves.
  Task<Result<std::vector<std::uint64_t>>> leaves(PartitionId partition, unsigned bits, Deadline deadline);
  /// The kept digest was found to be wrong: it is added up again when it is asked for.
  void forgetDigest(PartitionId partition) { trees_.forget(partition); }
  /// Some of the keys that lie here, with what is known of their values: a seek, never a scan from the start.
  Task<Result<ListPage>> list(ListOrder order, Deadline deadline);
  /// Live keys that begin with the prefix, after a key, in order.
  Task<Result<KeyPage>> keys(std::string prefix, Key after, std::size_t most, Deadline deadline);

  /// Raises a partition's marks (R12), synced when it returns: what a filled home node of the same version of the ring
  /// says of them, or what comes with a fill. A mark never falls.
  Task<Status> raise(std::map<PartitionId, Marks> marks);
  /// The digest of a partition's entries up to a version, those left out that may be dropped; what waits for its sync
  /// is waited for.
  Task<Result<std::uint64_t>> digestUpTo(PartitionId partition, Version upTo, Deadline deadline);
  /// Drops the tombstones of a partition up to a version, which is settled; how many.
  Task<Result<std::uint64_t>> reap(PartitionId partition, Version upTo, Deadline deadline);
  Version settled(PartitionId partition) const;
  Version closed(PartitionId partition) const;
  /// What lies here, about.
  Totals totals() const;
  ValueCache::Lookups lookups() const { return cache_.lookups(); }
  /// What lies in one partition, about: the numbers are read one after the other.
  Totals totals(PartitionId partition) const;
  /// A full disk takes no more values: copies for repair go into a part of the reserve, deletes into all of it. A
  /// failed one takes nothing.
  wire::DiskState disk() const {
    if (disk_.failure()) return wire::DiskState::Failed;
    return disk_.freeBytes() == 0 ? wire::DiskState::Full : wire::DiskState::Well;
  }

 private:
  /// A write that waits for its sync.
  struct Pending {
    explicit Pending(Executor& executor) : done(executor) {}
    Key key;
    RowPtr row;                ///< null: the key's row goes
    std::uint64_t change = 0;  ///< of the partition's digest
    bool over = false;
    Status result;
    Signal done;
  };
  using PendingPtr = std::shared_ptr<Pending>;

  /// The writes of one loop's partitions; that loop alone touches it.
  struct Lane {
    explicit Lane(Executor& loop) : executor(loop), compared(loop) {}
    Executor& executor;
    std::map<Key, PendingPtr> pending;
    std::set<Key> comparing;  // keys whose held row is being read for an offer: another offer waits its turn
    Signal compared;
  };

  /// What lies in a partition; written on its lane's loop, read anywhere.
  struct Counts {
    std::atomic<std::uint64_t> keys{0}, tombstones{0}, bytes{0};
    // Set before the first entry is written. Not keys + tombstones: two counters cannot be read, nor changed, at once,
    // and a partition that seems empty for a moment makes a key look missing.
    std::atomic<bool> any{false};
  };

  /// What a key's next write is compared with.
  struct Held {
    RowPtr row;
    PendingPtr pending;
  };

  Lane& laneOf(PartitionId partition) { return *lanes_[partition % lanes_.size()]; }
  static Task<> enter(Lane& lane, Key key);
  Task<Result<std::optional<Entry>>> entryOf(Key key, Deadline deadline);
  Task<Result<Held>> held(Lane& lane, Key key, Deadline deadline);
  std::optional<wire::OfferAnswer> refusal(const Entry& entry, const RowPtr& held, wire::From from,
                                           const Version& senderSettled) const;
  Task<Result<wire::OfferAnswer>> compareAndWrite(Lane& lane, Entry entry, Value value, wire::From from,
                                                  Version senderSettled, Deadline deadline);
  Status mayStore(const Entry& entry, const Value& value, wire::From from) const;
  Task<Result<bool>> compareAndMend(Lane& lane, Mending mending, Deadline deadline);
  Task<Result<bool>> writeAnew(Lane& lane, Key key, RowPtr row, RowPtr old);
  RowPtr unreadableRow(const Mending& mending) const;
  Task<Result<bool>> compareAndDrop(Lane& lane, Entry entry, StillMay stillMay, Deadline deadline);
  static PendingPtr enlist(Lane& lane, Key key, RowPtr row);
  Batch batchFor(Pending& pending, const RowPtr& old);
  void count(PartitionId partition, const Row* old, const Row* row);
  void recount(PartitionId partition, const Totals& totals);
  std::uint64_t digestIn(PartitionId partition, const Row* row) const;
  Task<Status> write(Lane& lane, PendingPtr pending, RowPtr old, Batch batch);
  /// `reapable`: a tombstone that may be dropped, and counts in no digest.
  using EachEntry = std::function<void(const Entry& entry, bool reapable)>;
  Task<Status> forEach(PartitionId partition, EachEntry each, Deadline deadline);
  static Task<Status> settle(PendingPtr pending);
  PartitionRow partitionRow(PartitionId partition, std::uint64_t change);
  bool noteMarks(PartitionId partition, const Marks& marks);
  Task<Status> raiseHere(const std::map<PartitionId, Marks>& marks, const Lane& lane);

  const StoreSettings settings_;
  Disk& disk_;
  Commits& commits_;
  const Clock& clock_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  ValueCache cache_;
  std::shared_ptr<Damage> damage_ = std::make_shared<Damage>();  // shared with the blobs that are being read
  HashTrees trees_;
  std::vector<Counts> counts_;
  Counts all_;  // their sum: gossip asks for it many times a second
  mutable std::mutex marksMutex_;
  std::map<PartitionId, Marks> marks_;  // guarded by marksMutex_; partitions that have any
};

}  // namespace mydht::store
