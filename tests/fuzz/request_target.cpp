// Fuzzes what a request's path and query say: a key that is taken is one that the rules allow and that spells the same
// path and the same parameter again; a name of a node is taken only with a port.

#include <cstdint>
#include <string>
#include <string_view>

#include "common/http/percent.h"
#include "common/protocol/consistency.h"
#include "common/protocol/key_rules.h"
#include "common/result/limits.h"
#include "server/runtime/connecting.h"

using namespace mydht;
using namespace mydht::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto allowed = [](const std::string& key) {
    return !key.empty() && key.size() <= limits::kKeyBytes && !key.starts_with("_mydht/");
  };
  if (const auto key = keyOfPath(text)) {
    MYDHT_ASSERT(allowed(*key));
    MYDHT_ASSERT(*keyOfPath("/" + http::encodePath(*key)) == *key);
  } else {
    MYDHT_ASSERT(key.error().kind == Kind::BadRequest);
  }
  if (const auto key = keyOfQuery(text)) {
    MYDHT_ASSERT(allowed(*key));
    MYDHT_ASSERT(*keyOfQuery("key=" + http::encodeQueryValue(*key)) == *key);
  }
  const auto consistency = consistencyOfQuery(text);
  if (consistency) MYDHT_ASSERT(*parseConsistency(consistencyText(*consistency)) == *consistency);
  const auto node = runtime::parseHostPort(std::string(text));
  if (node) MYDHT_ASSERT(!node->host.empty() && text.ends_with(std::to_string(node->port)));
  return 0;
}
