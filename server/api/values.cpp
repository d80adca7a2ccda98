#include "server/api/values.h"

#include <fmt/format.h>

#include <array>

#include "common/http/digest_field.h"
#include "common/protocol/names.h"
#include "common/result/limits.h"
#include "server/api/parameters.h"
#include "server/api/refusals.h"
#include "server/api/value_head.h"

namespace mydht::api {
namespace {

using cluster::Consistency;
using cluster::Coordinator;
using cluster::Located;
using http::Precondition;
using http::Request;
using http::Response;

// A value that is replaced while it is being opened is looked for again so often.
constexpr unsigned kTries = 4;

/// The value's bytes behind its head: without a wait if they lie in memory; HEAD opens nothing.
std::optional<Body> bodyAtHand(const Request& request, const Located& located, const ValueHead& head) {
  if (request.method() == http::Method::Head) return Region{nullptr, head.offset, head.length};
  if (!located.local || located.local->blob != 0) return std::nullopt;
  return located.local->value.part(static_cast<std::size_t>(head.offset), static_cast<std::size_t>(head.length));
}

/// Remembers what a write's condition came to, so that its refusal can say so.
struct Condition {
  const Context& context;
  const Request& request;
  Precondition outcome = Precondition::Proceed;

  bool holds(const Entry* current) {
    outcome = weigh(request, current, context.clock.wallMicros());
    return outcome == Precondition::Proceed;
  }
  /// For the coordinator, which does not outlive this; empty if the request has no condition.
  cluster::Precondition check() {
    if (!hasConditions(request)) return {};
    return [this](const Entry* current) { return holds(current); };
  }
  Response refuse(const Error& error) const {
    if (error.kind == Kind::Conflict && outcome != Precondition::Proceed) return refuseCondition(outcome);
    return refuseWrite(error);
  }
};

Result<std::optional<Digest>> announcedDigest(const Request& request) {
  const auto field = request.header("Repr-Digest");
  if (!field) return std::optional<Digest>();
  auto digest = http::parseReprDigest(*field);
  if (!digest) return digest.error().within("Repr-Digest");
  return digest;
}

Result<std::string> contentTypeOf(const Request& request) {
  const auto type = request.header("Content-Type");
  if (!type || type->empty()) return std::string(protocol::kDefaultType);
  if (type->size() > limits::kContentTypeBytes) {
    return Error{Kind::BadRequest, fmt::format("a Content-Type has at most {} bytes", limits::kContentTypeBytes)};
  }
  return std::string(*type);
}

Result<cluster::PutRequest> putRequestOf(Request& request) {
  if (request.header("Content-Range")) {
    return Error{Kind::BadRequest, "a value is put whole: a PUT with Content-Range is refused (RFC 9110, 14.5)"};
  }
  auto key = keyOf(request);
  if (!key) return key.error();
  auto type = contentTypeOf(request);
  if (!type) return type.error();
  auto digest = announcedDigest(request);
  if (!digest) return digest.error();
  const auto consistency = consistencyOf(request);
  if (!consistency) return consistency.error();
  return cluster::PutRequest{std::move(*key), std::move(*type), request.takeBody(), *digest, *consistency, {}};
}

/// The answer to a write that was done.
Response done(int status, const cluster::Written& written, Consistency consistency) {
  Response response = http::respondEmpty(status);
  response.header(protocol::kCopiesHeader, fmt::format("{}/{}", written.copies, written.wanted));
  response.headers.header(protocol::kTimestampHeader, static_cast<std::uint64_t>(written.version.physicalMicros));
  // Less than the default is said, so that nobody takes it for a promise.
  if (consistency == Consistency::One) response.header(protocol::kConsistencyHeader, "one");
  return response;
}

/// One try at a get. Conflict: between being found and being opened the value was replaced, or who has it failed.
Task<Result<Response>> tryGetValue(const Context& context, Request& request, Key key, Consistency consistency) {
  Coordinator& coordinator = coordinatorOf(context, request);
  std::optional<Result<Located>> located;
  if (consistency == Consistency::One) located = coordinator.locateAtHand(key);
  if (!located) {
    const bool wantsWhole = request.method() == http::Method::Get && !request.header("Range");
    auto asked = co_await coordinator.locate(std::move(key), consistency, wantsWhole, request.deadline());
    located.emplace(std::move(asked));
  }
  if (!*located) co_return located->error();
  ValueHead head = valueHeadOf(request, (*located)->entry, context.clock.wallMicros(), context.trustContent);
  if (consistency == Consistency::One) head.response.header(protocol::kConsistencyHeader, "one");
  if (!head.sendsValue) co_return std::move(head.response);
  auto atHand = bodyAtHand(request, **located, head);
  if (!atHand) {
    auto opened = co_await coordinator.body(std::move(**located), head.offset, head.length, request.deadline());
    if (!opened) co_return opened.error();
    atHand.emplace(std::move(*opened));
  }
  head.response.body = std::move(*atHand);
  co_return std::move(head.response);
}

}  // namespace

Task<Response> getValue(const Context& context, Request& request) {
  auto key = keyOf(request);
  if (!key) co_return http::respondError(key.error());
  const auto consistency = consistencyOf(request);
  if (!consistency) co_return http::respondError(consistency.error());
  for (unsigned attempt = 1;; ++attempt) {
    auto response = co_await tryGetValue(context, request, *key, *consistency);
    if (response) co_return std::move(*response);
    if (response.error().kind != Kind::Conflict) co_return refuseRead(response.error());
    if (attempt < kTries) continue;
    const std::string why = "the value was found, and each time gone before it could be sent; try again: ";
    co_return refuseRead(Error{Kind::Unavailable, why + response.error().text});
  }
}

Task<Response> putValue(const Context& context, Request& request) {
  auto put = putRequestOf(request);
  if (!put) co_return http::respondError(put.error());
  const Consistency consistency = put->consistency;
  Condition condition{context, request};
  put->precondition = condition.check();
  Coordinator& coordinator = coordinatorOf(context, request);
  auto written = co_await coordinator.put(std::move(*put), request.deadline());
  if (!written) co_return condition.refuse(written.error());
  Response response = done(written->replaced ? 204 : 201, *written, consistency);
  response.header("ETag", http::Etag(written->sha256).text());
  co_return response;
}

Task<Response> deleteValue(const Context& context, Request& request) {
  auto key = keyOf(request);
  if (!key) co_return http::respondError(key.error());
  const auto consistency = consistencyOf(request);
  if (!consistency) co_return http::respondError(consistency.error());
  Condition condition{context, request};
  Coordinator& coordinator = coordinatorOf(context, request);
  cluster::Precondition check = condition.check();
  auto written = co_await coordinator.del(std::move(*key), *consistency, std::move(check), request.deadline());
  if (!written) co_return condition.refuse(written.error());
  co_return done(204, *written, *consistency);
}

}  // namespace mydht::api
