// Fuzzes the messages between nodes: what is taken for a request or an answer is written again to the same bytes, so
// that every message has exactly one form, and everything else is refused without harm.

#include <cstdint>
#include <string_view>

#include "server/wire/envelope.h"
#include "server/wire/gossip.h"
#include "server/wire/hints.h"
#include "server/wire/probe.h"
#include "server/wire/settling.h"

using namespace mydht;
using namespace mydht::wire;

namespace {

template <class M>
void check(std::string_view payload) {
  const auto message = readPayload<M>(payload);
  if (message) MYDHT_ASSERT(payloadOf(*message) == payload);
}

template <class... M>
void checkAsked(MessageType type, std::string_view payload) {
  ((type == M::kType ? check<M>(payload) : void()), ...);
}

template <class... M>
void checkAnswers(std::string_view payload) {
  (check<typename M::Answer>(payload), ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto request = unpackRequest(bytes)) {
    MYDHT_ASSERT(packRequest(request->from, request->to, request->type, request->payload).view() == bytes);
    MYDHT_ASSERT(typeOfRequest(bytes) == request->type);
    checkAsked<Hello, GetView, Adopt, Propose, Filled, Join, Gossip, Vote, Offer, Stage, Publish, Discard, FetchStaged,
               FetchBody, FillPage, Repair, CompareTrees, EntryHeads, Holds, Action, ListKeys, Standing, Leave, Close,
               Settle, Hint, Probe>(request->type, request->payload);
  }
  if (const auto answer = unpackAnswer(bytes)) {
    const Bytes again = answer->error ? packError(answer->from, *answer->error, answer->payload)
                                      : packAnswer(answer->from, answer->payload);
    MYDHT_ASSERT(again.view() == bytes);
    checkAnswers<Hello, GetView, Propose, Gossip, Vote, Offer, Stage, FetchBody, FillPage, CompareTrees, EntryHeads,
                 Holds, Action, ListKeys, Standing, Close, Probe>(answer->payload);
  }
  return 0;
}
