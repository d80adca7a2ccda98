#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "server/ports/transport.h"

/// How a call and its answer lie in an HTTP body: the message's length (4 bytes, little-endian), the message, the
/// streamed body to the end (docs/peer-protocol.md).
namespace mydht::peer {

/// Bodies up to this are read whole before the call is passed on, if they are known to be no longer: all inline values.
inline constexpr std::size_t kWholeBytes = 128 * 1024;

/// The length in front of a message.
class LengthPrefix {
 public:
  explicit LengthPrefix(std::size_t messageBytes);
  std::string_view text() const { return {bytes_.data(), bytes_.size()}; }
  static constexpr std::size_t kBytes = 4;

 private:
  std::array<char, kBytes> bytes_;
};

/// The length and the message as one piece.
Bytes leadOf(std::string_view message);

/// A call whose bytes are all here. BadRequest: the message is longer than what came, or than limits::kMessageBytes.
Result<Call> splitCall(const Bytes& whole);

/// Reads the message; the body is Bytes if it is known to be small, else what is left to be pulled. `size`: the length
/// of the whole, where known. BadRequest as in splitCall, and the source's errors.
Task<Result<Call>> readCall(std::unique_ptr<ByteSource> source, std::optional<std::uint64_t> size, Deadline deadline);

}  // namespace mydht::peer
