#pragma once

#include <sys/socket.h>

#include <chrono>
#include <vector>

#include "client/node_address.h"
#include "common/result/result.h"

namespace mydht::client {

/// An IPv4 or IPv6 address with its port, as connect() takes it. A value.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

/// The addresses of a node, the system's preferred first, at least one. Waits for a name server at most that long,
/// which the system's resolver alone would not promise. Unavailable with the bare reason otherwise.
Result<std::vector<SocketAddress>> resolve(const NodeAddress& node, std::chrono::milliseconds patience);

}  // namespace mydht::client
