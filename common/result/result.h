#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "common/result/check.h"

namespace mydht {

/// The closed set of ways in which an operation can fail. One function turns a kind into an HTTP status
/// (common/protocol).
enum class Kind {
  NotFound,      ///< no such key, node or thing
  Conflict,      ///< a precondition did not hold, or another change is under way
  NotDone,       ///< a write was refused and nothing was changed anywhere
  Unknown,       ///< a write may have taken effect on some nodes and may appear later
  OlderRing,     ///< the asker's view of the ring is older than what the asked node knows
  TooLarge,      ///< beyond a limit of the system
  BadRequest,    ///< what was sent makes no sense
  Unauthorized,  ///< the secret is missing or wrong
  Forbidden,     ///< known who asks, and not allowed
  Unavailable,   ///< cannot be reached or cannot say right now; another try may succeed
  Corrupt,       ///< bytes that should be there are not what they were
  Io,            ///< a disk or a socket failed
  NoSpace,       ///< the disk is full
  Stopped,       ///< this part is shutting down
};

/// The name of a kind as it stands in log lines and messages between nodes, for example "not-done".
std::string_view kindName(Kind kind);

/// Why something failed: a kind to act on and a text for a person.
struct Error {
  Kind kind;
  std::string text;

  /// The same error with what was being done in front: `open value file 3f..: no space left`.
  Error within(std::string_view doing) const { return {kind, std::string(doing) + ": " + text}; }
};

/// A value, or why there is none. Expected outcomes are values; exceptions stay at the borders to libraries.
template <class T = void>
class [[nodiscard]] Result {
 public:
  Result(T value) : is_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit, so that `return value;` reads
  Result(Error error) : is_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: as above

  explicit operator bool() const { return is_.index() == 0; }
  bool ok() const { return is_.index() == 0; }

  T& value() & {
    MYDHT_ASSERT(ok());
    return std::get<0>(is_);
  }
  const T& value() const& {
    MYDHT_ASSERT(ok());
    return std::get<0>(is_);
  }
  T&& value() && {
    MYDHT_ASSERT(ok());
    return std::get<0>(std::move(is_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    MYDHT_ASSERT(!ok());
    return std::get<1>(is_);
  }

 private:
  std::variant<T, Error> is_;
};

/// Done, or why not.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit, so that `return Error{...};` reads

  explicit operator bool() const { return !error_; }
  bool ok() const { return !error_; }
  const Error& error() const {
    MYDHT_ASSERT(error_.has_value());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace mydht
