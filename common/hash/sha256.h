#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/result/types.h"

namespace mydht {

/// SHA-256 (FIPS 180-4) of bytes that come piece by piece, by OpenSSL. One thread at a time.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  void update(std::string_view piece);
  /// The digest of all pieces so far. Ends this computation; a new one begins with the next update.
  Digest finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// The digest of bytes that are all here.
Digest sha256Of(std::string_view bytes);

/// Lower-case hexadecimal, 64 characters.
std::string hexOf(const Digest& digest);

}  // namespace mydht
