#include "server/http/body_writer.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "common/http/chunks.h"
#include "common/result/check.h"

namespace mydht::http {
namespace {

/// So much of a file is verified at once, and then sent: each time costs two hops to another thread.
constexpr std::uint64_t kVerifiedAhead = 4 * limits::kChunkBytes;

/// The bytes from `offset` to the end of their chunk and a few more, or of the region: what is verified before it is
/// sent.
std::uint64_t pieceLength(const Region& region) {
  const std::uint64_t end = region.offset + region.length;
  return std::min(end, (region.offset / kVerifiedAhead + 1) * kVerifiedAhead) - region.offset;
}

/// What the kernel can send from a file; else nothing, with length 0.
Region kernelRegion(const Body& body) {
  const auto* region = std::get_if<Region>(&body);
  return region != nullptr && region->blob->file() >= 0 ? *region : Region();
}

}  // namespace

BodyWriter::BodyWriter(Channel& channel, Body body, Deadline most)
    : channel_(channel),
      body_(std::move(body)),
      most_(most),
      size_(bodySize(body_)),
      region_(kernelRegion(body_)),
      byKernel_(region_.length > 0) {}

Deadline BodyWriter::pieceDeadline() const {
  return std::min(most_, channel_.now() + channel_.shared().settings.bodyStall);
}

Error BodyWriter::broke() {
  connectionBroke_ = true;
  return Error{Kind::Io, "the connection broke"};
}

Task<Result<>> BodyWriter::prepare() {
  prepared_ = true;
  if (std::holds_alternative<Bytes>(body_)) co_return Result<>();
  if (byKernel_) {
    auto verified = co_await verifyPiece();
    if (verified || !goElsewhere(verified.error())) co_return verified;
  }
  body_ = sourceOf(std::move(body_));
  auto read = co_await readPiece();
  co_return read;
}

Task<Result<>> BodyWriter::send(bool chunked) {
  if (auto* bytes = std::get_if<Bytes>(&body_)) {
    MYDHT_ASSERT(!chunked);
    const bool sent = co_await channel_.send(bytes->view());
    if (!sent) co_return broke();
    co_return Result<>();
  }
  if (!prepared_) {
    auto ready = co_await prepare();
    if (!ready) co_return ready.error();
  }
  if (byKernel_) {
    auto sent = co_await sendRegion();
    co_return sent;
  }
  auto sent = co_await sendPieces(chunked);
  co_return sent;
}

/// Verifies the piece that comes next.
Task<Result<>> BodyWriter::verifyPiece() {
  const Deadline deadline = pieceDeadline();
  auto verified = co_await region_.blob->verify(region_.offset, pieceLength(region_), deadline);
  co_return verified;
}

Task<Result<>> BodyWriter::readPiece() {
  ByteSource& source = *std::get<std::unique_ptr<ByteSource>>(body_);
  const Deadline deadline = pieceDeadline();
  auto next = co_await source.next(deadline);
  if (!next) co_return next.error();
  piece_ = std::move(*next);
  co_return Result<>();
}

Task<Result<>> BodyWriter::sendRegion() {
  const bool headSent = co_await channel_.send({}, true);
  if (!headSent) co_return broke();
  while (true) {
    const std::uint64_t length = pieceLength(region_);
    const bool sent = co_await channel_.sendFile(region_.blob->file(), region_.offset, length);
    if (!sent) co_return broke();
    region_.offset += length;
    region_.length -= length;
    if (region_.length == 0) co_return Result<>();
    co_await yieldNow();
    auto verified = co_await verifyPiece();
    if (verified) continue;
    if (!goElsewhere(verified.error())) co_return verified.error();
    auto read = co_await readPiece();
    if (!read) co_return read.error();
    auto rest = co_await sendPieces(false);
    co_return rest;
  }
}

/// Whether what is left of the region comes from another place, since it cannot be read here.
bool BodyWriter::goElsewhere(const Error& error) {
  if (!isUnreadable(error)) return false;
  auto other = region_.blob->elsewhere(region_.offset, region_.length);
  if (!other) return false;
  size_ = region_.length;
  body_ = std::move(other);
  byKernel_ = false;
  return true;
}

/// Sends pieces one by one until the source is over; one that is not as long as it said must not look whole.
Task<Result<>> BodyWriter::sendPieces(bool chunked) {
  const Error otherSize{Kind::Corrupt, "a body is not as long as it said"};
  std::uint64_t left = size_.value_or(~std::uint64_t{0});
  while (!piece_.empty()) {
    if (piece_.size() > left) co_return otherSize;
    left -= piece_.size();
    if (chunked) channel_.output().append(ChunkLine(piece_.size()).text());
    const bool sent = co_await channel_.send(piece_.view());
    if (!sent) co_return broke();
    if (chunked) channel_.output().append(kChunkEnd);
    co_await yieldNow();
    auto read = co_await readPiece();
    if (!read) co_return read.error();
  }
  if (chunked) channel_.output().append(kLastChunk);
  if (size_ && left > 0) co_return otherSize;
  co_return Result<>();
}

Task<bool> sendLead(Channel& channel, Bytes lead, bool chunked, bool follows) {
  if (lead.empty()) co_return true;
  if (chunked) channel.output().append(ChunkLine(lead.size()).text());
  bool sent = true;
  if (lead.size() <= kCopiedBytes) {
    channel.output().append(lead.view());
  } else {
    sent = co_await channel.send(lead.view(), chunked || follows);
  }
  if (chunked) channel.output().append(kChunkEnd);
  co_return sent;
}

}  // namespace mydht::http
