// Fuzzes what says who asks: the value of Authorization, and the text of a secret file. What is read as a signature
// prints to the same text; it never matches but for the parts and the secret that it was made of.

#include "common/protocol/signature.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result/check.h"

using namespace mydht::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const SignedParts parts{"PUT", "/key", "localhost:50140", ""};
  if (const auto read = parseSignature(text)) {
    MYDHT_ASSERT(printSignature(*read) == text);
    MYDHT_ASSERT(!matches("a secret that no input knows", parts, *read));
  }
  const std::string_view secret = secretOf(text);
  MYDHT_ASSERT(text.find(secret) != std::string_view::npos && secret.find('\n') == std::string_view::npos);
  const std::string nonce(kNonceDigits, 'a');
  const Signature made = sign(text, parts, 1, nonce);
  MYDHT_ASSERT(matches(text, parts, made) && parseSignature(printSignature(made)) == made);
  MYDHT_ASSERT(!matches(text, SignedParts{"GET", "/key", "localhost:50140", ""}, made));
  return 0;
}
