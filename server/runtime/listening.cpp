#include "server/runtime/listening.h"

#include <Poco/Exception.h>
#include <Poco/Net/IPAddress.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SocketAddress.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "server/runtime/descriptor.h"
#include "server/runtime/open_files.h"
#include "server/runtime/socket.h"

namespace mydht::runtime {
namespace {

using Poco::Net::IPAddress;
using Poco::Net::SocketAddress;

/// Connections that the kernel keeps for us until we take them; it cuts this to its own limit.
constexpr int kBacklog = 4096;
/// What the kernel keeps of an answer beyond what is on its way. Without this it takes megabytes for each client that
/// does not read, and thousands of those use up what the system has for all of TCP. Enough to keep a fast one busy.
constexpr int kUnsentBytes = 128 * 1024;
/// A port that the kernel chose for v4 may be in use for v6: how many others are tried.
constexpr int kFreePortTries = 20;
constexpr auto kBetweenTries = std::chrono::milliseconds(100);

bool kernelHasV6() {
  const Descriptor probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!probe.open()) return false;
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_addr = in6addr_loopback;
  return ::bind(probe.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0;
}

/// Whether somebody accepts connections there: then waiting is of no use.
bool somebodyAnswers(const SocketAddress& address) {
  try {
    const bool any = address.host().isWildcard();
    const IPAddress host = any ? IPAddress(address.family() == IPAddress::IPv4 ? "127.0.0.1" : "::1") : address.host();
    Poco::Net::StreamSocket probe;
    probe.connect(SocketAddress(host, address.port()), Poco::Timespan(1, 0));
    return true;
  } catch (const Poco::Exception&) {
    return false;
  }
}

Result<Poco::Net::ServerSocket> listenAt(const SocketAddress& address) {
  try {
    Poco::Net::ServerSocket socket;
    // Never SO_REUSEPORT: with it a second server would share the port without an error.
    if (address.family() == IPAddress::IPv6) {
      socket.bind6(address, true, false, true);
    } else {
      socket.bind(address, true, false);
    }
    // Accepted sockets have it from this one.
    socket.setOption(IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentBytes);
    socket.listen(kBacklog);
    socket.setBlocking(false);
    return socket;
  } catch (const Poco::Exception& failed) {
    const bool inUse = failed.code() == EADDRINUSE;
    const std::string reason = std::generic_category().message(failed.code());
    return Error{inUse ? Kind::Conflict : Kind::Io,
                 inUse ? "port " + std::to_string(address.port()) + " is in use at " + address.host().toString()
                       : "cannot listen on " + address.toString() + ": " + reason};
  }
}

/// All of the addresses or none.
Result<Listening> listenOnce(const std::vector<IPAddress>& addresses, std::uint16_t port) {
  Listening listening{{}, port};
  for (const IPAddress& address : addresses) {
    auto socket = listenAt(SocketAddress(address, listening.port));
    if (!socket) return socket.error();
    listening.port = socket->address().port();
    listening.sockets.push_back(*socket);
  }
  return listening;
}

Result<std::vector<IPAddress>> parsed(const std::vector<std::string>& addresses) {
  std::vector<IPAddress> all;
  for (const std::string& text : addresses) {
    IPAddress address;
    if (text == "::") {
      address = IPAddress(IPAddress::IPv6);  // POCO 1.11 reads it, and takes the result for a failure
    } else if (!IPAddress::tryParse(text, address)) {
      return Error{Kind::BadRequest, text + " is not an IP address"};
    }
    all.push_back(address);
  }
  return all;
}

}  // namespace

std::vector<std::string> loopbackAddresses() {
  std::vector<std::string> addresses = {"127.0.0.1"};
  if (kernelHasV6()) addresses.emplace_back("::1");
  return addresses;
}

std::vector<std::string> everyAddress() {
  std::vector<std::string> addresses = {"0.0.0.0"};
  if (kernelHasV6()) addresses.emplace_back("::");
  return addresses;
}

Status checkAddresses(const std::vector<std::string>& addresses) {
  const auto all = parsed(addresses);
  return all ? Status() : Status(all.error());
}

Result<Listening> listenOn(const std::vector<std::string>& addresses, std::uint16_t port, Duration patience) {
  const auto all = parsed(addresses);
  if (!all) return all.error();
  const auto end = std::chrono::steady_clock::now() + patience;
  for (int tries = 1;; ++tries) {
    auto listening = listenOnce(*all, port);
    if (listening || listening.error().kind != Kind::Conflict) return listening;
    if (port == 0) {
      if (tries == kFreePortTries) return listening;
      continue;
    }
    const auto answers = [port](const IPAddress& address) { return somebodyAnswers(SocketAddress(address, port)); };
    if (std::chrono::steady_clock::now() >= end || std::any_of(all->begin(), all->end(), answers)) return listening;
    std::this_thread::sleep_for(kBetweenTries);
  }
}

Acceptor::Acceptor(EventLoop& loop, const Poco::Net::ServerSocket& socket)
    : socket_(socket), watch_(loop, socket.impl()->sockfd()) {
  MYDHT_ASSERT(watch_.ok());
}

Task<Result<Poco::Net::StreamSocket>> Acceptor::accept(Deadline deadline) {
  while (!stopped_) {
    const int taken = ::accept4(socket_.impl()->sockfd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (taken >= 0) {
      const auto socket = adopt(taken);
      if (leavesReserve(taken)) co_return socket;
      co_return Error{Kind::Io, "cannot accept a connection: too many files and connections are open"};
    }
    const int reason = errno;
    if (reason == EAGAIN || reason == EWOULDBLOCK) {
      watch_.readingBlocked();
      const bool ready = co_await watch_.readable(deadline);
      if (!ready) co_return Error{Kind::Unavailable, "no connection came"};
    } else if (reason == EMFILE || reason == ENFILE || reason == ENOBUFS || reason == ENOMEM) {
      co_return Error{Kind::Io, "cannot accept a connection: " + std::generic_category().message(reason)};
    }
    // What else goes wrong is that one connection's, which was gone before we took it.
  }
  co_return Error{Kind::Stopped, "this node is stopping"};
}

void Acceptor::stop() {
  stopped_ = true;
  ::shutdown(socket_.impl()->sockfd(), SHUT_RDWR);
}

}  // namespace mydht::runtime
