#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/result/check.h"
#include "common/result/limits.h"

namespace mydht::http {

/// More headers than this are refused: browsers send some twenty, and finding one must stay a short walk.
inline constexpr std::size_t kMostHeaders = 100;

/// One header line, without the blanks around its value.
struct Header {
  std::string_view name;
  std::string_view value;
};

/// The header lines of one head in their order, as places in the head's bytes: 8 bytes each, nothing allocated. A plain
/// value; it borrows the head's bytes, which must stay where they are. One thread at a time.
class Headers {
 public:
  Headers() {}  // NOLINT: leaves the slots as they are, filling 800 bytes costs as much as parsing a short request

  std::size_t size() const { return count_; }
  bool full() const { return count_ == kMostHeaders; }
  Header operator[](std::size_t index) const;

  /// The value of the first header of that name, whatever the case of its letters.
  std::optional<std::string_view> find(std::string_view name) const;
  /// How many headers have that name.
  std::size_t count(std::string_view name) const;

  /// Begins anew, on other bytes. Heads are at most limits::kHeadBytes long, so that a place fits 16 bits.
  void begin(const char* base) {
    base_ = base;
    count_ = 0;
  }
  /// Adds a header. Both lie within limits::kHeadBytes from the base, and it is not full.
  void add(std::string_view name, std::string_view value) {
    MYDHT_ASSERT(!full());
    slots_[count_++] = {placeOf(name.data()), static_cast<std::uint16_t>(name.size()), placeOf(value.data()),
                        static_cast<std::uint16_t>(value.size())};
  }

 private:
  static_assert(limits::kHeadBytes <= 65535);
  struct Slot {
    std::uint16_t nameAt, nameBytes, valueAt, valueBytes;
  };

  std::uint16_t placeOf(const char* at) const { return static_cast<std::uint16_t>(at - base_); }

  const char* base_ = nullptr;
  std::size_t count_ = 0;
  std::array<Slot, kMostHeaders> slots_;
};

/// Whether two texts are equal but for the case of ASCII letters.
bool equalsIgnoringCase(std::string_view a, std::string_view b);

/// Whether a comma-separated list has that element, whatever the case of its letters ("keep-alive, Upgrade").
bool listContains(std::string_view list, std::string_view element);

}  // namespace mydht::http
