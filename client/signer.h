#pragma once

#include <string>
#include <string_view>

#include "common/protocol/signature.h"
#include "common/result/result.h"

namespace mydht::client {

/// Proves with each request that the user knows the ring's secret, which itself never travels. A value; any thread.
class Signer {
 public:
  /// Reads the secret from a file's first line. Io if it cannot be read or there is none.
  static Result<Signer> fromFile(const std::string& name);

  explicit Signer(std::string secret) : secret_(std::move(secret)) {}

  /// The value of Authorization for a request, with the time of now and a fresh nonce.
  std::string authorization(const protocol::SignedParts& parts) const;

 private:
  std::string secret_;
};

}  // namespace mydht::client
