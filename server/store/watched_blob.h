#pragma once

#include <memory>
#include <utility>

#include "server/store/damage.h"
#include "server/task/body.h"

namespace mydht::store {

/// A large value's blob that notes the value's key when some of it turns out to be damaged, whoever reads it. Shared by
/// its readers like the blob below; any thread.
class WatchedBlob final : public Blob {
 public:
  WatchedBlob(std::shared_ptr<const Blob> blob, Key key, std::shared_ptr<Damage> damage)
      : blob_(std::move(blob)), key_(std::move(key)), damage_(std::move(damage)) {}

  std::uint64_t size() const override { return blob_->size(); }
  Task<Result<Bytes>> read(std::uint64_t offset, std::size_t most, Deadline deadline) const override {
    auto bytes = co_await blob_->read(offset, most, deadline);
    if (!bytes) failed(bytes.error());
    co_return bytes;
  }
  Task<Result<>> verify(std::uint64_t offset, std::uint64_t length, Deadline deadline) const override {
    auto verified = co_await blob_->verify(offset, length, deadline);
    if (!verified) failed(verified.error());
    co_return verified;
  }
  int file() const noexcept override { return blob_->file(); }

 private:
  void failed(const Error& error) const {
    if (error.kind == Kind::Corrupt) damage_->note(key_);
  }

  const std::shared_ptr<const Blob> blob_;
  const Key key_;
  const std::shared_ptr<Damage> damage_;
};

}  // namespace mydht::store
