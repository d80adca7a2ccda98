#pragma once

#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/result/result.h"
#include "server/runtime/watch.h"

namespace mydht::runtime {

/// What a call on a socket that never blocks came to.
struct Transfer {
  enum class State : std::uint8_t {
    Some,        ///< `bytes` were moved, at least one
    WouldBlock,  ///< nothing now: wait until readable or writable
    End,         ///< receive: the other end sends no more; sendFile: the file is shorter than it should be
    Failed,      ///< the connection is broken
  };
  State state = State::Failed;
  std::size_t bytes = 0;
};

/// A connected TCP socket on one loop; none of its calls blocks. Owned by a connection, used on its loop's thread
/// alone, borrows the loop. Destroying it closes the connection; nobody may wait for it then.
class Socket {
 public:
  /// Takes over a connected socket and makes it non-blocking, without Nagle's delay. ok() says whether the loop took
  /// it.
  Socket(EventLoop& loop, const Poco::Net::StreamSocket& socket);

  bool ok() const { return watch_.ok(); }
  EventLoop& loop() const { return watch_.loop(); }
  int descriptor() const { return descriptor_; }

  /// Receives what has come, at most as much as there is room for.
  Transfer receive(std::span<char> room);
  /// Sends as much as the kernel takes. `more`: other bytes follow at once, so that no small packet goes out.
  Transfer send(std::string_view bytes, bool more = false);
  /// Sends two pieces as one.
  Transfer send(std::string_view first, std::string_view second, bool more = false);
  /// Sends bytes of a file, from the page cache where it can, without copying them through the process.
  Transfer sendFile(int file, std::uint64_t offset, std::size_t length);

  /// `bool ready = co_await socket.readable(deadline);`: false when the deadline came first.
  Watch::Wait readable(Time deadline) { return watch_.readable(deadline); }
  Watch::Wait writable(Time deadline) { return watch_.writable(deadline); }
  /// Waits for the end of connect(), which begins not writable. For connectTo.
  Watch::Wait connected(Time deadline) {
    watch_.writingBlocked();
    return watch_.writable(deadline);
  }
  /// Whether a receive is known to be worth a try, without waiting.
  bool readingReady() const { return watch_.readingReady(); }
  /// The other end has closed its side, or the connection is broken: it may still have sent something before.
  bool hungUp() const { return watch_.hungUp(); }

  /// Ends this side: the other end reads to its end.
  void shutdownSend();
  /// Ends both sides: whoever waits for this socket goes on and finds the end.
  void abort();

 private:
  Transfer sent(std::int64_t result);

  Poco::Net::StreamSocket socket_;  ///< owns the descriptor
  int descriptor_;
  Watch watch_;
};

/// The address of the other end; Io if the connection is gone already.
Result<Poco::Net::SocketAddress> peerAddress(const Poco::Net::StreamSocket& socket);

/// Whether the other end is on this machine: at a loopback address, or at the very address at which it was reached,
/// from which no other machine can hold a connection. False if the connection is gone already.
bool isThisMachine(const Poco::Net::StreamSocket& socket);

/// A POCO socket around a connected descriptor, which it owns from then on.
Poco::Net::StreamSocket adopt(int descriptor);

}  // namespace mydht::runtime
