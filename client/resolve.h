#pragma once

#include <Poco/Net/SocketAddress.h>

#include <chrono>
#include <vector>

#include "client/node_address.h"
#include "common/result/result.h"

namespace mydht::client {

/// The addresses of a node, the system's preferred first, at least one. Waits for a name server at most that long,
/// which the system's resolver alone would not promise. Unavailable with the bare reason otherwise.
Result<std::vector<Poco::Net::SocketAddress>> resolve(const NodeAddress& node, std::chrono::milliseconds patience);

}  // namespace mydht::client
