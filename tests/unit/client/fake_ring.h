#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace mydht::client {

/// A node that keeps values in memory and lists them, for many connections at once: what a ring looks like to the
/// client, with pages as short as a test wants and keys that fail. A thread a connection; owned by a test.
class FakeRing {
 public:
  FakeRing();
  FakeRing(const FakeRing&) = delete;
  FakeRing& operator=(const FakeRing&) = delete;
  ~FakeRing();

  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  void set(const std::string& key, const std::string& value);
  std::map<std::string, std::string> values();

  /// A put or get of this key is answered by 503, not done.
  void failKey(const std::string& key);
  /// A listing is answered by 503.
  void failListings();
  /// At most so many items a page.
  void pagesOf(std::size_t items);
  /// A value goes out, and comes in, in pieces of 64 KiB with so long a pause between them.
  void pauseBetweenPieces(unsigned milliseconds) { pauseMillis_ = milliseconds; }

  /// What was asked until now: `PUT /key`, `GET /_mydht/keys?limit=1000`.
  std::vector<std::string> asked();
  /// How many of them begin so.
  std::size_t askedFor(const std::string& beginning);
  /// Connections that were open at the same time, at most.
  std::size_t mostConnections();

 private:
  void serve();
  void serveConnection(int connection);
  bool serveRequest(int connection, std::string& buffer);
  std::string answerTo(const std::string& method, const std::string& path, const std::string& query,
                       const std::string& body);
  std::string list(const std::string& query);
  bool sendAll(int connection, std::string_view bytes, bool paused) const;

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<unsigned> pauseMillis_ = 0;
  std::atomic<bool> over_ = false;

  std::mutex mutex_;
  std::map<std::string, std::string> values_;
  std::set<std::string> failing_;
  bool listingsFail_ = false;
  std::size_t pageItems_ = 1000;
  std::vector<std::string> asked_;
  std::set<int> connections_;
  std::size_t mostConnections_ = 0;

  std::vector<std::thread> threads_;  ///< touched by the accepting thread alone, and at the end
  std::thread accepting_;
};

}  // namespace mydht::client
