#pragma once

#include <unistd.h>

#include <utility>

namespace mydht::runtime {

/// Owns a file descriptor and closes it. Any thread.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  int get() const { return number_; }
  bool open() const { return number_ >= 0; }
  /// Gives it up to another owner.
  int release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

}  // namespace mydht::runtime
