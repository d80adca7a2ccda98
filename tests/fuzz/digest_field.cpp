// Fuzzes Repr-Digest and base64: there is exactly one text for some bytes, and a digest that is read is printed as the
// same.

#include "common/http/digest_field.h"

#include <cstdint>
#include <string>
#include <string_view>

using namespace mydht::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::optional<std::string> bytes = decodeBase64(text);
  if (bytes) MYDHT_ASSERT(encodeBase64(*bytes) == text);
  MYDHT_ASSERT(decodeBase64(encodeBase64(text)) == text);
  const mydht::Result<std::optional<mydht::Digest>> digest = parseReprDigest(text);
  if (digest && digest->has_value()) {
    const std::string printed = reprDigest(**digest);
    MYDHT_ASSERT(text.find(printed) != std::string_view::npos);
    MYDHT_ASSERT(*parseReprDigest(printed) == *digest);
  }
  return 0;
}
