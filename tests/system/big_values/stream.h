#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace mydht {

/// Bytes of a value that is never held whole: each place's byte follows from the place and a seed.
void fillPattern(std::uint64_t seed, std::uint64_t offset, char* to, std::size_t bytes);

/// The end of one upload or download.
struct Streamed {
  int status = 0;           ///< 0: no answer came
  std::uint64_t bytes = 0;  ///< of the body: sent, or received and right
  bool right = true;        ///< what was received is what the value has there
  bool whole = false;       ///< the body ended as its length said
  std::string text;         ///< the body of an answer that is no value
};

/// Puts a value of the pattern. `before` is asked before each piece of 256 KiB with what was sent so far: false breaks
/// the connection off, and it may take its time.
Streamed putPattern(std::uint16_t port, const std::string& target, std::uint64_t seed, std::uint64_t size,
                    const std::function<bool(std::uint64_t)>& before = {});
/// Gets bytes from `first` on, so many, and compares them; `before` as above, with what was received.
Streamed getPattern(std::uint16_t port, const std::string& target, std::uint64_t seed, std::uint64_t first,
                    std::uint64_t bytes, const std::function<bool(std::uint64_t)>& before = {});

}  // namespace mydht
