// Fuzzes the rows of what a node remembers of itself and of its ring: what is read prints to bytes that read the same,
// and nothing else happens. (That a row which cannot be read stops the node is loadNodeState's; this is what it calls.)

#include "server/store/node_state.h"

#include <cstdint>
#include <string_view>

#include "common/result/check.h"

using namespace mydht;
using namespace mydht::store;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto state = decodeRingState(bytes)) {
    const Bytes printed = encodeRingState(*state);
    const auto again = decodeRingState(printed.view());
    MYDHT_ASSERT(again && encodeRingState(*again) == printed);
    MYDHT_ASSERT(again->filled == state->filled && again->hostPort == state->hostPort);
  }
  if (const auto peer = decodePeerState(bytes)) MYDHT_ASSERT(encodePeerState(*peer).view() == bytes);
  if (const auto identity = decodeIdentity(bytes)) MYDHT_ASSERT(encodeIdentity(*identity).view() == bytes);
  return 0;
}
