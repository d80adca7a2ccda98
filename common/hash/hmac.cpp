#include "common/hash/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/result/check.h"

namespace mydht {

Digest hmacSha256(std::string_view key, std::string_view bytes) {
  Digest mac{};
  unsigned int length = 0;
  // HMAC() refuses a null key, which an empty string_view may hold.
  const char* keyBytes = key.empty() ? "" : key.data();
  const auto* input = reinterpret_cast<const unsigned char*>(bytes.data());
  const unsigned char* made =
      HMAC(EVP_sha256(), keyBytes, static_cast<int>(key.size()), input, bytes.size(), mac.data(), &length);
  MYDHT_ASSERT(made != nullptr && length == mac.size());
  return mac;
}

bool equalInConstantTime(const Digest& a, const Digest& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace mydht
