#pragma once

#include "client/answer.h"
#include "client/node_address.h"
#include "common/result/result.h"

namespace mydht::client {

/// What an answer of 300 or more means, as one line: title and detail of its problem, or what little it says without
/// one. The kind follows from the status and, for a write, from its outcome.
Error refusalOf(const Answer& answer, const NodeAddress& node);

}  // namespace mydht::client
