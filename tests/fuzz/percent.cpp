// Fuzzes percent-decoding: what decodes, encodes and decodes to the same, and parameters are found where a plain search
// sees them.

#include "common/http/percent.h"

#include <cstdint>
#include <string>
#include <string_view>

using namespace mydht::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const mydht::Result<std::string> decoded = decodePercent(text);
  if (decoded) {
    MYDHT_ASSERT(decoded->size() <= text.size());
    MYDHT_ASSERT(*decodePercent(encodePath(*decoded)) == *decoded);
    MYDHT_ASSERT((text.find('%') == std::string_view::npos) == (decoded->size() == text.size()));
  }
  MYDHT_ASSERT(*decodePercent(encodePath(text)) == text);
  MYDHT_ASSERT(*queryValue("key=" + encodeQueryValue(text), "key") == text);
  const mydht::Result<std::optional<std::string>> value = queryValue(text, "key");
  if (value && value->has_value()) {
    MYDHT_ASSERT(text.find("key") != std::string_view::npos);
    MYDHT_ASSERT(!queryValue(std::string(text) + "&key", "key"));
  }
  return 0;
}
