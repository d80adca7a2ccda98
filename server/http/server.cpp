#include "server/http/server.h"

#include <Poco/Net/IPAddress.h>
#include <Poco/Net/SocketAddress.h>

#include <chrono>
#include <utility>

namespace mydht::http {
namespace {

using Poco::Net::StreamSocket;

/// How long no connection is taken after the system had no descriptor left for one.
constexpr auto kNoDescriptorPause = std::chrono::milliseconds(50);
/// How many refused clients are waited for at once, so that they read why; others are closed at once.
constexpr std::size_t kMostTurningAway = 64;
/// Connections taken before what else is ready on the loop gets its turn.
constexpr unsigned kTakenAtOnce = 16;
constexpr auto kTurningAwayTime = std::chrono::seconds(1);

/// What counts as one address: one customer has a whole /64 network of IPv6.
std::string networkOf(const Poco::Net::IPAddress& address) {
  if (address.family() == Poco::Net::IPAddress::IPv4) return address.toString();
  return (address & Poco::Net::IPAddress(64, Poco::Net::IPAddress::IPv6)).toString();
}

std::string fullAnswer() {
  const Response response = respondProblem(503, "too many connections are open; try again in a moment");
  const std::string_view body = std::get<Bytes>(response.body).view();
  HeadText text;
  text.startResponse(response.status);
  text.append(response.headers.text());
  text.header("Content-Length", body.size());
  text.header("Retry-After", "1");
  text.header("Connection", "close");
  text.end();
  text.append(body);
  return std::string(text.text());
}

}  // namespace

bool Admission::enter(const std::string& network) {
  const std::lock_guard lock(mutex_);
  if (all_ >= settings_.mostConnections) return false;
  std::size_t& here = byNetwork_[network];
  if (here >= settings_.mostPerAddress) return false;
  ++here;
  ++all_;
  return true;
}

void Admission::leave(const std::string& network) {
  const std::lock_guard lock(mutex_);
  --all_;
  const auto here = byNetwork_.find(network);
  if (--here->second == 0) byNetwork_.erase(here);
}

std::size_t Admission::inside() const {
  const std::lock_guard lock(mutex_);
  return all_;
}

void ServerPart::open(const StreamSocket& socket, Remote remote) {
  std::string network = remote.network;
  auto connection = std::make_unique<Connection>(shared_, socket, std::move(remote), handler_);
  if (stopping_ || !connection->ok()) return admission_.leave(network);
  shared_.counters.connections.add(1);
  connections_.insert(connection.get());
  gate_.spawn(serve(std::move(connection), std::move(network)));
}

Task<> ServerPart::serve(std::unique_ptr<Connection> connection, std::string network) {
  co_await connection->serve();
  connections_.erase(connection.get());
  connection.reset();
  admission_.leave(network);
  ended_.notifyAll();
}

Task<> ServerPart::stop(Deadline deadline) {
  co_await switchTo(shared_.loop);
  stopping_ = true;
  for (Connection* const connection : connections_) connection->stop();
  bool inTime = true;
  while (inTime && !connections_.empty()) inTime = co_await ended_.waitUntil(deadline);
  for (Connection* const connection : connections_) connection->abort();
  co_await gate_.close();
}

Server::Server(const std::vector<runtime::EventLoop*>& loops, const runtime::Listening& listening, Settings settings,
               Handler& handler)
    : settings_(settings),
      port_(listening.port),
      admission_(settings_),
      home_(*loops.front()),
      listening_(listening),
      full_(fullAnswer()),
      gate_(home_) {
  for (runtime::EventLoop* const loop : loops) {
    parts_.push_back(std::make_unique<ServerPart>(*loop, settings_, handler, admission_));
  }
}

Server::~Server() {
  MYDHT_ASSERT(stopped_);
}

Task<> Server::start() {
  co_await switchTo(home_);
  stopped_ = false;
  for (const auto& socket : listening_.sockets) {
    acceptors_.push_back(std::make_unique<runtime::Acceptor>(home_, socket));
    gate_.spawn(acceptAll(*acceptors_.back()));
  }
}

Task<> Server::stop(Deadline deadline) {
  co_await switchTo(home_);
  for (const auto& acceptor : acceptors_) acceptor->stop();
  co_await gate_.close();
  acceptors_.clear();
  Gate stopping(home_);
  for (const auto& part : parts_) stopping.spawn(part->stop(deadline));
  co_await stopping.close();
  stopped_ = true;
}

std::vector<const Counters*> Server::counters() const {
  std::vector<const Counters*> all;
  for (const auto& part : parts_) all.push_back(&part->counters());
  return all;
}

metrics::HttpNumbers Server::numbers() const {
  metrics::HttpNumbers numbers;
  numbers.openConnections = connections();
  numbers.turnedAway = turnedAway_.read();
  for (const auto& part : parts_) numbers.tooBusy += part->refusals().read();
  for (const Counters* const counters : this->counters()) {
    numbers.connections += counters->connections.read();
    numbers.malformed += counters->malformed.read();
    numbers.bytesIn += counters->bytesIn.read();
    numbers.bytesOut += counters->bytesOut.read();
    numbers.fromNodes += counters->fromNodes.read();
    counters->durations.addTo(numbers.durations);
    for (std::size_t method = 0; method < metrics::kMethods; ++method) {
      for (std::size_t status = 0; status < metrics::kStatusClasses; ++status) {
        numbers.requests[method][status] += counters->answers[method][status].read();
      }
    }
  }
  return numbers;
}

Task<> Server::acceptAll(runtime::Acceptor& acceptor) {
  for (unsigned taken = 1;; ++taken) {
    auto socket = co_await acceptor.accept(Time::max());
    if (socket) {
      place(*socket);
      // A flood of connections gets its turn like others.
      if (taken % kTakenAtOnce == 0) co_await yieldNow();
    } else if (socket.error().kind == Kind::Stopped) {
      co_return;
    } else {
      co_await sleepUntil(home_.now() + kNoDescriptorPause);
    }
  }
}

void Server::place(const StreamSocket& socket) {
  const auto address = runtime::peerAddress(socket);
  if (!address) return;  // it is gone already
  const auto host = address->host();
  Remote remote{host.toString(), networkOf(host), runtime::isThisMachine(socket)};
  if (admission_.enter(remote.network)) {
    ServerPart& part = *parts_[next_];
    next_ = (next_ + 1) % parts_.size();
    gate_.spawn(deliver(socket, std::move(remote), part));
    return;
  }
  turnedAway_.add(1);
  if (turningAway_ < kMostTurningAway) gate_.spawn(turnAway(socket));
}

Task<> Server::deliver(StreamSocket socket, Remote remote, ServerPart& part) {
  co_await switchTo(part.loop());
  part.open(socket, std::move(remote));
}

/// Says why, and waits until the client has read it: closing with its request unread would destroy our answer.
Task<> Server::turnAway(StreamSocket socket) {
  ++turningAway_;
  {
    runtime::Socket refused(home_, socket);
    if (refused.ok()) {
      refused.send(full_);
      refused.shutdownSend();
      const Deadline deadline = home_.now() + kTurningAwayTime;
      co_await throwAwayInput(refused, parts_.front()->scratch(), kTurningAwayTime, deadline);
    }
  }
  --turningAway_;
}

}  // namespace mydht::http
