// The simulated network as a subject of the transport's contract test: what the simulation proves of the cluster holds
// for the server only as far as both transports keep the same promises.
#include "tests/support/simulation/sim_network.h"
#include "tests/unit/server/peer/transport_subject.h"

namespace mydht {
namespace {

using namespace simulation;

class FunctionPeer final : public PeerHandler {
 public:
  Task<Result<Call>> handle(Call request, Deadline deadline) override { return answer(std::move(request), deadline); }
  TransportSubject::Answer answer;
};

class SimWorld final : public TransportSubject {
 public:
  SimWorld()
      : network_(time_, 5),
        here_(time_),
        there_(time_),
        caller_(network_, "here", here_),
        callee_(network_, "there", there_) {
    callee_.serve(peer_);
    network_.cut("here", "silent");
  }
  ~SimWorld() override {
    time_.run(here_, caller_.stop());
    caller_.die();
    callee_.die();
    time_.run(here_, caller_.drained());
    time_.run(there_, callee_.drained());
    time_.runUntilIdle();
  }

  void answerWith(Answer answer) override { peer_.answer = std::move(answer); }
  Transport& transport() override { return caller_; }
  PeerAddress address() override { return {std::nullopt, "there"}; }
  PeerAddress deadAddress() override { return {std::nullopt, "nowhere"}; }
  PeerAddress silentAddress() override { return {std::nullopt, "silent"}; }
  void run(std::function<Task<>()> make) override { time_.run(here_, make()); }

 private:
  SimTime time_;
  SimNetwork network_;
  SimExecutor here_;
  SimExecutor there_;
  FunctionPeer peer_;
  SimEndpoint caller_;
  SimEndpoint callee_;
};

}  // namespace

std::unique_ptr<TransportSubject> simTransport() {
  return std::make_unique<SimWorld>();
}

}  // namespace mydht
