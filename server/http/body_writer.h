#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "server/http/channel.h"
#include "server/task/body.h"

namespace mydht::http {

/// Bytes up to this are copied behind their head, so that one send takes both, and pipelined ones too.
inline constexpr std::size_t kCopiedBytes = 16 * 1024;

/// Sends one body behind its head: bytes as they are, a part of a file by the kernel once it is verified, a source
/// piece by piece as fast as the other end takes it. Owned by the task that sends; borrows the channel; its loop alone.
class BodyWriter {
 public:
  /// Waits for the body's own pieces until Settings::bodyStall, and never longer than `most`.
  BodyWriter(Channel& channel, Body body, Deadline most = Time::max());

  /// Its length, where that is known.
  std::optional<std::uint64_t> size() const { return size_; }
  /// Verifies or reads the first piece, so that an early failure can still become an honest error instead of the head.
  /// At most once, and not needed before send().
  Task<Result<>> prepare();
  /// Sends all of it, behind the channel's output, some of which may be left there at the end; `chunked`: in frames. An
  /// error: not whole, and the connection must look broken.
  Task<Result<>> send(bool chunked);

  /// Whether it was the connection that failed, not the body.
  bool connectionBroke() const { return connectionBroke_; }

 private:
  Task<Result<>> verifyPiece();
  Task<Result<>> readPiece();
  Task<Result<>> sendRegion();
  bool goElsewhere(const Error& error);
  Task<Result<>> sendPieces(bool chunked);
  Deadline pieceDeadline() const;
  Error broke();

  Channel& channel_;
  Body body_;
  const Deadline most_;
  std::optional<std::uint64_t> size_;
  Region region_;  ///< of a body that the kernel sends: what is not sent yet
  bool byKernel_;
  bool prepared_ = false;
  bool connectionBroke_ = false;
  Bytes piece_;  ///< of a source: what was read and not sent yet
};

/// Sends bytes that stand before a body, or puts them into the output if they are few: framed like the body. `follows`:
/// the body has bytes; without them the kernel would hold the last ones of the lead back, for 40 ms and more.
Task<bool> sendLead(Channel& channel, Bytes lead, bool chunked, bool follows);

}  // namespace mydht::http
