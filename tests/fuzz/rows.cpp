// Fuzzes the rows on a node's disk: a row that is taken is written again to the same bytes under the same name, and
// everything else is Corrupt. The first byte of the input says how many of the next ones are the row's name.

#include "server/store/rows.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "server/store/node_state.h"

using namespace mydht;
using namespace mydht::store;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view name = bytes.substr(0, std::min<std::size_t>(data[0], bytes.size()));
  const std::string_view content = bytes.substr(name.size());
  const auto entry = decodeEntryRow(name, content);
  if (entry) {
    MYDHT_ASSERT(entryRowName((*entry)->entry.key) == name);
    MYDHT_ASSERT(encodeEntryRow(**entry).view() == content);
  } else {
    MYDHT_ASSERT(entry.error().kind == Kind::Corrupt);
  }
  const auto listed = decodeListRow(name, content);
  if (listed) {
    MYDHT_ASSERT(name.substr(1) == listed->key);
    MYDHT_ASSERT(encodeListRow(*listed).view() == content);
  }
  const auto partition = decodePartitionRow(content);
  if (partition) MYDHT_ASSERT(encodePartitionRow(*partition).view() == content);
  const auto identity = decodeIdentity(content);
  if (identity) MYDHT_ASSERT(encodeIdentity(*identity).view() == content);
  return 0;
}
