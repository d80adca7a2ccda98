#include "server/api/value_head.h"

#include "common/http/date.h"
#include "common/http/digest_field.h"
#include "common/http/ranges.h"
#include "common/protocol/names.h"
#include "common/protocol/problem.h"

namespace mydht::api {
namespace {

using http::Precondition;
using http::Request;
using http::Response;

/// A cache may keep a value but asks each time, by its ETag, whether it still is the newest: reads never go back.
constexpr std::string_view kAlways = "Accept-Ranges: bytes\r\nCache-Control: no-cache\r\n";
/// The status page shares the values' origin: what is stored must not act in its name.
constexpr std::string_view kDistrust = "Content-Security-Policy: sandbox\r\nX-Content-Type-Options: nosniff\r\n";

std::int64_t modifiedSeconds(const Entry& entry) {
  return http::secondsOfMicros(entry.version.physicalMicros);
}

/// What a 304 repeats of a 200 as well.
void addValidators(Response& response, const Entry& entry, std::string_view etag) {
  response.header("ETag", etag);
  response.header("Last-Modified", http::HttpDate(modifiedSeconds(entry)).text());
  response.headers.append(kAlways);
}

void addDescription(Response& response, const Entry& entry, bool trusted) {
  response.header("Content-Type", entry.contentType.empty() ? protocol::kDefaultType : entry.contentType);
  response.header("Repr-Digest", http::reprDigest(entry.sha256));
  response.headers.header(protocol::kTimestampHeader, static_cast<std::uint64_t>(entry.version.physicalMicros));
  if (!trusted) response.headers.append(kDistrust);
}

/// The part that the request asks for; nothing: all of it.
std::optional<http::RangeOutcome> rangeOf(const Request& request, const Entry& entry, std::string_view etag,
                                          std::int64_t nowMicros) {
  if (request.method() != http::Method::Get) return std::nullopt;
  const auto range = request.header("Range");
  if (!range) return std::nullopt;
  const auto ifRange = request.header("If-Range");
  const std::int64_t now = http::secondsOfMicros(nowMicros);
  if (ifRange && !http::ifRangeHolds(*ifRange, etag, modifiedSeconds(entry), now)) return std::nullopt;
  const auto outcome = http::parseRange(*range, entry.size);
  if (outcome.state == http::RangeOutcome::State::Ignored) return std::nullopt;
  return outcome;
}

Response unsatisfiable(const Entry& entry) {
  Response response = http::respondProblem(416, "the range begins behind the end of the value");
  response.header("Content-Range", http::contentRangeUnsatisfied(entry.size));
  return response;
}

}  // namespace

bool hasConditions(const Request& request) {
  for (const std::string_view name : {"If-Match", "If-None-Match", "If-Unmodified-Since", "If-Modified-Since"}) {
    if (request.header(name)) return true;
  }
  return false;
}

Precondition weigh(const Request& request, const Entry* entry, std::int64_t nowMicros) {
  const std::int64_t now = http::secondsOfMicros(nowMicros);
  if (entry == nullptr) return http::checkPreconditions(request.head(), std::nullopt, now);
  const http::Etag etag(entry->sha256);
  const http::Current current{etag.text(), modifiedSeconds(*entry)};
  return http::checkPreconditions(request.head(), current, now);
}

Response refuseCondition(Precondition outcome) {
  if (outcome == Precondition::Malformed) {
    return http::respondProblem(400, "If-Match and If-None-Match hold * or a list of ETags in quotes");
  }
  return http::respondProblem(protocol::kPreconditionFailed,
                              "the stored value is not the one that the condition names");
}

ValueHead valueHeadOf(const Request& request, const Entry& entry, std::int64_t nowMicros, bool trusted) {
  const http::Etag etag(entry.sha256);
  const auto precondition = weigh(request, &entry, nowMicros);
  if (precondition == Precondition::NotModified) {
    ValueHead head{http::respondEmpty(304)};
    addValidators(head.response, entry, etag.text());
    return head;
  }
  if (precondition != Precondition::Proceed) return {refuseCondition(precondition)};
  const auto range = rangeOf(request, entry, etag.text(), nowMicros);
  if (range && range->state == http::RangeOutcome::State::Unsatisfiable) return {unsatisfiable(entry)};
  ValueHead head{http::respondEmpty(range ? 206 : 200), true, 0, entry.size};
  addDescription(head.response, entry, trusted);
  addValidators(head.response, entry, etag.text());
  if (range) {
    head.offset = range->range.first;
    head.length = range->range.length();
    head.response.header("Content-Range", http::contentRange(range->range, entry.size));
  }
  return head;
}

}  // namespace mydht::api
