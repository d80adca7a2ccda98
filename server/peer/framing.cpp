#include "server/peer/framing.h"

#include <string>
#include <utility>

#include "common/result/limits.h"

namespace mydht::peer {
namespace {

constexpr std::size_t kPrefix = LengthPrefix::kBytes;

/// The message's length, from at least kPrefix bytes.
std::size_t lengthIn(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < kPrefix; ++i) length |= std::size_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return length;
}

Error cutShort() {
  return Error{Kind::BadRequest, "a message between nodes is cut short"};
}

Error tooLong() {
  return Error{Kind::BadRequest,
               "a message between nodes is longer than " + std::to_string(limits::kMessageBytes) + " bytes"};
}

/// What is left of a source behind its first bytes.
class RestSource final : public ByteSource {
 public:
  RestSource(Bytes first, std::unique_ptr<ByteSource> rest, std::optional<std::uint64_t> size)
      : first_(std::move(first)), rest_(std::move(rest)), size_(size) {}
  std::optional<std::uint64_t> size() const override { return size_; }
  Task<Result<Bytes>> next(Deadline deadline) override {
    if (!first_.empty()) co_return std::exchange(first_, Bytes());
    auto piece = co_await rest_->next(deadline);
    co_return piece;
  }

 private:
  Bytes first_;
  std::unique_ptr<ByteSource> rest_;
  std::optional<std::uint64_t> size_;
};

/// The pieces of a source put together.
class Gathered {
 public:
  void add(Bytes piece) {
    if (bytes_.empty()) {
      bytes_ = std::move(piece);
      return;
    }
    if (grown_.empty()) grown_ = bytes_.view();
    grown_ += piece.view();
    bytes_ = Bytes(nullptr, grown_);
  }
  std::string_view view() const { return bytes_.view(); }
  Bytes take() { return grown_.empty() ? std::move(bytes_) : Bytes(std::move(grown_)); }

 private:
  Bytes bytes_;
  std::string grown_;
};

}  // namespace

LengthPrefix::LengthPrefix(std::size_t messageBytes) {
  for (std::size_t i = 0; i < kBytes; ++i) bytes_[i] = static_cast<char>(messageBytes >> (8 * i));
}

Bytes leadOf(std::string_view message) {
  std::string lead;
  lead.reserve(kPrefix + message.size());
  lead += LengthPrefix(message.size()).text();
  lead += message;
  return Bytes(std::move(lead));
}

Result<Call> splitCall(const Bytes& whole) {
  if (whole.size() < kPrefix) return cutShort();
  const std::size_t length = lengthIn(whole.view());
  if (length > limits::kMessageBytes) return tooLong();
  if (length > whole.size() - kPrefix) return cutShort();
  const std::size_t behind = kPrefix + length;
  return Call{whole.part(kPrefix, length), whole.part(behind, whole.size() - behind)};
}

Task<Result<Call>> readCall(std::unique_ptr<ByteSource> source, std::optional<std::uint64_t> size, Deadline deadline) {
  Gathered came;
  std::optional<std::size_t> messageEnd;
  bool small = false;
  while (true) {
    auto piece = co_await source->next(deadline);
    if (!piece) co_return piece.error();
    const bool over = piece->empty();
    if (!over) came.add(std::move(*piece));
    if (!messageEnd && came.view().size() >= kPrefix) {
      const std::size_t length = lengthIn(came.view());
      if (length > limits::kMessageBytes) co_return tooLong();
      messageEnd = kPrefix + length;
      if (size && *size < *messageEnd) co_return cutShort();
      small = size && *size - *messageEnd <= kWholeBytes;
    }
    if (over) break;
    if (messageEnd && !small && came.view().size() >= *messageEnd) {
      const Bytes held = came.take();
      const Bytes message = held.part(kPrefix, *messageEnd - kPrefix);
      const Bytes first = held.part(*messageEnd, held.size() - *messageEnd);
      std::optional<std::uint64_t> left;
      if (size) left = *size - *messageEnd;
      co_return Call{message, std::make_unique<RestSource>(first, std::move(source), left)};
    }
  }
  co_return splitCall(came.take());
}

}  // namespace mydht::peer
