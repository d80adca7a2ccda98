#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace mydht {

/// Clients that work: each has one connection, puts a value, reads it back and compares, again and again; now and then
/// a large one. From 127.0.0.1, which no swarm uses. Owned by a test.
class Workers {
 public:
  Workers(std::uint16_t port, unsigned count);
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers() { stop(); }

  void stop();
  /// Operations a second in the time that begins now and lasts so long.
  double measure(std::chrono::milliseconds time) const;
  /// What went wrong.
  std::vector<std::string> broken() const;

 private:
  void work(unsigned number);
  void report(const std::string& what);

  const std::uint16_t port_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::size_t> done_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> broken_;  // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace mydht
