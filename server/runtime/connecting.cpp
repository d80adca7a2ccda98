#include "server/runtime/connecting.h"

#include <Poco/Net/IPAddress.h>
#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <system_error>

#include "server/runtime/open_files.h"

namespace mydht::runtime {
namespace {

using Poco::Net::IPAddress;
using Poco::Net::SocketAddress;
using Addresses = std::vector<SocketAddress>;

Result<Addresses> lookUp(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) {
    return Error{Kind::Unavailable, "no address is known for " + host + " (" + ::gai_strerror(failed) +
                                        "): write it into DNS or /etc/hosts"};
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, &::freeaddrinfo);
  Addresses addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) addresses.emplace_back(at->ai_addr, at->ai_addrlen);
  return addresses;
}

Error cannotConnect(const SocketAddress& address, const std::string& reason) {
  return Error{Kind::Unavailable, "cannot connect to " + address.toString() + ": " + reason};
}

/// What happened and, since it stands in a log line that somebody reads who has just installed this, what to look at.
std::string reasonOf(int code) {
  const std::string reason = std::generic_category().message(code);
  switch (code) {
    case ECONNREFUSED:
      return reason + ": nothing listens there";
    case EHOSTUNREACH:
    case ENETUNREACH:
      return reason + ": the network or a firewall between does not let this port through";
    default:
      return reason;
  }
}

constexpr const char* kSilence = "timed out: the machine is off, or a firewall drops this port";

int outcomeOf(int descriptor) {
  int outcome = 0;
  socklen_t size = sizeof outcome;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &outcome, &size) == 0 ? outcome : errno;
}

}  // namespace

Task<Result<Addresses>> resolve(BlockingPool& pool, std::string host, std::uint16_t port) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  IPAddress literal;
  if (IPAddress::tryParse(host, literal)) co_return Addresses{SocketAddress(literal, port)};
  auto addresses = co_await pool.run([host, port] { return lookUp(host, port); });
  co_return addresses;
}

Task<Result<std::unique_ptr<Socket>>> connectTo(EventLoop& loop, SocketAddress address, Deadline deadline) {
  const int descriptor = ::socket(address.af(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) co_return cannotConnect(address, reasonOf(errno));
  const auto handle = adopt(descriptor);
  if (!leavesReserve(descriptor)) co_return cannotConnect(address, "too many files and connections are open");
  const int result = ::connect(descriptor, address.addr(), address.length());
  if (result != 0 && errno != EINPROGRESS) co_return cannotConnect(address, reasonOf(errno));
  auto socket = std::make_unique<Socket>(loop, handle);
  if (!socket->ok()) co_return cannotConnect(address, "the event loop takes no more sockets");
  if (result != 0) {
    const bool ready = co_await socket->connected(deadline);
    if (!ready) co_return cannotConnect(address, kSilence);
    const int outcome = outcomeOf(descriptor);
    if (outcome != 0) co_return cannotConnect(address, reasonOf(outcome));
  }
  co_return socket;
}

Result<HostPort> parseHostPort(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const auto bad = [&text] { return Error{Kind::BadRequest, "'" + text + "' is not HOST:PORT"}; };
  if (colon == std::string::npos || colon == 0) return bad();
  HostPort parsed{text.substr(0, colon), 0};
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data() + colon + 1, end, parsed.port);
  if (number.ec != std::errc() || number.ptr != end || parsed.port == 0) return bad();
  const bool bracketed = parsed.host.front() == '[' && parsed.host.back() == ']';
  if (parsed.host.find(':') != std::string::npos && !bracketed) return bad();
  return parsed;
}

}  // namespace mydht::runtime
