#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/http/channel.h"
#include "server/runtime/connecting.h"
#include "server/task/signal.h"

namespace mydht::peer {

class LoopPart;
class Connection;

/// One address that is called, and the connections to it. Owned by a LoopPart; its loop alone.
struct Host {
  Host(Executor& executor, std::string called, runtime::HostPort parsed);

  const std::string hostPort;
  const runtime::HostPort name;
  const std::string headBegin;                    ///< the lines with which every request there begins
  std::vector<std::shared_ptr<Connection>> idle;  ///< the one that was used last at the end
  std::size_t open = 0;                           ///< connections, idle, in use or being made, without a stream
  std::size_t streams = 0;                        ///< connections on which a body streams
  std::size_t waiting = 0;                        ///< calls that wait for a connection
  std::size_t users = 0;                          ///< tasks and connections that refer to this
  std::vector<Poco::Net::SocketAddress> addresses;
  Time addressesUntil = Time::min();
  std::optional<Error> lookUpFailed;  ///< of the last look-up
  bool lookingUp = false;
  Signal found;  ///< a look-up ended
  Signal freed;  ///< a connection is idle, or there may be another one
};

/// How far the request on a connection got.
struct Sending {
  bool arrived = false;         ///< all of the message was sent: the other node may act on it
  bool streams = false;         ///< the body comes from a source, as fast as that goes
  bool ended = true;            ///< nobody sends any more,
  Time endedAt{};               ///< since then
  std::optional<Error> failed;  ///< the request's body broke off, so it is not whole
};

/// One connection to another node, for one call at a time. Owned by its host while idle, else by the call (shared with
/// the task that sends the request's body, and then with the answer's body). On its loop alone.
class Connection {
 public:
  Connection(LoopPart& part, Host& host, std::unique_ptr<runtime::Socket> socket);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Whether a call may begin on it: the other end has neither closed it nor sent anything unasked.
  bool fresh();
  /// Whether its call is over, so that it can carry the next one.
  bool reusable();
  /// Breaks it off: whoever waits on it goes on with an error, and the other end sees that it is broken.
  void abort();

  http::Channel& channel() { return channel_; }
  http::ResponseHead& head() { return head_; }
  Sending& sending() { return sending_; }
  /// The answer was read to its end.
  void answered() { answered_ = true; }
  /// Begins the next call.
  void begin();
  /// Whether a body streams on it from now on, or no longer: see Settings::mostStreams.
  void setStreaming(bool streaming);
  Host& host() { return host_; }
  Time unusedSince = Time::min();
  /// An error of this call: Unknown if its message may have arrived, else Unavailable.
  Error lost(const std::string& text) const;

 private:
  LoopPart& part_;
  Host& host_;
  http::Channel channel_;
  http::ResponseHead head_;  ///< of the answer; its text lies in the channel's input, until that is consumed
  Sending sending_;
  bool answered_ = true;
  bool aborted_ = false;
  bool streaming_ = false;
};

}  // namespace mydht::peer
