#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace mydht {

/// What a crowd was told, all together.
struct Told {
  std::size_t done = 0;             ///< puts acknowledged
  std::size_t notDone = 0;          ///< 503 `not-done` with Retry-After
  std::size_t unknown = 0;          ///< 503 `unknown` with Retry-After
  std::size_t connections = 0;      ///< refused or broken off by a node
  std::vector<std::string> others;  ///< anything else, which must not be; the first ones
};

/// Many clients, each with one connection on which it puts its own few keys, one after the other and again, as fast as
/// it is answered; one that is refused tries again at once, which is worse than what clients do. One thread on epoll,
/// from many addresses of this machine. Owned by a test, which looks at the results after stop().
class Crowd {
 public:
  Crowd(std::vector<std::uint16_t> ports, std::size_t clients, std::string name);
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd();

  void stop();
  /// Puts acknowledged so far. Any thread.
  std::size_t done() const { return done_; }
  const Told& told() const { return told_; }

  /// A key and the number of the put that was acknowledged last, and of the one that was begun last: what is read must
  /// lie between them.
  struct Key {
    std::size_t acknowledged = 0;
    std::size_t begun = 0;
  };
  const std::map<std::string, Key>& keys() const { return keys_; }
  static std::string valueOf(const std::string& target, std::size_t number);

 private:
  struct Client;
  void run();
  void connect(Client& client);
  void close(Client& client);
  void begin(Client& client);
  void onEvents(Client& client, std::uint32_t events);
  void flush(Client& client);
  bool takeAnswer(Client& client);

  const std::vector<std::uint16_t> ports_;
  const std::string name_;
  const int epoll_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::map<std::string, Key> keys_;
  Told told_;
  std::atomic<std::size_t> done_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace mydht
