#include "server/http/outgoing.h"

#include <optional>
#include <utility>
#include <variant>

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

/// The length of what follows the head; nothing if it is not known.
std::optional<std::uint64_t> wholeSize(const Response& response, std::optional<std::uint64_t> ofBody) {
  if (!ofBody) return std::nullopt;
  return response.lead.size() + *ofBody;
}

AnswerSent appendError(Channel& channel, const Error& error, AnswerTerms terms) {
  return appendAnswer(channel, respondError(error), terms);
}

/// Sends a body that is large, or not all here, behind its head.
Task<AnswerSent> sendLarge(Channel& channel, Response response, AnswerTerms terms) {
  BodyWriter writer(channel, std::move(response.body));
  auto prepared = co_await writer.prepare();
  if (!prepared) co_return appendError(channel, prepared.error(), terms);
  const auto size = wholeSize(response, writer.size());
  const auto outcome = writeHead(channel, response, size, terms);
  const bool chunked = !size && terms.chunks;
  const bool follows = writer.size() != 0;
  const bool leadSent = co_await sendLead(channel, std::move(response.lead), chunked, follows);
  if (!leadSent) co_return AnswerSent::Cut;
  auto sent = co_await writer.send(chunked);
  co_return sent ? outcome : AnswerSent::Cut;
}

}  // namespace

bool isSmall(const Response& response) {
  const auto* bytes = std::get_if<Bytes>(&response.body);
  return bytes != nullptr && response.lead.size() + bytes->size() <= kCopiedBytes;
}

AnswerSent appendAnswer(Channel& channel, const Response& response, AnswerTerms terms) {
  const auto& bytes = std::get<Bytes>(response.body);
  const auto outcome = writeHead(channel, response, wholeSize(response, bytes.size()), terms);
  if (terms.headOnly || hasNoBody(response.status)) return outcome;
  channel.output().append(response.lead.view());
  channel.output().append(bytes.view());
  return outcome;
}

Task<AnswerSent> sendAnswer(Channel& channel, Response response, AnswerTerms terms) {
  if (isSmall(response)) co_return appendAnswer(channel, response, terms);
  if (terms.headOnly || hasNoBody(response.status)) {
    const auto size = wholeSize(response, bodySize(response.body));
    co_return writeHead(channel, response, size, terms);
  }
  const AnswerSent sent = co_await sendLarge(channel, std::move(response), terms);
  co_return sent;
}

}  // namespace mydht::http
