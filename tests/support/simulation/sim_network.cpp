#include "tests/support/simulation/sim_network.h"

#include <algorithm>

#include "tests/support/simulation/sim_pipe.h"

namespace mydht::simulation {
namespace {

// As of the server's own transport (server/peer): a stream's deadline is a day away, and nobody waits that long for a
// node of which nothing is heard.
constexpr Duration kSilentStream = std::chrono::minutes(1);

}  // namespace

/// One call from its start to its answer; shared by the caller and everything that is on its way.
struct SimNetwork::Exchange {
  Exchange(SimEndpoint& endpoint, std::string toAddress)
      : from(&endpoint), caller(endpoint.hostPort()), to(std::move(toAddress)), done(endpoint.executor_) {}
  SimEndpoint* from;  // null once the caller is gone
  std::string caller;
  std::string to;
  Bytes message;
  Call request;
  wire::MessageType type = wire::MessageType::Hello;
  Deadline deadline;
  bool streams = false;
  Time movedAt{};  // a stream: when the last piece was taken for the far end
  bool over = false;
  std::shared_ptr<Call> again;  // to be delivered once more when the far end has taken it
  Result<Call> result = Error{Kind::Unknown, "no answer in time"};
  Signal done;

  void finish(Result<Call> with) {
    if (over) return;
    over = true;
    result = std::move(with);
    done.notifyAll();
  }
  Deadline answerBy() const { return streams ? std::min(deadline, movedAt + kSilentStream) : deadline; }
  SimMessage described(bool isAnswer, std::string_view answer) const {
    return {isAnswer ? to : caller, isAnswer ? caller : to, type, isAnswer, message.view(), answer};
  }
};

Duration SimNetwork::delay() {
  if (random_.chance(options.stall)) return random_.between(options.delayMost, options.stallMost);
  return random_.between(options.delayLeast, options.delayMost);
}

void SimNetwork::carry(const SimMessage& message, std::function<void()> arrive) {
  ++messages_;
  const Verdict verdict = rule ? rule(message) : Verdict::Deliver;
  if (verdict == Verdict::Hold) {
    held_.push_back(std::move(arrive));
    return;
  }
  if (verdict == Verdict::Drop || cuts_.contains({message.from, message.to}) || random_.chance(options.loss)) {
    ++lost_;
    return;
  }
  time_.callAt(time_.now() + delay(), std::move(arrive));
}

void SimNetwork::releaseHeld() {
  for (auto& arrive : std::exchange(held_, {})) time_.callAt(time_.now() + options.delayLeast, std::move(arrive));
}

void SimNetwork::send(std::shared_ptr<Exchange> exchange) {
  const bool small = std::holds_alternative<Bytes>(exchange->request.body);
  if (small && random_.chance(options.duplicate)) {
    Call copy{exchange->message, std::get<Bytes>(exchange->request.body)};
    auto request = std::make_shared<Call>(std::move(copy));
    // Who offers counts on it that what was refused does not come once more (server/ports/transport.h).
    const bool isWrite = exchange->type == wire::MessageType::Offer || exchange->type == wire::MessageType::Publish;
    if (isWrite) {
      exchange->again = std::move(request);
    } else {
      deliverAgain(exchange, std::move(request));
    }
  }
  carry(exchange->described(false, {}), [this, exchange] { deliver(exchange, std::move(exchange->request), true); });
}

/// Nobody waits for what is answered to a second delivery.
void SimNetwork::deliverAgain(std::shared_ptr<Exchange> exchange, std::shared_ptr<Call> request) {
  if (!request) return;
  carry(exchange->described(false, {}), [this, exchange, request] {
    deliver(exchange, {request->message, std::get<Bytes>(request->body)}, false);
  });
}

void SimNetwork::deliver(std::shared_ptr<Exchange> exchange, Call request, bool wanted) {
  const auto at = endpoints_.find(exchange->to);
  if (at == endpoints_.end() || !at->second->alive_ || at->second->handler_ == nullptr) {
    if (!wanted) return;
    time_.callAt(time_.now() + options.delayLeast, [exchange] {
      exchange->finish(Error{Kind::Unavailable, "connection refused"});
    });
    return;
  }
  SimEndpoint& target = *at->second;
  if (!std::holds_alternative<Bytes>(request.body)) {
    if (exchange->from == nullptr) return;
    // The caller cannot end its request then, as over HTTP: the connection goes, and with it the answer.
    SimPipe::Source source{std::move(request.body)};
    source.whenBroken = [exchange] { exchange->finish(Error{Kind::Unknown, "the request's body broke off"}); };
    source.whenMoved = [exchange, this] { exchange->movedAt = time_.now(); };
    request.body = SimPipe::lay(*exchange->from, target, std::move(source));
  }
  target.gate_.spawn(target.answerCall(std::move(exchange), std::move(request), wanted));
}

void SimNetwork::answer(std::shared_ptr<Exchange> exchange, Result<Call> answer, bool wanted) {
  if (observer && answer) observer(exchange->described(true, answer->message.view()));
  if (!wanted) return;
  const Bytes message = answer ? answer->message : Bytes();
  const auto said = wire::unpackAnswer(message.view());
  if (said && !said->error) deliverAgain(exchange, std::exchange(exchange->again, nullptr));
  const auto result = std::make_shared<Result<Call>>(std::move(answer));
  const auto from = endpoints_.find(exchange->to);
  SimEndpoint* const responder = from == endpoints_.end() ? nullptr : from->second;
  carry(exchange->described(true, message.view()), [exchange, result, responder, this] {
    if (exchange->over || exchange->from == nullptr) return;
    if (*result && !std::holds_alternative<Bytes>((*result)->body)) {
      const auto still = endpoints_.find(exchange->to);
      if (still == endpoints_.end() || still->second != responder || !responder->alive_) {
        exchange->finish(Error{Kind::Unknown, "the connection was cut"});
        return;
      }
      (*result)->body = SimPipe::lay(*responder, *exchange->from, {std::move((*result)->body)});
    }
    exchange->finish(std::move(*result));
  });
}

SimEndpoint::SimEndpoint(SimNetwork& network, std::string hostPort, SimExecutor& executor)
    : network_(network), hostPort_(std::move(hostPort)), executor_(executor), gate_(executor) {
  network_.endpoints_[hostPort_] = this;
}

SimEndpoint::~SimEndpoint() {
  MYDHT_ASSERT(calls_.empty());
  const auto at = network_.endpoints_.find(hostPort_);
  if (at != network_.endpoints_.end() && at->second == this) network_.endpoints_.erase(at);
}

void SimEndpoint::die() {
  alive_ = false;
  for (const auto& [number, exchange] : calls_) exchange->finish(Error{Kind::Stopped, "this node was killed"});
  for (const auto& [number, pipe] : pipes_) pipe->breakOff();
}

Task<> SimEndpoint::stop() {
  calling_ = false;
  for (const auto& [number, exchange] : calls_) exchange->finish(Error{Kind::Stopped, "this node is stopping"});
  for (const auto& [number, pipe] : pipes_) pipe->breakOff();
  while (!calls_.empty()) co_await yieldNow();
}

Task<> SimEndpoint::drained() {
  return gate_.close();
}

Task<Result<Call>> SimEndpoint::call(PeerAddress to, Call request, Deadline deadline) {
  if (!alive_ || !calling_) co_return Error{Kind::Stopped, "this node is stopping"};
  const auto exchange = std::make_shared<SimNetwork::Exchange>(*this, to.hostPort);
  exchange->message = request.message;
  exchange->type = wire::typeOfRequest(request.message.view()).value_or(wire::MessageType::Hello);
  exchange->streams = !std::holds_alternative<Bytes>(request.body);
  exchange->movedAt = network_.time_.now();
  exchange->request = std::move(request);
  exchange->deadline = deadline;
  const std::uint64_t number = network_.nextNumber_++;
  calls_.emplace(number, exchange.get());
  network_.send(exchange);
  while (!exchange->over) {
    const bool notified = co_await exchange->done.waitUntil(exchange->answerBy());
    if (!notified && network_.time_.now() >= exchange->answerBy()) break;
  }
  calls_.erase(number);
  exchange->over = true;
  exchange->from = nullptr;
  co_return std::move(exchange->result);
}

Task<> SimEndpoint::answerCall(std::shared_ptr<SimNetwork::Exchange> exchange, Call request, bool wanted) {
  auto answer = co_await handler_->handle(std::move(request), exchange->deadline);
  if (alive_) network_.answer(std::move(exchange), std::move(answer), wanted);
}

}  // namespace mydht::simulation
