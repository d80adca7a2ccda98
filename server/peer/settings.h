#pragma once

#include <chrono>
#include <cstddef>

#include "server/task/executor.h"

namespace mydht::peer {

/// What calls to other nodes may use up. A plain value.
struct Settings {
  /// For a connection to be made, over all addresses of the name; a call's own deadline may come first.
  Duration connectTimeout = std::chrono::seconds(2);
  /// How long a connection is kept unused: less than the other end's own patience (75 s), so that it seldom ends the
  /// connection while a call is on its way.
  Duration idleAge = std::chrono::seconds(45);
  /// Connections kept unused to one node from one loop: as many as may be open. Were it fewer, a loop with more calls
  /// at once than that would close and make connections all the time, which doubles what a call costs.
  std::size_t mostIdle = 512;
  /// Connections to one node from one loop; further calls wait. Of all loops together 1,024, half of what a node grants
  /// one address.
  std::size_t mostOpen = 512;
  /// Calls to one node from one loop that wait for a connection; further ones fail at once, since a node that is so far
  /// behind would answer them too late.
  std::size_t mostWaiting = 512;
  /// Connections to one node from one loop on which a body streams, as slowly as a client takes or sends it. They do
  /// not count as open above, so that slow clients leave other calls their connections.
  std::size_t mostStreams = 256;
  /// How long a name's addresses are remembered.
  Duration nameAge = std::chrono::seconds(5);
  /// Without a single byte taken by the other node, or by a body that is on its way.
  Duration stall = std::chrono::seconds(30);
  /// Nodes remembered at once: more than a ring has members, since an address may change.
  std::size_t mostHosts = 4096;
};

}  // namespace mydht::peer
