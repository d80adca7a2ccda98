#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <variant>

#include "common/result/result.h"
#include "server/task/bytes.h"
#include "server/task/task.h"

namespace mydht {

/// Bytes on their way: pulled, so that back-pressure is "nobody asks". A socket's body, a blob, a branch of a stream.
/// Owned by the one who pulls, on one executor. Destroying it before its end tells the producer that nobody wants more.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// How many bytes there will be in all, where that is known beforehand.
  virtual std::optional<std::uint64_t> size() const = 0;
  /// The next piece, at most limits::kChunkBytes. Empty = whole and over. An error = broken off, never "over".
  virtual Task<Result<Bytes>> next(Deadline deadline) = 0;
};

/// One immutable large value at rest. Shared by everyone who reads it; any thread.
class Blob {
 public:
  virtual ~Blob() = default;
  virtual std::uint64_t size() const = 0;
  /// Bytes from offset on, at most `most`, checked against their chunks' checksums. Corrupt when they do not match.
  virtual Task<Result<Bytes>> read(std::uint64_t offset, std::size_t most, Deadline deadline) const = 0;
  /// Checks the chunks that cover this range, before they are sent from file() by the kernel.
  virtual Task<Result<>> verify(std::uint64_t offset, std::uint64_t length, Deadline deadline) const = 0;
  /// A file descriptor for sendfile whose byte 0 is the value's byte 0; -1 where there is none: then read().
  virtual int file() const noexcept { return -1; }
  /// The same bytes from somewhere else, for who finds that they cannot be read here; null: there is nowhere else.
  virtual std::unique_ptr<ByteSource> elsewhere(std::uint64_t offset, std::uint64_t length) const;
};

/// A part of a blob.
struct Region {
  std::shared_ptr<const Blob> blob;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// What a message or an answer carries. The writer of server/http is the one place that looks which it is.
using Body = std::variant<Bytes, Region, std::unique_ptr<ByteSource>>;

/// How many bytes a body has, where that is known.
std::optional<std::uint64_t> bodySize(const Body& body);

/// Whether what failed so may go on from elsewhere: damaged bytes, or a disk that cannot read them.
bool isUnreadable(const Error& error);

/// Any body as a source to pull from.
std::unique_ptr<ByteSource> sourceOf(Body body);

/// Pulls a body to its end into memory; TooLarge when it has more than `most` bytes.
Task<Result<Bytes>> collect(Body body, std::size_t most, Deadline deadline);

}  // namespace mydht
