#pragma once

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "common/result/result.h"
#include "server/runtime/watch.h"
#include "server/task/task.h"

namespace mydht::runtime {

/// The sockets that a server listens on, all with the same port. Made by listenOn; owned by whoever passes them on.
struct Listening {
  std::vector<Poco::Net::ServerSocket> sockets;
  std::uint16_t port = 0;
};

/// The addresses to listen on: this machine alone, or everybody. v4 first; v6 is left out where the kernel has none.
std::vector<std::string> loopbackAddresses();
std::vector<std::string> everyAddress();

/// BadRequest if one of these is no literal IP address.
Status checkAddresses(const std::vector<std::string>& addresses);

/// Binds and listens on all of these addresses (literal IP addresses) with one port, 0 for a free one. The usual ports
/// lie in the range from which the kernel takes ports for outgoing connections, so a port that is in use and on which
/// nobody answers is tried again until `patience` is over. Conflict: in use; Io: anything else. Blocks: for the start
/// of a program, not for a loop.
Result<Listening> listenOn(const std::vector<std::string>& addresses, std::uint16_t port, Duration patience);

/// Takes connections from one listening socket. Owned by a server, on one loop's thread, borrows the loop.
class Acceptor {
 public:
  Acceptor(EventLoop& loop, const Poco::Net::ServerSocket& socket);

  /// The next connection, non-blocking. Unavailable: nobody came until the deadline; Io: none can be taken now, for
  /// example because there are no descriptors left, so try again after a while; Stopped: after stop().
  Task<Result<Poco::Net::StreamSocket>> accept(Deadline deadline);
  /// Refuses new connections from now on and ends a waiting accept().
  void stop();

 private:
  Poco::Net::ServerSocket socket_;
  Watch watch_;
  bool stopped_ = false;
};

}  // namespace mydht::runtime
