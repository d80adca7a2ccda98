#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/ports/transport.h"
#include "server/task/gate.h"
#include "server/wire/envelope.h"
#include "tests/support/simulation/sim_executor.h"
#include "tests/support/simulation/sim_random.h"

namespace mydht::simulation {

/// How a simulated network treats messages when nobody interferes. Chances are of a million.
struct NetworkOptions {
  Duration delayLeast = std::chrono::microseconds(100);
  Duration delayMost = std::chrono::milliseconds(5);  ///< so messages overtake one another
  unsigned loss = 0;
  unsigned duplicate = 0;  ///< a request is delivered a second time; a write only if it was taken, and later
  unsigned stall = 0;      ///< a message is delayed by up to stallMost
  Duration stallMost = std::chrono::seconds(4);
};

/// A message on its way, as rules and observers see it.
struct SimMessage {
  std::string from;
  std::string to;
  wire::MessageType type = wire::MessageType::Hello;
  bool isAnswer = false;
  std::string_view request;  ///< the request's bytes
  std::string_view answer;   ///< the answer's bytes, of an answer
};

enum class Verdict {
  Deliver,
  Drop,
  Hold,  ///< until releaseHeld()
};

class SimEndpoint;

/// The network of a simulation: carries calls between endpoints in virtual time, with delay, loss, duplication and
/// reordering from the seed, cuts between pairs, and rules for single kinds of messages. Bodies are piped piece by
/// piece. Owned by the simulation, outlives its endpoints; one thread.
class SimNetwork {
 public:
  SimNetwork(SimTime& time, std::uint64_t seed) : time_(time), random_(seed) {}
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;

  NetworkOptions options;
  /// Asked for every message and answer; empty = deliver all.
  std::function<Verdict(const SimMessage&)> rule;
  /// Told of every answer that a handler gave, whether or not it arrives.
  std::function<void(const SimMessage&)> observer;

  /// Nothing goes from one to the other any more, in that direction.
  void cut(const std::string& from, const std::string& to) { cuts_.insert({from, to}); }
  void heal() { cuts_.clear(); }
  void releaseHeld();

  std::uint64_t messages() const { return messages_; }
  std::uint64_t lost() const { return lost_; }

 private:
  friend class SimEndpoint;
  friend class SimPipe;
  struct Exchange;

  void send(std::shared_ptr<Exchange> exchange);
  void deliver(std::shared_ptr<Exchange> exchange, Call request, bool wanted);
  void deliverAgain(std::shared_ptr<Exchange> exchange, std::shared_ptr<Call> request);
  void answer(std::shared_ptr<Exchange> exchange, Result<Call> answer, bool wanted);
  void carry(const SimMessage& message, std::function<void()> arrive);
  Duration delay();

  SimTime& time_;
  SimRandom random_;
  std::map<std::string, SimEndpoint*> endpoints_;
  std::set<std::pair<std::string, std::string>> cuts_;
  std::vector<std::function<void()>> held_;
  std::uint64_t messages_ = 0;
  std::uint64_t nextNumber_ = 1;  // of calls and pipes
  std::uint64_t lost_ = 0;
};

/// One incarnation of a node on the network: its transport, and where calls to it arrive. Owned by the simulated node;
/// die() ends it at once, as a killed process ends: what it had under way fails, what comes later finds nobody.
class SimEndpoint final : public Transport {
 public:
  SimEndpoint(SimNetwork& network, std::string hostPort, SimExecutor& executor);
  SimEndpoint(const SimEndpoint&) = delete;
  SimEndpoint& operator=(const SimEndpoint&) = delete;
  ~SimEndpoint();

  /// Whoever answers calls to this address from now on.
  void serve(PeerHandler& handler) { handler_ = &handler; }
  Task<Result<Call>> call(PeerAddress to, Call request, Deadline deadline) override;

  Task<> stop() override;
  void die();
  bool alive() const { return alive_; }
  /// Waits until nothing runs here any more; after die(), or once nobody calls.
  Task<> drained();
  const std::string& hostPort() const { return hostPort_; }
  /// Calls from here that have no answer yet, and what is being answered here.
  std::size_t underWay() const { return calls_.size() + gate_.running(); }

 private:
  friend class SimNetwork;
  Task<> answerCall(std::shared_ptr<SimNetwork::Exchange> exchange, Call request, bool wanted);

  SimNetwork& network_;
  const std::string hostPort_;
  SimExecutor& executor_;
  PeerHandler* handler_ = nullptr;
  bool alive_ = true;
  bool calling_ = true;  // false once stopped: no call goes out any more
  // In the order of their numbers, never of their addresses: a seed must replay.
  std::map<std::uint64_t, SimNetwork::Exchange*> calls_;  // under way from here
  std::map<std::uint64_t, class SimPipe*> pipes_;         // that begin or end here
  Gate gate_;

  friend class SimPipe;
};

}  // namespace mydht::simulation
