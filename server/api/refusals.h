#pragma once

#include "common/result/result.h"
#include "server/http/message.h"

namespace mydht::api {

/// The answer to a read that failed; what may succeed a moment later says when to try again.
http::Response refuseRead(const Error& error);

/// The answer to a write that failed: says whether it surely changed nothing (`not-done`) or may have (`unknown`).
http::Response refuseWrite(const Error& error);

}  // namespace mydht::api
