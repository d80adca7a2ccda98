#include "server/task/body.h"

#include <algorithm>
#include <string>

#include "common/result/limits.h"

namespace mydht {
namespace {

class BytesSource final : public ByteSource {
 public:
  explicit BytesSource(Bytes bytes) : bytes_(std::move(bytes)) {}
  std::optional<std::uint64_t> size() const override { return bytes_.size(); }
  Task<Result<Bytes>> next(Deadline) override {
    const std::size_t length = std::min(bytes_.size() - at_, limits::kChunkBytes);
    Bytes piece = bytes_.part(at_, length);
    at_ += length;
    co_return piece;
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

class RegionSource final : public ByteSource {
 public:
  explicit RegionSource(Region region) : region_(std::move(region)) {}
  std::optional<std::uint64_t> size() const override { return region_.length; }
  Task<Result<Bytes>> next(Deadline deadline) override {
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(region_.length - at_, limits::kChunkBytes));
    if (length == 0) co_return Bytes();
    if (other_) {
      auto piece = co_await other_->next(deadline);
      if (piece) at_ += piece->size();
      co_return piece;
    }
    auto piece = co_await region_.blob->read(region_.offset + at_, length, deadline);
    if (!piece) {
      if (isUnreadable(piece.error())) other_ = region_.blob->elsewhere(region_.offset + at_, region_.length - at_);
      if (!other_) co_return piece.error();
      auto rest = co_await other_->next(deadline);
      if (rest) at_ += rest->size();
      co_return rest;
    }
    if (piece->empty()) co_return Error{Kind::Corrupt, "a value ends before its size"};  // never to be read as "over"
    at_ += piece->size();
    co_return piece;
  }

 private:
  Region region_;
  std::uint64_t at_ = 0;
  std::unique_ptr<ByteSource> other_;  // where it goes on once a piece could not be read
};

}  // namespace

std::unique_ptr<ByteSource> Blob::elsewhere(std::uint64_t, std::uint64_t) const {
  return nullptr;
}

bool isUnreadable(const Error& error) {
  return error.kind == Kind::Corrupt || error.kind == Kind::Io;
}

std::optional<std::uint64_t> bodySize(const Body& body) {
  if (const auto* bytes = std::get_if<Bytes>(&body)) return bytes->size();
  if (const auto* region = std::get_if<Region>(&body)) return region->length;
  return std::get<std::unique_ptr<ByteSource>>(body)->size();
}

std::unique_ptr<ByteSource> sourceOf(Body body) {
  if (auto* bytes = std::get_if<Bytes>(&body)) return std::make_unique<BytesSource>(std::move(*bytes));
  if (auto* region = std::get_if<Region>(&body)) return std::make_unique<RegionSource>(std::move(*region));
  return std::get<std::unique_ptr<ByteSource>>(std::move(body));
}

Task<Result<Bytes>> collect(Body body, std::size_t most, Deadline deadline) {
  if (auto* bytes = std::get_if<Bytes>(&body)) {
    if (bytes->size() > most) co_return Error{Kind::TooLarge, "more than " + std::to_string(most) + " bytes"};
    co_return std::move(*bytes);
  }
  const auto source = sourceOf(std::move(body));
  std::string whole;
  while (true) {
    auto piece = co_await source->next(deadline);
    if (!piece) co_return piece.error();
    if (piece->empty()) co_return Bytes(std::move(whole));
    if (whole.size() + piece->size() > most) {
      co_return Error{Kind::TooLarge, "more than " + std::to_string(most) + " bytes"};
    }
    whole += piece->view();
  }
}

}  // namespace mydht
