#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "server/http/shared.h"
#include "server/runtime/socket.h"
#include "server/task/task.h"

namespace mydht::http {

/// Receives and throws away until the other end ends its side, or sends nothing for so long, or the deadline.
Task<> throwAwayInput(runtime::Socket& socket, std::span<char> scratch, Duration silence, Deadline deadline);

/// A connection's two directions: bytes that came and are not consumed, bytes that wait to be sent. One task may send
/// while another receives. Owned by a Connection, or by one to another node; on its loop's thread.
class Channel {
 public:
  Channel(Shared& shared, const Poco::Net::StreamSocket& socket)
      : Channel(shared, std::make_unique<runtime::Socket>(shared.loop, socket)) {}
  Channel(Shared& shared, std::unique_ptr<runtime::Socket> socket) : shared_(shared), socket_(std::move(socket)) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  Shared& shared() { return shared_; }
  runtime::Socket& socket() { return *socket_; }
  Time now() const { return shared_.loop.now(); }

  /// Gives its exchange back, so that an idle connection is small. Nothing may be left in it.
  void rest();
  /// The same, with whatever is left in it.
  void drop();

  RequestHead& head() { return exchange_->head; }
  HeadText& output() { return exchange_->output; }

  // -- what came --
  std::string_view input() const {
    return {exchange_->input.data() + exchange_->begin, exchange_->end - exchange_->begin};
  }
  bool inputEmpty() const { return exchange_ == nullptr || exchange_->begin == exchange_->end; }
  void consume(std::size_t bytes) { exchange_->begin += bytes; }
  /// Receives more behind the input, which moves to the front and grows as it must, to one head's limit. Views into it
  /// become invalid.
  runtime::Transfer receiveInput();
  /// Receives to somewhere else. Waits for nothing.
  runtime::Transfer receive(std::span<char> room);
  /// Puts bytes behind the input that were received elsewhere but belong to the next request. As receiveInput.
  void returnInput(std::string_view bytes);

  // -- what goes --
  /// From an answer's head to its end nothing else may be sent, such as 100 Continue.
  void setAnswering(bool answering) { answering_ = answering; }
  bool answering() const { return answering_; }
  /// Makes room for output where nothing was received before it: on a connection that asks.
  void beginOutput() {
    if (exchange_ == nullptr) exchange_ = shared_.pool.take();
  }
  /// Sends all output and then `more` bytes; true once the kernel took all, false when the connection broke or took
  /// nothing for Settings::writeStall. `follows`: there will be more at once.
  Task<bool> send(std::string_view more = {}, bool follows = false);
  /// The same, without waiting: what the kernel takes now of the output. False: some is left, or it broke.
  bool trySend();
  /// The same, and what became of it. Some output must be there. `follows`: there will be more at once.
  runtime::Transfer sendNow(bool follows = false);
  /// Sends part of a file behind the output, which must be empty.
  Task<bool> sendFile(int file, std::uint64_t offset, std::uint64_t length);

  /// Makes the end of this connection look like what it is to the other end: broken, not over.
  void cut();
  /// Ends our side and waits until the other end has ended its own, within Settings::lingerTimeout and lingerMost:
  /// closing at once, with something unread, would destroy the answer on its way.
  Task<> linger();

 private:
  runtime::Transfer sendSome(std::string_view& more, bool follows);
  void makeRoom(std::size_t bytes);

  Shared& shared_;
  std::unique_ptr<runtime::Socket> socket_;
  std::unique_ptr<Exchange> exchange_;
  std::size_t sent_ = 0;  ///< of the output
  bool answering_ = false;
};

}  // namespace mydht::http
