#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace mydht {

/// XXH3-64 of bytes: finds accidents (bad disks, cut files), not attacks.
std::uint64_t checksumOf(std::string_view bytes);

/// The same of bytes that come in pieces. One thread.
class Checksum {
 public:
  Checksum();
  ~Checksum();
  Checksum(const Checksum&) = delete;
  Checksum& operator=(const Checksum&) = delete;

  void add(std::string_view bytes);
  /// Of all that was added so far.
  std::uint64_t value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mydht
