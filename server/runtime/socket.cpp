#include "server/runtime/socket.h"

#include <Poco/Exception.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

#include "common/result/check.h"

namespace mydht::runtime {
namespace {

/// The descriptor, made non-blocking. Failing here means that it is none.
int prepared(int descriptor) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  MYDHT_ASSERT(flags >= 0);
  if ((flags & O_NONBLOCK) == 0) ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
  const int one = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);  // fails on a dead connection: found out later
  return descriptor;
}

bool wouldBlock() {
  return errno == EAGAIN || errno == EWOULDBLOCK;
}

/// POCO's constructor for a given implementation is not public.
class Adopted final : public Poco::Net::StreamSocket {
 public:
  explicit Adopted(int descriptor) : StreamSocket(new Poco::Net::StreamSocketImpl(descriptor)) {}
};

}  // namespace

Socket::Socket(EventLoop& loop, const Poco::Net::StreamSocket& socket)
    : socket_(socket), descriptor_(prepared(socket.impl()->sockfd())), watch_(loop, descriptor_) {}

Transfer Socket::receive(std::span<char> room) {
  while (true) {
    const auto got = ::recv(descriptor_, room.data(), room.size(), 0);
    if (got > 0) {
      if (static_cast<std::size_t>(got) < room.size()) watch_.readingDrained();
      return {Transfer::State::Some, static_cast<std::size_t>(got)};
    }
    if (got == 0) return {Transfer::State::End, 0};
    if (wouldBlock()) {
      watch_.readingBlocked();
      return {Transfer::State::WouldBlock, 0};
    }
    if (errno != EINTR) return {Transfer::State::Failed, 0};
  }
}

Transfer Socket::sent(std::int64_t result) {
  if (result >= 0) return {Transfer::State::Some, static_cast<std::size_t>(result)};
  if (!wouldBlock()) return {Transfer::State::Failed, 0};
  watch_.writingBlocked();
  return {Transfer::State::WouldBlock, 0};
}

Transfer Socket::send(std::string_view bytes, bool more) {
  std::int64_t result = 0;
  do {
    result = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | (more ? MSG_MORE : 0));
  } while (result < 0 && errno == EINTR);
  return sent(result);
}

Transfer Socket::send(std::string_view first, std::string_view second, bool more) {
  std::array<iovec, 2> pieces = {iovec{const_cast<char*>(first.data()), first.size()},
                                 iovec{const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  std::int64_t result = 0;
  do {
    result = ::sendmsg(descriptor_, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
  } while (result < 0 && errno == EINTR);
  return sent(result);
}

Transfer Socket::sendFile(int file, std::uint64_t offset, std::size_t length) {
  auto at = static_cast<off_t>(offset);
  std::int64_t result = 0;
  do {
    result = ::sendfile(descriptor_, file, &at, length);
  } while (result < 0 && errno == EINTR);
  if (result == 0 && length > 0) return {Transfer::State::End, 0};
  return sent(result);
}

void Socket::shutdownSend() {
  ::shutdown(descriptor_, SHUT_WR);
}

void Socket::abort() {
  ::shutdown(descriptor_, SHUT_RDWR);
}

Result<Poco::Net::SocketAddress> peerAddress(const Poco::Net::StreamSocket& socket) {
  try {
    return socket.peerAddress();
  } catch (const Poco::Exception& gone) {
    return Error{Kind::Io, gone.displayText()};
  }
}

bool isThisMachine(const Poco::Net::StreamSocket& socket) {
  try {
    const auto there = socket.peerAddress().host();
    return there.isLoopback() || there == socket.address().host();
  } catch (const Poco::Exception&) {
    return false;
  }
}

Poco::Net::StreamSocket adopt(int descriptor) {
  return Adopted(descriptor);
}

}  // namespace mydht::runtime
