#pragma once

#include <functional>
#include <memory>

#include "server/ports/transport.h"

namespace mydht {

/// One implementation of the transport port under the contract test: a node that calls, a node that answers, and the
/// network between them. Used by the test's thread alone.
class TransportSubject {
 public:
  /// What the answering node does with a call. Kept by the subject, so that lambdas with captures may be coroutines.
  using Answer = std::function<Task<Result<Call>>(Call, Deadline)>;

  virtual ~TransportSubject() = default;
  /// Says how calls are answered from now on. Before the first call, or while none is under way.
  virtual void answerWith(Answer answer) = 0;
  virtual Transport& transport() = 0;
  /// Of the node that answers.
  virtual PeerAddress address() = 0;
  /// Where surely nobody is.
  virtual PeerAddress deadAddress() = 0;
  /// Where messages arrive and nobody answers.
  virtual PeerAddress silentAddress() = 0;
  /// Runs a task on the calling node's executor to its end.
  virtual void run(std::function<Task<>()> make) = 0;
};

using MakeTransportSubject = std::unique_ptr<TransportSubject> (*)();

/// HTTP over loopback between two event loops.
std::unique_ptr<TransportSubject> httpTransport();
/// The same with a secret.
std::unique_ptr<TransportSubject> signedHttpTransport();
/// The simulation's network, in virtual time.
std::unique_ptr<TransportSubject> simTransport();

}  // namespace mydht
