// Fuzzes lists of entity tags: a strong match is a weak one too, a tag that is added is found, and nothing matches no
// value.

#include "common/http/etag.h"

#include <cstdint>
#include <string>
#include <string_view>

using namespace mydht::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view list(reinterpret_cast<const char*>(data), size);
  const std::string_view tag = "\"abc\"";
  const TagMatch strong = ifMatch(list, tag);
  const TagMatch weak = ifNoneMatch(list, tag);
  MYDHT_ASSERT((strong == TagMatch::Malformed) == (weak == TagMatch::Malformed));
  MYDHT_ASSERT(strong != TagMatch::Matches || weak == TagMatch::Matches);
  MYDHT_ASSERT(ifMatch(list, std::nullopt) != TagMatch::Matches);
  if (strong == TagMatch::Malformed) return 0;
  const bool star = list.find('"') == std::string_view::npos;
  if (weak == TagMatch::Matches) MYDHT_ASSERT(star || list.find(tag) != std::string_view::npos);
  if (!star) {
    MYDHT_ASSERT(ifMatch(std::string(list) + ",\"abc\"", tag) == TagMatch::Matches);
    MYDHT_ASSERT(ifMatch("\"abc\"," + std::string(list), tag) == TagMatch::Matches);
  }
  return 0;
}
