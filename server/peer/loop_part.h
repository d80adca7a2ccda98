#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "server/access/secret.h"
#include "server/http/shared.h"
#include "server/peer/connection.h"
#include "server/peer/settings.h"
#include "server/ports/clock.h"
#include "server/ports/random.h"
#include "server/ports/transport.h"
#include "server/runtime/blocking_pool.h"
#include "server/task/gate.h"

namespace mydht::peer {

/// What all loops' calls borrow from node.
struct World {
  runtime::BlockingPool& pool;  ///< for names
  const access::Secret& secret;
  const Clock& clock;
  Random& random;
};

/// The calls that one loop makes, and its connections to other nodes. Owned by HttpTransport; its loop's thread alone.
class LoopPart {
 public:
  LoopPart(runtime::EventLoop& loop, const Settings& settings, const World& world);
  LoopPart(const LoopPart&) = delete;
  LoopPart& operator=(const LoopPart&) = delete;
  /// Asserts that it is stopped, or never was used.
  ~LoopPart();

  /// See Transport::call.
  Task<Result<Call>> call(PeerAddress to, Call request, Deadline deadline);
  /// Breaks off what is under way and returns when no connection is left. Goes to its loop by itself.
  Task<> stop();

  runtime::EventLoop& loop() { return shared_.loop; }
  http::Shared& shared() { return shared_; }

  /// A call on this connection is over: keeps it for the next one, or closes it. Any thread.
  void release(std::shared_ptr<Connection> connection);

  // -- for Connection --
  void opened(Connection& connection);
  void closed(Connection& connection);

 private:
  /// Counts a call, or a look-up, among those of its host and of the loop.
  class Use {
   public:
    Use(LoopPart& part, Host& host);
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use();

   private:
    LoopPart& part_;
    Host& host_;
  };

  Result<Host*> hostOf(const std::string& hostPort);
  void forgetHosts();
  std::shared_ptr<Connection> takeIdle(Host& host);
  Task<Result<std::shared_ptr<Connection>>> open(Host& host, Deadline deadline);
  Task<Result<std::shared_ptr<Connection>>> connect(Host& host, Deadline deadline);
  Task<Result<>> findAddresses(Host& host, Deadline deadline);
  Task<> lookUp(Host& host);
  Task<> closeUnused();
  void keep(std::shared_ptr<Connection> connection);

  void printHead(Connection& connection, const Call& request);
  bool begin(const std::shared_ptr<Connection>& connection, Call& request, Deadline deadline);
  Task<> sendOutput(std::shared_ptr<Connection> connection);
  Task<> sendLarge(std::shared_ptr<Connection> connection, Call request, Deadline deadline);
  Task<Result<Call>> exchange(std::shared_ptr<Connection> connection, Deadline deadline);
  Deadline answerBy(const Sending& sending, Deadline deadline) const;
  Task<Result<Call>> readLarge(std::shared_ptr<Connection> connection, Deadline deadline);

  const Settings& settings_;
  const World world_;
  const http::Settings limits_;
  http::Shared shared_;
  Gate gate_;
  Signal ended_;  ///< a connection was closed or a call ended
  Signal wake_;   ///< everything is to stop
  std::unordered_map<std::string, std::unique_ptr<Host>> hosts_;
  std::unordered_set<Connection*> connections_;
  std::size_t idle_ = 0;
  std::size_t calls_ = 0;
  bool closingUnused_ = false;
  bool stopping_ = false;
};

}  // namespace mydht::peer
