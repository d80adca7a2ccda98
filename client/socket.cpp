#include "client/socket.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>

#include "client/resolve.h"

namespace mydht::client {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Bytes asked for at once: large enough that a long value costs few calls.
constexpr std::size_t kReceiveBytes = 64 * 1024;

Error systemError(int code) {
  return {Kind::Unavailable, std::generic_category().message(code)};
}

milliseconds until(Clock::time_point deadline) {
  return std::max(std::chrono::duration_cast<milliseconds>(deadline - Clock::now()), milliseconds(0));
}

/// What poll says of a socket; 0 when the time is over.
Result<short> pollFor(int socket, short events, milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (true) {
    pollfd entry{.fd = socket, .events = events, .revents = 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(until(deadline).count()));
    if (ready >= 0) return entry.revents;
    if (errno != EINTR) return systemError(errno);
  }
}

/// Waits until a connection is made or refused.
Status awaitConnected(int socket, milliseconds patience) {
  const auto ready = pollFor(socket, POLLOUT, patience);
  if (!ready) return ready.error();
  if (*ready == 0) return Error{Kind::Unavailable, "no answer: it is off, or a firewall drops this port"};
  int code = 0;
  socklen_t size = sizeof code;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size) != 0) return systemError(errno);
  if (code != 0) return systemError(code);
  return {};
}

/// Whether a socket is connected to itself: on loopback that happens when nobody listens on a port of the kernel's
/// ephemeral range, as ours are, and the kernel takes just that port for our end.
bool isOwnPeer(int socket) {
  SocketAddress own;
  SocketAddress peer;
  own.length = peer.length = sizeof own.storage;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&own.storage), &own.length) != 0) return false;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer.storage), &peer.length) != 0) return false;
  return own.length == peer.length && std::memcmp(&own.storage, &peer.storage, own.length) == 0;
}

Result<FileHandle> connectTo(const SocketAddress& address, milliseconds patience) {
  FileHandle socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.isOpen()) return systemError(errno);
  // A request is sent in few large pieces: waiting to join them only costs time.
  const int one = 1;
  if (::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0) return systemError(errno);
  const auto* target = reinterpret_cast<const sockaddr*>(&address.storage);
  if (::connect(socket.get(), target, address.length) != 0) {
    if (errno != EINPROGRESS && errno != EINTR) return systemError(errno);
    if (const Status connected = awaitConnected(socket.get(), patience); !connected) return connected.error();
  }
  if (isOwnPeer(socket.get())) return systemError(ECONNREFUSED);
  return socket;
}

}  // namespace

Result<Socket> Socket::connect(const NodeAddress& node, milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  const auto addresses = resolve(node, patience);
  if (!addresses) return addresses.error();
  std::optional<Error> reason;
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    // A silent address must leave time for those behind it.
    const auto share = until(deadline) / static_cast<std::int64_t>(addresses->size() - i);
    auto socket = connectTo((*addresses)[i], std::max(share, milliseconds(1)));
    if (socket) return Socket(std::move(*socket));
    reason = socket.error();
  }
  return *reason;
}

Result<Socket::Ready> Socket::wait(bool toWrite, milliseconds patience) {
  const auto ready = pollFor(socket_.get(), toWrite ? POLLIN | POLLOUT : POLLIN, patience);
  if (!ready) return ready.error();
  // An error or a hang-up shows itself to whoever reads.
  return Ready{.readable = (*ready & (POLLIN | POLLERR | POLLHUP)) != 0, .writable = (*ready & POLLOUT) != 0};
}

Status Socket::receive() {
  received_.erase(0, taken_);
  taken_ = 0;
  const std::size_t had = received_.size();
  received_.resize(had + kReceiveBytes);
  ssize_t got = -1;
  do {
    got = ::recv(socket_.get(), received_.data() + had, kReceiveBytes, 0);
  } while (got < 0 && errno == EINTR);
  const int code = errno;
  received_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got > 0) return {};
  if (got == 0) return Error{Kind::Unavailable, "the connection was closed"};
  return systemError(code);
}

Result<bool> Socket::awaitBytes(milliseconds patience) {
  const auto ready = wait(false, patience);
  if (!ready) return ready.error();
  if (!ready->readable) return false;
  if (const Status received = receive(); !received) return received.error();
  return true;
}

Result<std::size_t> Socket::sendSome(std::string_view bytes, milliseconds patience) {
  const auto ready = wait(true, patience);
  if (!ready) return ready.error();
  if (ready->readable) {
    if (const Status received = receive(); !received) return received.error();
    return std::size_t{0};
  }
  if (!ready->writable)
    return Error{Kind::Unavailable,
                 fmt::format("nothing moved for {:g} s", std::chrono::duration<double>(patience).count())};
  while (true) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno != EINTR) return systemError(errno);
  }
}

bool Socket::isQuiet() {
  if (!received().empty()) return false;
  const auto ready = wait(false, milliseconds(0));
  return ready && !ready->readable;
}

}  // namespace mydht::client
