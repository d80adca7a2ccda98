#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "server/cluster/remote_body.h"

namespace mydht::cluster {

/// A value's blob on this node's disk, with the other nodes that have the same version behind it: what turns out to be
/// unreadable here goes on from there, to the byte (R11). Shared by its readers, any loop; borrows what RemoteBody
/// does.
class BackedBlob final : public Blob {
 public:
  BackedBlob(const Settings& settings, const Membership& membership, Peers& peers, std::shared_ptr<const Blob> blob,
             Entry entry, std::vector<NodeId> others)
      : settings_(settings),
        membership_(membership),
        peers_(peers),
        blob_(std::move(blob)),
        entry_(std::move(entry)),
        others_(std::move(others)) {}

  std::uint64_t size() const override { return blob_->size(); }
  Task<Result<Bytes>> read(std::uint64_t offset, std::size_t most, Deadline deadline) const override {
    return blob_->read(offset, most, deadline);
  }
  Task<Result<>> verify(std::uint64_t offset, std::uint64_t length, Deadline deadline) const override {
    return blob_->verify(offset, length, deadline);
  }
  int file() const noexcept override { return blob_->file(); }
  std::unique_ptr<ByteSource> elsewhere(std::uint64_t offset, std::uint64_t length) const override {
    if (others_.empty()) return nullptr;
    return std::make_unique<RemoteBody>(settings_, membership_, peers_, entry_, offset, length, others_, nullptr);
  }

 private:
  const Settings& settings_;
  const Membership& membership_;
  Peers& peers_;
  const std::shared_ptr<const Blob> blob_;
  const Entry entry_;
  const std::vector<NodeId> others_;
};

}  // namespace mydht::cluster
