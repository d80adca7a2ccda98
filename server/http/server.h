#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "server/http/connection.h"
#include "server/http/message.h"
#include "server/http/settings.h"
#include "server/runtime/listening.h"
#include "server/task/gate.h"

namespace mydht::http {

/// Counts the connections from each network (Remote::network), and all of them. Owned by a Server; any thread.
class Admission {
 public:
  explicit Admission(const Settings& settings) : settings_(settings) {}
  /// Whether one more connection from there is within the limits; counts it then.
  bool enter(const std::string& network);
  void leave(const std::string& network);
  /// How many there are now.
  std::size_t inside() const;

 private:
  const Settings& settings_;
  mutable std::mutex mutex_;
  std::size_t all_ = 0;
  std::map<std::string, std::size_t> byNetwork_;
};

/// The connections of one loop. Owned by a Server; that loop's thread alone.
class ServerPart {
 public:
  ServerPart(runtime::EventLoop& loop, const Settings& settings, Handler& handler, Admission& admission)
      : shared_(loop, settings), handler_(handler), admission_(admission), gate_(loop), ended_(loop) {}

  /// Serves a connection that was admitted.
  void open(const Poco::Net::StreamSocket& socket, Remote remote);
  /// Closes idle connections, lets the others finish until the deadline, then breaks them off. Returns when none is
  /// left; a handler that does not return by its own deadline holds this up. Goes to its loop by itself.
  Task<> stop(Deadline deadline);

  runtime::EventLoop& loop() { return shared_.loop; }
  const Counters& counters() const { return shared_.counters; }
  /// Requests refused because the loop had too much to do. Any thread.
  const metrics::Count& refusals() const { return shared_.load.refusals(); }
  /// Room that anybody on this loop may use between two waits.
  std::span<char> scratch() { return {shared_.scratch.get(), Shared::kScratchBytes}; }

 private:
  Task<> serve(std::unique_ptr<Connection> connection, std::string network);

  Shared shared_;
  Handler& handler_;
  Admission& admission_;
  Gate gate_;
  Signal ended_;
  std::unordered_set<Connection*> connections_;
  bool stopping_ = false;
};

/// An HTTP/1.1 server: takes connections from its listening sockets on the first loop and deals them out to all loops
/// in turn. Owned by node, borrows loops and handler. start() and stop() are awaited on the first loop.
class Server {
 public:
  /// Listens already, but answers nobody before start(). At least one loop.
  Server(const std::vector<runtime::EventLoop*>& loops, const runtime::Listening& listening, Settings settings,
         Handler& handler);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Asserts that it is stopped.
  ~Server();

  std::uint16_t port() const { return port_; }
  /// Begins to answer.
  Task<> start();
  /// Takes no connection more, finishes what has begun, closes idle connections, breaks off what is left at the
  /// deadline. Nothing of it runs any more when this returns.
  Task<> stop(Deadline deadline);

  /// Connections now, and what each loop has done so far. Any thread.
  std::size_t connections() const { return admission_.inside(); }
  std::vector<const Counters*> counters() const;
  /// The same of all loops together.
  metrics::HttpNumbers numbers() const;

 private:
  Task<> acceptAll(runtime::Acceptor& acceptor);
  void place(const Poco::Net::StreamSocket& socket);
  Task<> deliver(Poco::Net::StreamSocket socket, Remote remote, ServerPart& part);
  Task<> turnAway(Poco::Net::StreamSocket socket);

  const Settings settings_;
  const std::uint16_t port_;
  Admission admission_;
  std::vector<std::unique_ptr<ServerPart>> parts_;
  runtime::EventLoop& home_;
  runtime::Listening listening_;
  std::vector<std::unique_ptr<runtime::Acceptor>> acceptors_;
  const std::string full_;  ///< the answer to connections beyond the limits
  Gate gate_;
  std::size_t next_ = 0;
  std::size_t turningAway_ = 0;
  metrics::Count turnedAway_;
  bool stopped_ = true;
};

}  // namespace mydht::http
