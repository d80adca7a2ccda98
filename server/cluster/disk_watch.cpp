#include "server/cluster/disk_watch.h"

#include <fmt/format.h>

namespace mydht::cluster {

Task<> DiskWatch::run() {
  while (!stopping_) {
    co_await disk_.look();
    if (const wire::DiskState now = state(); now != told_) tell(now);
    if (!stopping_) co_await wake_.waitUntil(loop_.now() + settings_.timing.gossip);
  }
}

void DiskWatch::stop() {
  stopping_ = true;
  wake_.notifyAll();
}

wire::DiskState DiskWatch::state() const {
  if (disk_.failure()) return wire::DiskState::Failed;
  return disk_.freeBytes() == 0 ? wire::DiskState::Full : wire::DiskState::Well;
}

void DiskWatch::tell(wire::DiskState state) {
  told_ = state;
  const auto failure = disk_.failure();
  const DiskSpace space = disk_.space();
  if (failure) {
    journal_.note(
        Severity::Error, "disk.failed",
        fmt::format("why=\"{}\" says=\"nothing is stored here until this node is started again\"", failure->text));
  } else if (state == wire::DiskState::Full) {
    journal_.note(Severity::Error, "disk.full", fmt::format("total={} says=\"puts are refused\"", space.total));
  } else {
    journal_.note(Severity::Info, "disk.room", fmt::format("free={} reserve={}", space.free, space.reserve));
  }
}

}  // namespace mydht::cluster
