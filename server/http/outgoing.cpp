#include "server/http/outgoing.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "common/http/chunks.h"
#include "common/result/check.h"

namespace mydht::http {
namespace {

bool hasNoBody(int status) {
  return status == 204 || status == 304;
}

/// Prints the head; `size` is nothing for a body of unknown size. Returns whether the connection stays open.
AnswerSent writeHead(Channel& channel, const Response& response, std::optional<std::uint64_t> size, AnswerTerms terms) {
  MYDHT_ASSERT(response.status >= 200);
  const bool untilClose = !size && !terms.chunks && !terms.headOnly;
  const bool keep = terms.keepAlive && !untilClose;
  channel.setAnswering(true);
  HeadText& out = channel.output();
  out.startResponse(response.status);
  out.append(channel.shared().date.at(channel.now()));
  out.append(response.headers.text());
  if (!hasNoBody(response.status)) {
    if (size) {
      out.header("Content-Length", *size);
    } else if (terms.chunks) {
      out.header("Transfer-Encoding", "chunked");
    }
  }
  if (!keep) out.header("Connection", "close");
  out.end();
  return keep ? AnswerSent::KeepAlive : AnswerSent::Close;
}

/// The bytes from `offset` to the end of their chunk, or of the region: what is verified before it is sent.
std::uint64_t pieceLength(std::uint64_t offset, std::uint64_t end) {
  return std::min(end, (offset / limits::kChunkBytes + 1) * limits::kChunkBytes) - offset;
}

Deadline pieceDeadline(Channel& channel) {
  return channel.now() + channel.shared().settings.bodyStall;
}

/// Verifies the piece at `offset` of a region.
Task<Result<>> verifyPiece(Channel& channel, const Region& region, std::uint64_t offset) {
  const std::uint64_t length = pieceLength(offset, region.offset + region.length);
  const Deadline deadline = pieceDeadline(channel);
  auto verified = co_await region.blob->verify(offset, length, deadline);
  co_return verified;
}

AnswerSent appendError(Channel& channel, const Error& error, AnswerTerms terms) {
  return appendAnswer(channel, respondError(error), terms);
}

Task<AnswerSent> sendBytes(Channel& channel, Response response, AnswerTerms terms) {
  const Bytes bytes = std::get<Bytes>(response.body);
  const auto outcome = writeHead(channel, response, bytes.size(), terms);
  const bool sent = co_await channel.send(bytes.view());
  co_return sent ? outcome : AnswerSent::Cut;
}

Task<AnswerSent> sendRegion(Channel& channel, Response response, AnswerTerms terms) {
  const Region region = std::get<Region>(response.body);
  const std::uint64_t end = region.offset + region.length;
  auto verified = co_await verifyPiece(channel, region, region.offset);
  if (!verified) co_return appendError(channel, verified.error(), terms);
  const auto outcome = writeHead(channel, response, region.length, terms);
  const bool headSent = co_await channel.send({}, true);
  if (!headSent) co_return AnswerSent::Cut;
  std::uint64_t at = region.offset;
  while (true) {
    const std::uint64_t length = pieceLength(at, end);
    const bool sent = co_await channel.sendFile(region.blob->file(), at, length);
    if (!sent) co_return AnswerSent::Cut;
    at += length;
    if (at == end) co_return outcome;
    co_await yieldNow();
    verified = co_await verifyPiece(channel, region, at);
    if (!verified) co_return AnswerSent::Cut;
  }
}

/// Sends pieces one by one until the source is over; false when it breaks off, or is not as long as it said, or the
/// connection breaks.
Task<bool> sendPieces(Channel& channel, ByteSource& source, Bytes piece, bool chunked) {
  const auto size = source.size();
  std::uint64_t left = size.value_or(~std::uint64_t{0});
  while (!piece.empty()) {
    if (piece.size() > left) co_return false;
    left -= piece.size();
    if (chunked) channel.output().append(ChunkLine(piece.size()).text());
    const bool sent = co_await channel.send(piece.view());
    if (!sent) co_return false;
    if (chunked) channel.output().append(kChunkEnd);
    co_await yieldNow();
    const Deadline deadline = pieceDeadline(channel);
    auto next = co_await source.next(deadline);
    if (!next) co_return false;
    piece = std::move(*next);
  }
  if (chunked) channel.output().append(kLastChunk);
  co_return !size || left == 0;
}

Task<AnswerSent> sendSource(Channel& channel, Response response, AnswerTerms terms) {
  const auto source = sourceOf(std::move(response.body));
  const auto size = source->size();
  const Deadline deadline = pieceDeadline(channel);
  auto first = co_await source->next(deadline);
  if (!first) co_return appendError(channel, first.error(), terms);
  const auto outcome = writeHead(channel, response, size, terms);
  Bytes piece = std::move(*first);
  const bool whole = co_await sendPieces(channel, *source, std::move(piece), !size && terms.chunks);
  co_return whole ? outcome : AnswerSent::Cut;
}

}  // namespace

bool isSmall(const Response& response) {
  const auto* bytes = std::get_if<Bytes>(&response.body);
  return bytes != nullptr && bytes->size() <= kCopiedBytes;
}

AnswerSent appendAnswer(Channel& channel, const Response& response, AnswerTerms terms) {
  const auto& bytes = std::get<Bytes>(response.body);
  const auto outcome = writeHead(channel, response, bytes.size(), terms);
  if (!terms.headOnly && !hasNoBody(response.status)) channel.output().append(bytes.view());
  return outcome;
}

Task<AnswerSent> sendAnswer(Channel& channel, Response response, AnswerTerms terms) {
  if (isSmall(response)) co_return appendAnswer(channel, response, terms);
  if (terms.headOnly || hasNoBody(response.status)) {
    const auto size = bodySize(response.body);
    co_return writeHead(channel, response, size, terms);
  }
  AnswerSent sent = AnswerSent::Cut;
  if (std::holds_alternative<Bytes>(response.body)) {
    sent = co_await sendBytes(channel, std::move(response), terms);
    co_return sent;
  }
  const auto* region = std::get_if<Region>(&response.body);
  if (region != nullptr && region->length > 0 && region->blob->file() >= 0) {
    sent = co_await sendRegion(channel, std::move(response), terms);
  } else {
    sent = co_await sendSource(channel, std::move(response), terms);
  }
  co_return sent;
}

}  // namespace mydht::http
