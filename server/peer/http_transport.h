#pragma once

#include <memory>
#include <vector>

#include "server/peer/loop_part.h"
#include "server/peer/settings.h"
#include "server/ports/transport.h"

namespace mydht::peer {

/// Calls to other nodes as HTTP/1.1 requests `POST /_mydht/peer` to the one port that clients use too. Each event loop
/// has its own connections, kept for further calls; names are looked up on the blocking pool. If the ring has a secret,
/// every request is signed: method, path, time, nonce and the message; the body is bound by the digests inside
/// messages. Owned by node, borrows the loops and its World. Calls are made on those loops.
class HttpTransport final : public Transport {
 public:
  HttpTransport(const std::vector<runtime::EventLoop*>& loops, const World& world, Settings settings = {});
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;

  Task<Result<Call>> call(PeerAddress to, Call request, Deadline deadline) override;

  /// Breaks off what is under way, answers' bodies too, and refuses later calls. Returns when every call has returned
  /// and every answer's body was destroyed. To be awaited before it is destroyed.
  Task<> stop() override;

 private:
  const Settings settings_;
  std::vector<std::unique_ptr<LoopPart>> parts_;
};

}  // namespace mydht::peer
