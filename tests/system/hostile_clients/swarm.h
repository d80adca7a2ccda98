#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace mydht {

/// How each connection of a swarm behaves.
struct Manner {
  std::string first;                     ///< sent at once; "#" in it becomes the connection's number
  std::string drip;                      ///< then sent byte by byte, again and again; empty: nothing
  std::chrono::milliseconds pause{500};  ///< between two of these bytes
  bool reads = true;                     ///< whether it takes what the server sends
  bool comesAgain = true;                ///< connects anew when the server has ended the connection
  int receiveBuffer = 0;                 ///< bytes; 0: the system's
};

/// Many connections to one server on this machine, from many addresses (127.0.1.1 and on, 500 from each), driven by one
/// thread on epoll. Owned by a test; its numbers may be read by any thread.
class Swarm {
 public:
  Swarm(std::uint16_t port, std::size_t connections, Manner manner);
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;
  /// Closes all of them.
  ~Swarm();

  /// Connections that are open now and have sent their first bytes.
  std::size_t open() const { return open_; }
  /// Connections that the server has ended so far.
  std::size_t ended() const { return ended_; }
  /// Whether all are open within half a minute.
  bool awaitAllOpen() const;

 private:
  struct Member;
  void run();
  void connect(Member& member);
  void close(Member& member);
  void onEvents(Member& member, std::uint32_t events);
  void sendFirst(Member& member);
  void dripAll();

  const std::uint16_t port_;
  const Manner manner_;
  const int epoll_;
  std::vector<std::unique_ptr<Member>> members_;
  std::size_t dripped_ = 0;  ///< bytes of the drip so far, of each
  std::atomic<std::size_t> open_ = 0;
  std::atomic<std::size_t> ended_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace mydht
