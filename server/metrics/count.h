#pragma once

#include <atomic>
#include <cstdint>

namespace mydht::metrics {

/// A number that one thread alone adds to, without a locked instruction, and anybody reads.
class Count {
 public:
  void add(std::uint64_t more) {
    value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  std::uint64_t read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// A number that many threads add to.
class SharedCount {
 public:
  void add(std::uint64_t more) { value_.fetch_add(more, std::memory_order_relaxed); }
  std::uint64_t read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace mydht::metrics
