#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "common/result/result.h"
#include "common/result/types.h"

namespace mydht::client {

/// The body of a request, read piece by piece and never held whole. Owned by a command, lent to Nodes for one request;
/// one thread.
class BodySource {
 public:
  virtual ~BodySource() = default;

  /// How many bytes there will be; nothing if only the end will tell.
  virtual std::optional<std::uint64_t> size() const = 0;
  /// The SHA-256 of all of it; nothing if it can be read only once.
  virtual std::optional<Digest> digest() const = 0;
  /// The next bytes, 0 of them at the end.
  virtual Result<std::size_t> read(std::span<char> into) = 0;
  /// Begins anew. False if that cannot be done any more.
  virtual bool rewind() = 0;
};

/// A body that is a text.
std::unique_ptr<BodySource> textBody(std::string text);

/// A body that is a file, or standard input if it is called "-". A regular file is read once here for its digest. Io
/// if it cannot be opened or read.
Result<std::unique_ptr<BodySource>> fileBody(const std::string& name);

}  // namespace mydht::client
