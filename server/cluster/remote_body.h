#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "server/cluster/peers.h"
#include "server/task/body.h"

namespace mydht::cluster {

/// A value, or a range of one, that other nodes hold: pulled from one of them, and from the next one that has exactly
/// the same version when that one fails (R11). Breaks off when none is left. Owned by whoever sends it on, on one loop.
class RemoteBody final : public ByteSource {
 public:
  /// first: a body that has begun to arrive already, from offset on; may be null.
  RemoteBody(const Settings& settings, const Membership& membership, Peers& peers, Entry entry, std::uint64_t offset,
             std::uint64_t length, std::vector<NodeId> holders, std::unique_ptr<ByteSource> first)
      : settings_(settings),
        membership_(membership),
        peers_(peers),
        entry_(std::move(entry)),
        at_(offset),
        end_(offset + length),
        holders_(std::move(holders)),
        current_(std::move(first)),
        length_(length) {}

  /// Opens the body at the first holder that still has it, unless it has begun to arrive already. Conflict: none has it
  /// any more, it was replaced.
  Task<Status> open();
  std::optional<std::uint64_t> size() const override { return length_; }
  Task<Result<Bytes>> next(Deadline deadline) override;

 private:
  Task<Status> openNext();

  const Settings& settings_;
  const Membership& membership_;
  Peers& peers_;
  const Entry entry_;
  std::uint64_t at_;
  const std::uint64_t end_;
  std::vector<NodeId> holders_;  // not tried yet, the next one first
  std::unique_ptr<ByteSource> current_;
  const std::uint64_t length_;
};

}  // namespace mydht::cluster
