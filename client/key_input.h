#pragma once

#include <optional>
#include <string>

#include "common/result/result.h"

namespace mydht::client {

/// The keys on standard input, one a line or each up to a NUL; empty ones are passed over. Never holds more than one
/// key and a buffer. Owned by main; one thread.
class KeyInput {
 public:
  explicit KeyInput(bool zeroEnds) : end_(zeroEnds ? '\0' : '\n') {}

  /// The next key, nothing at the end. Io if standard input cannot be read, TooLarge if it holds no keys.
  Result<std::optional<std::string>> next();

 private:
  Status readMore();

  char end_;
  std::string held_;
  std::size_t taken_ = 0;
  bool over_ = false;
};

}  // namespace mydht::client
