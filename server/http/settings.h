#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "server/task/executor.h"

namespace mydht::http {

class AccessLog;

/// What a server allows its clients. A plain value; node fills it from the options.
struct Settings {
  /// From a head's first byte to its last, however slowly the bytes drip in.
  Duration headTimeout = std::chrono::seconds(10);
  /// Between an answer and the next request on the same connection.
  Duration idleTimeout = std::chrono::seconds(75);
  /// How long a handler waits for 16 KiB more of a body, or for its end: longer, and the client holds a place for
  /// nothing.
  Duration bodyStall = std::chrono::seconds(30);
  /// Without a single byte taken by a client that we send to.
  Duration writeStall = std::chrono::seconds(30);
  /// What Request::deadline() grants a handler.
  Duration requestTimeout = std::chrono::seconds(30);
  /// How long a connection that we end waits for the other side to end it too, so that our last answer is not lost:
  /// since the last byte that came, which is thrown away,
  Duration lingerTimeout = std::chrono::seconds(2);
  /// and as a whole: a simple client reads the refusal of a large body only once it has sent all of it.
  Duration lingerMost = std::chrono::seconds(30);
  /// How much of a body that the handler left unread is thrown away to keep the connection; beyond it is closed.
  std::uint64_t drainBytes = std::uint64_t{256} * 1024;
  /// Connections at once: half of the 20,000 open files that a system is sure to allow, the rest is for files and
  /// peers.
  std::size_t mostConnections = 10'000;
  /// Connections at once from one address (of IPv6 from one /64 network).
  std::size_t mostPerAddress = 2'000;
  /// Clients' requests that a loop works on at once; what comes beyond gets 503 at once. Each may hold a value of up to
  /// limits::kInlineBytes, so this is 32 MiB of them, and it is as many as one loop has connections to another node.
  std::size_t mostBusy = 512;
  /// Told of each answer; null: nobody is. Outlives the server.
  AccessLog* accessLog = nullptr;
};

}  // namespace mydht::http
