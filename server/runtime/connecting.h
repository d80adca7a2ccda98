#pragma once

#include <Poco/Net/SocketAddress.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/result/result.h"
#include "server/runtime/blocking_pool.h"
#include "server/runtime/socket.h"
#include "server/task/task.h"

namespace mydht::runtime {

/// The addresses of a host name or a literal IP address (IPv6 with or without brackets), in the system's order of
/// preference. Names are looked up on the pool, since that blocks; a literal one needs no pool. Unavailable: no such
/// name. A look-up cannot be taken back: it lasts as long as the system's resolver lets it.
Task<Result<std::vector<Poco::Net::SocketAddress>>> resolve(BlockingPool& pool, std::string host, std::uint16_t port);

/// Connects without blocking. Unavailable with the reason: refused, unreachable, or not by the deadline.
Task<Result<std::unique_ptr<Socket>>> connectTo(EventLoop& loop, Poco::Net::SocketAddress address, Deadline deadline);

/// Host and port of "HOST:PORT", "[V6]:PORT"; BadRequest when it is not that.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
Result<HostPort> parseHostPort(const std::string& text);

}  // namespace mydht::runtime
