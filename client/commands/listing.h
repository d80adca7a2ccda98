#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/nodes.h"
#include "common/protocol/consistency.h"
#include "common/protocol/shapes.h"
#include "common/result/result.h"

namespace mydht::client::commands {

/// Which keys of the ring, in the order of their bytes.
struct Range {
  std::string prefix;
  std::string after{};      ///< only what is greater
  std::string delimiter{};  ///< keys that have it behind the prefix are one item, up to it
  protocol::Consistency consistency = protocol::Consistency::Quorum;
  std::uint64_t limit = protocol::kListingItems;  ///< items of a page, at most
};

/// One page of a listing. Corrupt if its `next` does not lead on, which would never end.
Result<protocol::Listing> askForPage(Nodes& nodes, const Range& range);

}  // namespace mydht::client::commands
