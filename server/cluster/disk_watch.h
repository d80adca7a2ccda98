#pragma once

#include "server/cluster/settings.h"
#include "server/ports/disk.h"
#include "server/ports/journal.h"
#include "server/task/signal.h"
#include "server/wire/gossip.h"

namespace mydht::cluster {

/// Looks once a second how the disk is, so that one that was full is used again when there is room, and tells the
/// journal what has changed. A background duty of the node, on loop 0; state() is for any loop.
class DiskWatch {
 public:
  DiskWatch(Executor& loop, const Settings& settings, Disk& disk, Journal& journal)
      : loop_(loop), settings_(settings), disk_(disk), journal_(journal), wake_(loop) {}

  /// Until stop().
  Task<> run();
  void stop();
  wire::DiskState state() const;

 private:
  void tell(wire::DiskState state);

  Executor& loop_;
  const Settings& settings_;
  Disk& disk_;
  Journal& journal_;
  wire::DiskState told_ = wire::DiskState::Well;
  bool stopping_ = false;
  Signal wake_;
};

}  // namespace mydht::cluster
