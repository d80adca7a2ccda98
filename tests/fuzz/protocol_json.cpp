// Fuzzes the JSON of the HTTP interface: hostile text never throws, and what is read, printed and read again is the
// same but for bytes that are not UTF-8.

#include <cstdint>
#include <string_view>

#include "common/protocol/action_shape.h"
#include "common/protocol/problem.h"
#include "common/protocol/shapes.h"

using namespace mydht::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto status = ringStatusFromJson(text)) {
    const auto again = ringStatusFromJson(toJson(*status));
    MYDHT_ASSERT(again && again->firstKeys == status->firstKeys && again->ringIdentity == status->ringIdentity);
    MYDHT_ASSERT(toJson(*again) == toJson(*status));
  }
  if (const auto where = whereIsFromJson(text)) MYDHT_ASSERT(whereIsFromJson(toJson(*where))->key == where->key);
  if (const auto has = hasKeyFromJson(text)) MYDHT_ASSERT(hasKeyFromJson(toJson(*has))->key == has->key);
  if (const auto listing = listingFromJson(text)) {
    const auto again = listingFromJson(toJson(*listing));
    MYDHT_ASSERT(again && again->keys.size() == listing->keys.size() && again->next == listing->next);
  }
  if (const auto action = ringActionFromJson(text)) MYDHT_ASSERT(ringActionFromJson(toJson(*action)).ok());
  if (const auto action = actionStatusFromJson(text)) {
    const auto again = actionStatusFromJson(toJson(*action));
    MYDHT_ASSERT(again && toJson(*again) == toJson(*action));
  }
  if (const auto problem = problemFromJson(text))
    MYDHT_ASSERT(problemFromJson(toJson(*problem))->status == problem->status);
  return 0;
}
