#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "server/http/message.h"
#include "server/task/bytes.h"
#include "server/task/executor.h"

namespace mydht::api {

struct Context;

/// This node's status as server-sent events, for all who listen. The status is printed once for all of them. Owned by
/// the Context; any thread.
class Events {
 public:
  /// One page each; a browser gives a server only six connections, so this is many people.
  static constexpr std::size_t kMostListeners = 64;

  /// The status as one event at some moment.
  struct Snapshot {
    Bytes event;
    std::uint64_t serial =
        0;  ///< rises when what people wait for changed: not for clocks and counters that always move
  };

  /// The status as it is, or was a moment ago.
  Snapshot latest(const Context& context, Time now);
  /// Takes a place among the listeners; false if there is none left, or the node stops.
  bool enter();
  void leave() { listeners_.fetch_sub(1); }

  /// All streams end within a quarter of a second, and no new one begins.
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

 private:
  std::atomic<std::size_t> listeners_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  Time made_ = Time::min();
  std::string steady_;  // what did not change while the serial did not
  Snapshot snapshot_;
};

/// GET /_mydht/events
Task<http::Response> getEvents(const Context& context, http::Request& request);

}  // namespace mydht::api
