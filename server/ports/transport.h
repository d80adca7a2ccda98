#pragma once

#include <optional>
#include <string>

#include "common/result/types.h"
#include "server/task/body.h"

namespace mydht {

/// A message to a node or its answer: the bytes of server/wire, at most limits::kMessageBytes, and a streamed body.
struct Call {
  Bytes message;
  Body body;
};

/// Where to call. Without a node: whoever answers there (a seed, a joiner called back).
struct PeerAddress {
  std::optional<NodeId> node;
  std::string hostPort;
};

/// The node's own end of other nodes' calls. The body may still be arriving while it runs; what it leaves unread is
/// thrown away by the transport. Runs on the loop that the call came in on.
class PeerHandler {
 public:
  virtual Task<Result<Call>> handle(Call request, Deadline deadline) = 0;

 protected:
  ~PeerHandler() = default;
};

/// Calls to other nodes. Returns by the deadline. Returns with the answer as soon as its message is here, even before
/// the request's body was taken (an early refusal stops it); destroying the answer's body cancels the rest. The
/// answer's message never comes from another call. A failed call says NotDone if it was not made, because too many to
/// that node are under way already, which is no word of the node; Unavailable if it surely never reached it, else
/// Unknown. Callable on every loop; the task stays on the caller's loop.
class Transport {
 public:
  /// A call that was answered with a refusal does not arrive once more: what was refused has surely no effect.
  virtual Task<Result<Call>> call(PeerAddress to, Call request, Deadline deadline) = 0;
  /// Breaks off what is under way, answers' bodies too, and refuses later calls. Returns when every call has returned
  /// and every answer's body was destroyed. More than once does no harm.
  virtual Task<> stop() = 0;

 protected:
  ~Transport() = default;
};

}  // namespace mydht
