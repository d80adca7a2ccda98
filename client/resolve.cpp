#include "client/resolve.h"

#include <netdb.h>

#include <cstring>
#include <memory>
#include <string>

namespace mydht::client {

namespace {

using Addresses = std::vector<SocketAddress>;

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, FreeAddresses>;

/// One look-up under way: what the resolver's own thread reads and writes, in one place that it can outlive us in.
struct Lookup {
  std::string host;
  std::string service;
  addrinfo hints{};
  gaicb control{};
};

addrinfo streamHints(int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  return hints;
}

Addresses toAddresses(const AddressList& list) {
  Addresses addresses;
  for (const addrinfo* at = list.get(); at != nullptr; at = at->ai_next) {
    if (at->ai_family != AF_INET && at->ai_family != AF_INET6) continue;
    SocketAddress address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.length = at->ai_addrlen;
    addresses.push_back(address);
  }
  return addresses;
}

/// A literal address needs neither a name server nor a thread.
Addresses literal(const NodeAddress& node) {
  const addrinfo hints = streamHints(AI_NUMERICHOST);
  addrinfo* found = nullptr;
  if (getaddrinfo(node.host.c_str(), std::to_string(node.port).c_str(), &hints, &found) != 0) return {};
  return toAddresses(AddressList(found));
}

timespec toTimespec(std::chrono::milliseconds time) {
  return {.tv_sec = static_cast<time_t>(time.count() / 1000),
          .tv_nsec = static_cast<long>(time.count() % 1000) * 1'000'000};
}

/// The error of the look-up, 0 when it is done, EAI_INPROGRESS when the time is over.
int await(const gaicb* control, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  int error = gai_error(const_cast<gaicb*>(control));
  while (error == EAI_INPROGRESS) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    const timespec timeout = toTimespec(left);
    gai_suspend(&control, 1, &timeout);  // may wake early, by a signal: the loop looks again
    error = gai_error(const_cast<gaicb*>(control));
  }
  return error;
}

}  // namespace

Result<Addresses> resolve(const NodeAddress& node, std::chrono::milliseconds patience) {
  if (Addresses addresses = literal(node); !addresses.empty()) return addresses;

  auto lookup = std::make_unique<Lookup>(Lookup{node.host, std::to_string(node.port), streamHints(0), {}});
  lookup->control.ar_name = lookup->host.c_str();
  lookup->control.ar_service = lookup->service.c_str();
  lookup->control.ar_request = &lookup->hints;
  gaicb* controls[] = {&lookup->control};
  if (const int error = getaddrinfo_a(GAI_NOWAIT, controls, 1, nullptr); error != 0) {
    return Error{Kind::Unavailable, gai_strerror(error)};
  }
  const int error = await(&lookup->control, patience);
  if (error == EAI_INPROGRESS) {
    // The resolver's thread may write there until the process ends: it keeps the memory.
    static_cast<void>(lookup.release());  // NOLINT: on purpose, once a process
    return Error{Kind::Unavailable, "the name server does not answer"};
  }
  const AddressList list(lookup->control.ar_result);
  if (error == EAI_NONAME || error == EAI_AGAIN) {
    return Error{Kind::Unavailable, std::string(gai_strerror(error)) + ": write it into DNS or /etc/hosts"};
  }
  if (error != 0) return Error{Kind::Unavailable, gai_strerror(error)};
  Addresses addresses = toAddresses(list);
  if (addresses.empty()) return Error{Kind::Unavailable, "the name has no address"};
  return addresses;
}

}  // namespace mydht::client
