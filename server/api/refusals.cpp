#include "server/api/refusals.h"

#include "common/protocol/names.h"

namespace mydht::api {
namespace {

/// Seconds: home nodes that restart are back within a few.
constexpr std::string_view kRetryAfter = "1";

/// What a write that failed that way may have done. Those that are refused for what they are never began.
Kind outcomeOf(Kind kind) {
  switch (kind) {
    case Kind::Unknown:
    case Kind::Unavailable:
    case Kind::Stopped:
    case Kind::OlderRing:
    case Kind::Io:
    case Kind::Corrupt:
      return Kind::Unknown;
    default:
      return Kind::NotDone;
  }
}

}  // namespace

http::Response refuseRead(const Error& error) {
  http::Response response = http::respondError(error);
  if (response.status == 503) response.header("Retry-After", kRetryAfter);
  return response;
}

http::Response refuseWrite(const Error& error) {
  const Kind outcome = outcomeOf(error.kind);
  http::Response response = refuseRead(error);
  if (response.status >= 500 && error.kind != Kind::NotDone && error.kind != Kind::NoSpace) {
    response = refuseRead({outcome, error.text});
  }
  if (response.status >= 500) response.header(protocol::kOutcomeHeader, kindName(outcome));
  return response;
}

}  // namespace mydht::api
