#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace mydht::ring {

/// Bytes to hash, the same on every machine: numbers are eight bytes each, lowest first; texts have their length before
/// them, so that no two different values give the same bytes. A value of its maker's; any thread, one at a time.
class CanonicalBytes {
 public:
  void add(std::uint64_t number) {
    char bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(static_cast<std::uint8_t>(number >> (8 * i)));
    bytes_.append(bytes, sizeof bytes);
  }
  void add(std::string_view text) {
    add(std::uint64_t{text.size()});
    bytes_.append(text);
  }
  void reserve(std::size_t size) { bytes_.reserve(size); }

  void clear() { bytes_.clear(); }

  std::string_view view() const { return bytes_; }
  std::string take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace mydht::ring
