#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/http_client/http_client.h"

namespace mydht::support {

/// The nodes that clients know, changed by the test while they work. Any thread.
class Ports {
 public:
  void add(std::uint16_t port);
  void drop(std::uint16_t port);
  std::uint16_t any(std::mt19937& random) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::uint16_t> ports_;  // guarded by mutex_
};

/// Writers that put, overwrite and delete through all nodes, each its own keys, and readers that ask for every key
/// again and again: what they read must be what was acknowledged last, or something newer, or what nobody knows the
/// outcome of, which may appear at any later time. Owned by a test.
class Load {
 public:
  Load(Ports& ports, unsigned writers, unsigned readers);
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load();

  /// Writers begin nothing new; returns when none is under way.
  void pauseWriting();
  void goOnWriting() { paused_ = false; }
  void stop();

  std::size_t written() const { return written_; }
  std::size_t read() const { return read_; }
  std::size_t refused() const { return refused_; }
  std::vector<std::string> broken() const;

  /// Each key with its only possible value, while nobody writes and all nodes serve; none: deleted.
  std::map<std::string, std::optional<std::string>> values();

 private:
  /// One key's operations, numbered; an odd draw deletes. Its one writer does them one after the other.
  struct Key {
    std::size_t begun = 0;          ///< operations that were begun so far
    std::size_t settled = 0;        ///< the last one that was acknowledged; what was before it is over,
    std::set<std::size_t> unknown;  ///< but for these, which may or may not have been done
  };
  void write(unsigned writer);
  void readAll(unsigned reader);
  void check(const std::string& key, std::mt19937& random);
  void noteOutcome(const std::string& key, std::size_t operation, const HttpAnswer& answer);
  void settle(const std::string& key);
  void report(const std::string& what);

  Ports& ports_;
  mutable std::mutex mutex_;
  std::map<std::string, Key> keys_;  // guarded by mutex_
  std::vector<std::string> broken_;  // guarded by mutex_
  std::atomic<bool> stop_ = false;
  std::atomic<bool> paused_ = false;
  std::atomic<unsigned> writing_ = 0;
  std::atomic<std::size_t> written_ = 0;
  std::atomic<std::size_t> read_ = 0;
  std::atomic<std::size_t> refused_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace mydht::support
