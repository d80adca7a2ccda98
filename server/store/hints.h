#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "server/ports/clock.h"
#include "server/ports/disk.h"
#include "server/store/commits.h"
#include "server/store/rows.h"
#include "server/task/signal.h"

namespace mydht::store {

/// How much is kept for home nodes that are down.
struct HintSettings {
  std::uint64_t most = 100'000;  ///< notes, of all nodes together; what comes beyond is left to the hash trees
  std::int64_t ageMicros = std::int64_t{3} * 3600 * 1'000'000;  ///< older ones are forgotten, for the same reason
};

/// Notes that a node missed a version of a key that lies here: one for a node and key, the newest, on the disk. They
/// are written in the background, many in one batch, and bounded in number and age: what is not noted any more is found
/// by comparing hash trees. Owned by the node; counts() and overflowed() on any loop, the rest on loop 0.
class Hints {
 public:
  struct Hint {
    Key key;
    Version version;
    std::int64_t notedMicros = 0;  ///< by this node's clock, since 1970
  };
  /// Some notes for one node in the order of their keys; `after` is where to go on, empty at the end.
  struct HintPage {
    std::vector<Hint> hints;
    Key after;
  };

  Hints(Executor& loop, HintSettings settings, Disk& disk, Commits& commits, const Clock& clock);

  /// Counts what was noted before. The first call.
  Task<Status> open(Deadline deadline);
  /// Writes down what is noted and handed over, until stop(), and then what is left.
  Task<> run();
  void stop();

  void note(NodeId node, Key key, const Version& version);
  /// The node has this version of the key, or does not need it: older notes go.
  void handed(NodeId node, Key key, const Version& version);
  Task<Result<HintPage>> page(NodeId node, Key after, Deadline deadline);
  bool tooOld(const Hint& hint) const { return clock_.wallMicros() - hint.notedMicros > settings_.ageMicros; }

  /// How many notes are kept, for whom.
  std::map<NodeId, std::uint64_t> counts() const;
  /// How many were not written down for want of room, since the start.
  std::uint64_t overflowed() const { return overflowed_; }

 private:
  struct Change {
    std::optional<Version> noted;
    std::optional<Version> handed;
  };
  using Name = std::pair<NodeId, Key>;
  using Changes = std::map<Name, Change>;
  void queue(Name name, const Version& version, std::optional<Version> Change::*which);
  Task<> write(Changes changes);
  std::int64_t apply(const Name& name, const Change& change, const std::optional<Version>& kept, Batch& batch);
  void count(NodeId node, std::int64_t change);

  Executor& loop_;
  const HintSettings settings_;
  Disk& disk_;
  Commits& commits_;
  const Clock& clock_;
  bool stopping_ = false;
  Signal wake_;
  Changes queued_;
  std::size_t queuedBytes_ = 0;
  std::uint64_t kept_ = 0;
  std::atomic<std::uint64_t> overflowed_{0};
  mutable std::mutex mutex_;
  std::map<NodeId, std::uint64_t> counts_;  // guarded by mutex_
};

/// `h`, the node (big-endian), the key: a note for that node.
std::string hintRowName(NodeId node, std::string_view key);
Bytes encodeHintRow(const Hints::Hint& hint);
/// Corrupt if it is not what encodeHintRow and hintRowName made.
Result<std::pair<NodeId, Hints::Hint>> decodeHintRow(std::string_view name, std::string_view content);

}  // namespace mydht::store
