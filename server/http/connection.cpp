#include "server/http/connection.h"

#include <utility>

#include "server/http/access_log.h"

namespace mydht::http {
namespace {

using runtime::Transfer;

/// Pipelined requests answered before what else is ready on the loop gets its turn.
constexpr unsigned kAnsweredAtOnce = 16;

/// Awaits a handler's task. If the handler sleeps, what earlier pipelined requests were answered goes out meanwhile.
struct Handling {
  Task<Response>& task;
  Channel& channel;
  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    const bool sleeps = task.await_suspend(self);
    if (sleeps) channel.trySend();
    return sleeps;
  }
  Response await_resume() { return task.await_resume(); }
};

}  // namespace

/// All in one coroutine on the way from "something came" to "answered": a task in between would go through the ready
/// queue, so that with many connections each step would run for all of them in turn and find nothing in the cache.
Task<> Connection::serve() {
  unsigned atOnce = 0;
  while (true) {
    const ParseOutcome outcome = parseHead();
    if (outcome.done()) {
      const bool goesOn = co_await answer();
      if (!goesOn) break;
      // Who sends requests without waiting for answers gets its turn like others.
      if (++atOnce % kAnsweredAtOnce == 0) co_await yieldNow();
      continue;
    }
    if (outcome.bad()) {
      co_await refuse(outcome.status, outcome.reason);
      break;
    }
    atOnce = 0;
    if (!channel_.trySend()) {  // before waiting: the client may wait for it
      lingers_ = co_await channel_.send();
      if (!lingers_) break;
    }
    if (stopping_ && channel_.inputEmpty()) break;
    if (channel_.socket().readingReady()) {
      co_await yieldNow();  // a client that sends without end gets its turn like others
    } else {
      const Deadline deadline = beginWait();
      const bool ready = co_await channel_.socket().readable(deadline);
      idle_ = false;
      if (!ready) {
        if (!channel_.inputEmpty()) co_await refuse(408, "the head of the request did not come in time");
        break;
      }
    }
    if (!receive()) break;
  }
  channel_.drop();
  if (lingers_) co_await channel_.linger();
}

void Connection::stop() {
  stopping_ = true;
  if (idle_) channel_.socket().abort();
}

/// Takes a head from the front of what came, if there is a whole one.
ParseOutcome Connection::parseHead() {
  if (channel_.inputEmpty()) return {};
  const ParseOutcome outcome = parseRequestHead(channel_.input(), channel_.head());
  if (!outcome.done()) return outcome;
  channel_.consume(outcome.consumed);
  headDeadline_ = Time::max();
  channel_.setAnswering(false);
  channel_.shared().counters.requests.add(1);
  return outcome;
}

/// Until when to wait: for a head that has begun as long as the head as a whole may take.
Deadline Connection::beginWait() {
  const Settings& settings = channel_.shared().settings;
  idle_ = channel_.inputEmpty();
  if (idle_) {
    channel_.rest();
    return channel_.now() + settings.idleTimeout;
  }
  if (headDeadline_ == Time::max()) headDeadline_ = channel_.now() + settings.headTimeout;
  return headDeadline_;
}

/// Receives more of a head; false when the client sends no more, and so waits for nothing.
bool Connection::receive() {
  const auto got = channel_.receiveInput();
  lingers_ = got.state == Transfer::State::Some || got.state == Transfer::State::WouldBlock;
  return lingers_;
}

/// Answers what is no request, or not in time.
Task<> Connection::refuse(int status, std::string_view reason) {
  channel_.shared().counters.malformed.add(1);
  AccessLog* const log = channel_.shared().settings.accessLog;
  if (log != nullptr) log->note({remote_, nullptr, status, std::nullopt, Duration(0)});
  appendAnswer(channel_, respondProblem(status, reason), AnswerTerms{});
  lingers_ = co_await channel_.send();
}

/// Has a request answered. Whether the connection can go on.
Task<bool> Connection::answer() {
  Shared& shared = channel_.shared();
  const RequestHead& head = channel_.head();
  const Time begun = channel_.now();
  std::shared_ptr<IncomingBody> body;
  if (head.hasBody()) body = std::make_shared<IncomingBody>(channel_, framingOf(head));
  Work work;
  Request request(head, remote_, shared.loop, begun + shared.settings.requestTimeout, body);
  request.setWork(work, shared.load);
  auto task = handler_.handle(request);
  Handling handling{task, channel_};
  Response response = co_await handling;
  work.end();  // a client that is slow to take its answer holds up nobody else
  if (body != nullptr) co_await body->asked();
  AnswerTerms terms{head.method == Method::Head, head.keepAlive && !stopping_, head.minor > 0};
  if (body != nullptr && !body->worthDraining()) terms.keepAlive = false;
  const auto size = head.method == Method::Head ? 0 : bodySize(response.body);
  const Told told{response.status, size, !response.lead.empty(), begun};
  AnswerSent sent = AnswerSent::Cut;
  if (isSmall(response) && channel_.output().size() < kOutputBytes) {
    sent = appendAnswer(channel_, response, terms);
  } else {
    sent = co_await sendAnswer(channel_, std::move(response), terms);
  }
  count(told);
  if (body == nullptr && sent == AnswerSent::KeepAlive) co_return true;
  const bool goesOn = co_await finish(sent, std::move(body));
  co_return goesOn;
}

/// While the head is still there: what is sent behind it may make room in the same buffer.
void Connection::count(const Told& told) {
  Shared& shared = channel_.shared();
  if (told.toNode) {
    shared.counters.fromNodes.add(1);
    return;
  }
  const RequestHead& head = channel_.head();
  const Duration took = channel_.now() - told.begun;
  shared.counters.answered(head.method, told.status, took);
  AccessLog* const log = shared.settings.accessLog;
  if (log != nullptr) log->note({remote_, &head, told.status, told.bodyBytes, took});
}

/// Behind an answer: sends what is left of it, ends the body, and says how the connection goes on.
Task<bool> Connection::finish(AnswerSent sent, std::shared_ptr<IncomingBody> body) {
  if (sent != AnswerSent::Cut) {
    const bool taken = co_await channel_.send();
    if (!taken) sent = AnswerSent::Cut;
  }
  if (body != nullptr) {
    co_await body->retire();
    const bool whole = co_await body->finish(sent == AnswerSent::KeepAlive);
    if (!whole && sent == AnswerSent::KeepAlive) sent = AnswerSent::Close;
  }
  if (sent == AnswerSent::Cut) {
    channel_.cut();
    lingers_ = false;
  }
  co_return sent == AnswerSent::KeepAlive;
}

}  // namespace mydht::http
