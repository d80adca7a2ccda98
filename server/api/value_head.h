#pragma once

#include <cstdint>
#include <optional>

#include "common/http/etag.h"
#include "common/version/entry.h"
#include "server/http/message.h"

namespace mydht::api {

/// The answer to a GET or HEAD of a value that is there, but for the value's bytes.
struct ValueHead {
  http::Response response;
  bool sendsValue = false;  ///< offset and length say which part of it
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// Weighs the request's conditions and its range against an entry (RFC 9110, 13 and 14): 200, 206, 304, 400, 412 or
/// 416. `trusted`: the value may run scripts in this ring's origin (--trust-content). Any thread.
ValueHead valueHeadOf(const http::Request& request, const Entry& entry, std::int64_t nowMicros, bool trusted);

/// Whether a request has a condition that concerns the stored value.
bool hasConditions(const http::Request& request);

/// What a request's conditions say about an entry, or about there being none.
http::Precondition weigh(const http::Request& request, const Entry* entry, std::int64_t nowMicros);

/// The refusal of Precondition::Failed or Malformed.
http::Response refuseCondition(http::Precondition outcome);

}  // namespace mydht::api
