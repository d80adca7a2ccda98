#include "client/socket.h"

#include <Poco/Exception.h>
#include <Poco/Net/NetException.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
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

/// Connects to one address; the reason if that fails.
std::optional<Error> connectTo(Poco::Net::StreamSocket& socket, const Poco::Net::SocketAddress& address,
                               milliseconds patience) {
  try {
    socket.connect(address, Poco::Timespan(patience.count() * 1000));
    return std::nullopt;
  } catch (const Poco::TimeoutException&) {
    return Error{Kind::Unavailable, "no answer"};
  } catch (const Poco::Exception& exception) {
    if (exception.code() != 0) return systemError(exception.code());
    return Error{Kind::Unavailable, exception.displayText()};
  }
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
    Poco::Net::StreamSocket socket;
    reason = connectTo(socket, (*addresses)[i], std::max(share, milliseconds(1)));
    if (!reason) return Socket(std::move(socket));
  }
  return *reason;
}

Socket::Socket(Poco::Net::StreamSocket socket) : socket_(std::move(socket)) {
  socket_.setBlocking(false);
  socket_.setNoDelay(true);  // a request is sent in few large pieces: waiting to join them only costs time
}

Result<Socket::Ready> Socket::wait(bool toWrite, milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (true) {
    pollfd entry{.fd = handle(), .events = static_cast<short>(toWrite ? POLLIN | POLLOUT : POLLIN), .revents = 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(until(deadline).count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return systemError(errno);
    if (ready == 0) return Ready{};
    // An error or a hang-up shows itself to whoever reads.
    const bool readable = (entry.revents & (POLLIN | POLLERR | POLLHUP)) != 0;
    return Ready{.readable = readable, .writable = (entry.revents & POLLOUT) != 0};
  }
}

Status Socket::receive() {
  received_.erase(0, taken_);
  taken_ = 0;
  const std::size_t had = received_.size();
  received_.resize(had + kReceiveBytes);
  ssize_t got = -1;
  do {
    got = ::recv(handle(), received_.data() + had, kReceiveBytes, 0);
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
    const ssize_t sent = ::send(handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
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
