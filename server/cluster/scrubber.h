#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "server/cluster/peers.h"
#include "server/cluster/throttle.h"
#include "server/ports/clock.h"
#include "server/ports/disk.h"
#include "server/ports/journal.h"
#include "server/store/store.h"

namespace mydht::cluster {

/// How the reading of everything at rest stands.
struct ScrubStatus {
  std::uint64_t rounds = 0;         ///< finished since the start
  std::int64_t endedMicros = 0;     ///< when the last one ended, since 1970; 0: none has yet
  std::uint64_t bytes = 0;          ///< read by the last one
  std::uint64_t findings = 0;       ///< damaged places that it found
  std::uint64_t damagedTables = 0;  ///< tables of the database that were damaged when they were last checked
  bool running = false;             ///< one is under way,
  std::uint64_t runningBytes = 0;   ///< which has read so much
};

/// Reads everything at rest against its checksums, at a limited rate, round after round: what the rows are kept in, and
/// each large value chunk by chunk. A damaged value is noted with the store and repaired by the mender. Damaged rows
/// are not known by name: of each partition that may have lost some, another home node names the keys, those that can
/// be read are written anew, and the others are noted. A background duty of the node, on loop 0; the status is for any
/// loop.
class Scrubber {
 public:
  Scrubber(Executor& loop, const Settings& settings, const Membership& membership, Peers& peers, Disk& disk,
           store::Store& store, const Clock& clock, Journal& journal)
      : loop_(loop),
        settings_(settings),
        membership_(membership),
        peers_(peers),
        disk_(disk),
        store_(store),
        clock_(clock),
        journal_(journal),
        throttle_(loop, settings.scrubBytesPerSecond),
        wake_(loop) {}

  /// Until stop().
  Task<> run();
  void stop();
  ScrubStatus status() const;

 private:
  Task<> round();
  Task<> checkRowsNow();
  Task<Status> checkRows();
  void noteTables(std::uint64_t damaged);
  Task<Status> checkValues(PartitionId partition);
  Task<> checkValue(store::RowPtr row);
  Task<> renew(std::string from, std::string to);
  Task<Status> renewFrom(PartitionId partition, NodeId partner, const std::string& from, const std::string& to);
  Task<> pay(std::uint64_t bytes);
  Task<> pauseUntil(Time time);
  void found(const std::string& what);

  Executor& loop_;
  const Settings& settings_;
  const Membership& membership_;
  Peers& peers_;
  Disk& disk_;
  store::Store& store_;
  const Clock& clock_;
  Journal& journal_;
  mutable std::mutex mutex_;
  ScrubStatus status_;  // guarded by mutex_
  std::uint64_t findings_ = 0;
  Throttle throttle_;
  bool stopping_ = false;
  Signal wake_;
};

}  // namespace mydht::cluster
