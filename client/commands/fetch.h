#pragma once

#include <cstdint>
#include <string_view>

#include "client/answer.h"
#include "client/nodes.h"
#include "client/output.h"
#include "client/progress.h"
#include "common/protocol/consistency.h"
#include "common/result/result.h"
#include "common/result/types.h"

namespace mydht::client::commands {

/// A value that went to its output.
struct Fetched {
  Answer answer;  ///< its head
  Digest digest{};
  std::uint64_t size = 0;
};

/// Gets the value of a key into an output, which is committed only if all of it came and is what the node's ETag says.
Result<Fetched> fetchValue(Nodes& nodes, std::string_view key, protocol::Consistency consistency, Output& output,
                           Progress& progress);

}  // namespace mydht::client::commands
