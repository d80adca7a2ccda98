#include "server/peer/loop_part.h"

#include <algorithm>
#include <utility>

#include "common/result/check.h"

namespace mydht::peer {
namespace {

using Opened = std::shared_ptr<Connection>;

http::Settings limitsOf(const Settings& settings) {
  http::Settings limits;
  limits.bodyStall = settings.stall;
  limits.writeStall = settings.stall;
  return limits;
}

/// A coroutine that nobody awaits, begun by post.
struct Detached {
  struct promise_type {
    Executor* executor = nullptr;
    Detached get_return_object() { return {this}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    [[noreturn]] void unhandled_exception() { invariantBroken("no exception leaves a task", __FILE__, __LINE__); }
  };
  promise_type* promise;
};

Detached releaseThere(LoopPart& part, Opened connection) {
  part.release(std::move(connection));
  co_return;
}

}  // namespace

LoopPart::LoopPart(runtime::EventLoop& loop, const Settings& settings, const World& world)
    : settings_(settings),
      world_(world),
      limits_(limitsOf(settings)),
      shared_(loop, limits_),
      gate_(loop),
      ended_(loop),
      wake_(loop) {}

LoopPart::~LoopPart() {
  MYDHT_ASSERT(connections_.empty() && calls_ == 0);
}

Task<> LoopPart::stop() {
  co_await switchTo(loop());
  stopping_ = true;
  for (const auto& [name, host] : hosts_) {
    host->idle.clear();
    host->found.notifyAll();
    host->freed.notifyAll();
  }
  idle_ = 0;
  for (Connection* const connection : connections_) connection->abort();
  wake_.notifyAll();
  while (!connections_.empty() || calls_ > 0) co_await ended_.wait();
  co_await gate_.close();
}

LoopPart::Use::Use(LoopPart& part, Host& host) : part_(part), host_(host) {
  ++host_.users;
  ++part_.calls_;
}

LoopPart::Use::~Use() {
  --host_.users;
  --part_.calls_;
  if (part_.stopping_) part_.ended_.notifyAll();
}

void LoopPart::opened(Connection& connection) {
  connections_.insert(&connection);
}

void LoopPart::closed(Connection& connection) {
  connections_.erase(&connection);
  --connection.host().open;
  connection.host().freed.notifyOne();
  if (stopping_) ended_.notifyAll();
}

void LoopPart::release(Opened connection) {
  if (loop().onOwnThread()) {
    keep(std::move(connection));
    return;
  }
  const Detached there = releaseThere(*this, std::move(connection));
  there.promise->executor = &loop();
  loop().postFromOutside(std::coroutine_handle<Detached::promise_type>::from_promise(*there.promise));
}

void LoopPart::keep(Opened connection) {
  Host& host = connection->host();
  connection->setStreaming(false);
  const bool tooMany = host.idle.size() >= settings_.mostIdle || host.open > settings_.mostOpen;
  if (!connection->reusable() || stopping_ || tooMany) {
    connection->abort();  // a task that still sends ends by this
    return;
  }
  connection->channel().rest();
  connection->unusedSince = shared_.loop.now();
  host.idle.push_back(std::move(connection));
  ++idle_;
  host.freed.notifyOne();
  if (std::exchange(closingUnused_, true)) return;
  gate_.spawn(closeUnused());
}

/// Runs while any connection is idle.
Task<> LoopPart::closeUnused() {
  while (idle_ > 0 && !stopping_) {
    co_await wake_.waitUntil(loop().now() + settings_.idleAge / 4);
    const Time oldest = loop().now() - settings_.idleAge;
    for (const auto& [name, host] : hosts_) {
      const auto unused = [oldest](const Opened& idle) { return idle->unusedSince <= oldest || !idle->fresh(); };
      idle_ -= std::erase_if(host->idle, unused);
    }
  }
  closingUnused_ = false;
}

Result<Host*> LoopPart::hostOf(const std::string& hostPort) {
  const auto known = hosts_.find(hostPort);
  if (known != hosts_.end()) return known->second.get();
  auto parsed = runtime::parseHostPort(hostPort);
  if (!parsed) return Error{Kind::Unavailable, parsed.error().text};
  if (hosts_.size() >= settings_.mostHosts) forgetHosts();
  auto host = std::make_unique<Host>(loop(), hostPort, std::move(*parsed));
  return hosts_.emplace(hostPort, std::move(host)).first->second.get();
}

/// Forgets the addresses that nobody uses now.
void LoopPart::forgetHosts() {
  std::erase_if(hosts_, [](const auto& entry) { return entry.second->users == 0; });
}

Opened LoopPart::takeIdle(Host& host) {
  while (!host.idle.empty()) {
    Opened connection = std::move(host.idle.back());
    host.idle.pop_back();
    --idle_;
    if (connection->fresh()) return connection;
  }
  return nullptr;
}

/// Waits for a connection that becomes free, or makes one.
Task<Result<Opened>> LoopPart::open(Host& host, Deadline deadline) {
  while (!stopping_ && host.open >= settings_.mostOpen) {
    const Error tooMany{Kind::NotDone, host.hostPort + ": too many calls are under way"};
    if (host.waiting >= settings_.mostWaiting) co_return tooMany;
    ++host.waiting;
    const bool freed = co_await host.freed.waitUntil(deadline);
    --host.waiting;
    if (!freed) co_return tooMany;
    Opened idle = takeIdle(host);
    if (idle) co_return idle;
  }
  if (stopping_) co_return Error{Kind::Unavailable, "this node is stopping"};
  ++host.open;  // before waiting, so that the bound holds
  auto connected = co_await connect(host, deadline);
  if (!connected) {
    --host.open;
    host.freed.notifyOne();
  }
  co_return connected;
}

Task<Result<Opened>> LoopPart::connect(Host& host, Deadline deadline) {
  deadline = std::min(deadline, loop().now() + settings_.connectTimeout);
  auto found = co_await findAddresses(host, deadline);
  if (!found) co_return found.error();
  const auto addresses = host.addresses;
  Error last{Kind::Unavailable, host.hostPort + ": no address"};
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const auto left = static_cast<std::int64_t>(addresses.size() - i);
    const Deadline share = loop().now() + (deadline - loop().now()) / left;
    auto socket = co_await runtime::connectTo(loop(), addresses[i], share);
    if (socket && stopping_) break;
    if (socket) {
      // The address that answers comes first the next time.
      if (i > 0) host.addresses = {addresses[i]};
      co_return std::make_shared<Connection>(*this, host, std::move(*socket));
    }
    last = socket.error();
  }
  co_return last;
}

Task<Result<>> LoopPart::findAddresses(Host& host, Deadline deadline) {
  while (host.addresses.empty() || loop().now() >= host.addressesUntil) {
    if (stopping_) co_return Error{Kind::Unavailable, "this node is stopping"};
    if (!std::exchange(host.lookingUp, true)) {
      host.lookUpFailed.reset();
      gate_.spawn(lookUp(host));
    }
    const bool ended = co_await host.found.waitUntil(deadline);
    if (!ended) co_return Error{Kind::Unavailable, host.name.host + ": its address was not found in time"};
    if (host.lookUpFailed) co_return *host.lookUpFailed;
  }
  co_return Result<>();
}

/// In the background, since a look-up cannot be taken back while calls have deadlines. One at a time for a host.
Task<> LoopPart::lookUp(Host& host) {
  const Use use(*this, host);
  auto addresses = co_await runtime::resolve(world_.pool, host.name.host, host.name.port);
  host.lookingUp = false;
  if (addresses) {
    host.addresses = std::move(*addresses);
    host.addressesUntil = loop().now() + settings_.nameAge;
  } else {
    host.lookUpFailed = Error{Kind::Unavailable, addresses.error().text};
  }
  host.found.notifyAll();
}

}  // namespace mydht::peer
