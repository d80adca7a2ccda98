#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "common/result/types.h"
#include "common/ring/view.h"
#include "common/version/entry.h"

namespace mydht::wire {

/// Appends values to a string of bytes: little-endian integers, strings with their length in front. Cannot fail.
class Writer {
 public:
  template <class T>
  requires std::is_integral_v<T> Writer& number(T value) {
    auto bits = static_cast<std::uint64_t>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i, bits >>= 8) bytes_.push_back(static_cast<char>(bits & 0xff));
    return *this;
  }
  Writer& text(std::string_view value);
  Writer& digest(const Digest& value);
  Writer& version(const Version& value);
  Writer& entry(const Entry& value);
  Writer& name(const ring::VersionName& value);
  Writer& list(const ring::MemberList& value);
  Writer& view(const ring::ViewLists& value);

  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads what a Writer wrote, from bytes that anybody may have sent. After the first mistake everything reads as zero
/// or empty and ok() is false: callers read all fields, then ask once. Never reads beyond the bytes; allocates no more
/// than their length.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  requires std::is_integral_v<T> T number() {
    if (!has(sizeof(T))) return T{};
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      bits |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
    }
    rest_.remove_prefix(sizeof(T));
    return static_cast<T>(bits);
  }
  template <class T>
  void number(T& value) {
    value = number<T>();
  }
  /// A string of at most `most` bytes; a view into what is being read.
  std::string_view text(std::size_t most);
  Digest digest();
  Version version();
  Entry entry();
  ring::VersionName name();
  ring::MemberList list();
  /// 0 or 1 in a byte.
  bool flag();
  /// A bit a partition, or none.
  std::string partitionBits();
  /// Passes ring::canBeView if ok().
  ring::ViewLists view();
  /// A count of things that take at least `least` bytes each: more than fit into the rest is a mistake.
  std::size_t count(std::size_t least);

  void fail() {
    ok_ = false;
    rest_ = {};
  }
  bool ok() const { return ok_; }
  /// What has not been read yet.
  std::string_view rest() const { return rest_; }
  /// Whether everything was read, and right.
  bool whole() const { return ok_ && rest_.empty(); }

 private:
  bool has(std::size_t bytes);

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace mydht::wire
