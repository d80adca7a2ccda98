#include "common/hash/sha256.h"

#include <openssl/evp.h>

#include "common/result/check.h"

namespace mydht {

namespace {

/// The algorithm, looked up once: fetching it by name for each digest costs more than hashing a small value does.
/// Never freed, since digests may still be made while the process ends.
const EVP_MD* fetchedSha256() {
  static const EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  MYDHT_ASSERT(kAlgorithm != nullptr);
  return kAlgorithm;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

/// OpenSSL's context, which serves one computation after another.
struct Sha256::Context {
  std::unique_ptr<EVP_MD_CTX, FreeContext> evp{EVP_MD_CTX_new()};

  Context() {
    MYDHT_ASSERT(evp != nullptr);
    begin();
  }
  void begin() { MYDHT_ASSERT(EVP_DigestInit_ex2(evp.get(), fetchedSha256(), nullptr) == 1); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::string_view piece) {
  MYDHT_ASSERT(context_ != nullptr);
  MYDHT_ASSERT(EVP_DigestUpdate(context_->evp.get(), piece.data(), piece.size()) == 1);
}

Digest Sha256::finish() {
  MYDHT_ASSERT(context_ != nullptr);
  Digest digest{};
  unsigned written = 0;
  MYDHT_ASSERT(EVP_DigestFinal_ex(context_->evp.get(), digest.data(), &written) == 1);
  MYDHT_ASSERT(written == digest.size());
  context_->begin();
  return digest;
}

Digest sha256Of(std::string_view bytes) {
  Sha256 sha;
  sha.update(bytes);
  return sha.finish();
}

std::string hexOf(const Digest& digest) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * digest.size());
  for (const std::uint8_t byte : digest) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

}  // namespace mydht
