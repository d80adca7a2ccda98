#pragma once

#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "server/cluster/peers.h"
#include "server/task/body.h"

namespace mydht::cluster {

/// A value, or a range of one, that other nodes hold: pulled from one of them, and from the next one that has exactly
/// the same version when that one fails, or sends nothing for a while (R11). Breaks off when none is left. Owned by
/// whoever sends it on, on one loop.
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
  /// How long the current holder is waited for: not for long while there is another one.
  Duration patience(Duration alone) const;

  const Settings& settings_;
  const Membership& membership_;
  Peers& peers_;
  const Entry entry_;
  std::uint64_t at_;
  const std::uint64_t end_;
  std::vector<NodeId> holders_;  // the next one first; one that was only slow comes again, last
  std::unique_ptr<ByteSource> current_;
  NodeId from_ = 0;        // who sends the current one; 0: not known
  std::set<NodeId> slow_;  // did not begin to answer in time while there was another one: asked once more
  const std::uint64_t length_;
};

}  // namespace mydht::cluster
