#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "client/file_handle.h"
#include "client/node_address.h"
#include "common/result/result.h"

namespace mydht::client {

/// One TCP connection to a node with the bytes that came and were not yet taken. Nothing waits here longer than it is
/// told to, and what comes while sending is kept, so that an early refusal is heard. Owned by a Connection; one thread.
/// Not a Poco::Net::StreamSocket, since loading PocoNet alone takes a fifth of the whole time of a small get.
/// Errors are Unavailable with the bare reason ("connection refused"): whoever calls knows what was being done.
class Socket {
 public:
  /// Tries the node's addresses in turn, within the time for all of them together.
  static Result<Socket> connect(const NodeAddress& node, std::chrono::milliseconds patience);

  /// Waits for more received() bytes; false when the time is over. That the node closed the connection is an error.
  Result<bool> awaitBytes(std::chrono::milliseconds patience);

  /// Sends some of the bytes and says how many: 0 if instead there are new received() bytes. No progress in that time
  /// is an error.
  Result<std::size_t> sendSome(std::string_view bytes, std::chrono::milliseconds patience);

  std::string_view received() const { return std::string_view(received_).substr(taken_); }
  /// Drops the first bytes of received(). What was viewed there stays where it is until the next wait.
  void consume(std::size_t bytes) { taken_ += bytes; }

  /// Whether it can be used for another request: nothing has come unasked, nor has the node closed it.
  bool isQuiet();

 private:
  struct Ready {
    bool readable = false;
    bool writable = false;
  };

  explicit Socket(FileHandle socket) : socket_(std::move(socket)) {}
  Result<Ready> wait(bool toWrite, std::chrono::milliseconds patience);
  Status receive();

  FileHandle socket_;
  std::string received_;
  std::size_t taken_ = 0;
};

}  // namespace mydht::client
