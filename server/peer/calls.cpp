#include <algorithm>
#include <charconv>
#include <utility>

#include "common/hash/sha256.h"
#include "common/http/chunks.h"
#include "common/protocol/names.h"
#include "common/protocol/paths.h"
#include "common/protocol/problem.h"
#include "server/http/body_writer.h"
#include "server/peer/answer_body.h"
#include "server/peer/framing.h"
#include "server/peer/loop_part.h"

/// One call over a connection: the request's side, and the answer's.
namespace mydht::peer {
namespace {

using runtime::Transfer;

/// The text of a refusal, at most: a problem is a few lines.
constexpr std::size_t kProblemBytes = 64 * 1024;

bool isSmall(const Call& request) {
  const auto* bytes = std::get_if<Bytes>(&request.body);
  return bytes != nullptr && request.message.size() + bytes->size() <= http::kCopiedBytes;
}

/// What another status than 200 means to the caller. Only what the other node did not say it refused is in doubt.
Error refusal(const std::string& hostPort, int status, std::string_view body) {
  auto problem = protocol::problemFromJson(body);
  std::string text = hostPort + " answers " + std::to_string(status);
  if (problem) text += ": " + problem->detail;
  const bool inDoubt = (status >= 500 && status != 503) || (problem && problem->outcome == "unknown");
  return Error{inDoubt ? Kind::Unknown : Kind::Unavailable, std::move(text)};
}

Error tooManyStreams(const Host& host) {
  return Error{Kind::NotDone, host.hostPort + ": too many large values are under way"};
}

}  // namespace

Task<Result<Call>> LoopPart::call(PeerAddress to, Call request, Deadline deadline) {
  if (stopping_) co_return Error{Kind::Unavailable, "this node is stopping"};
  auto host = hostOf(to.hostPort);
  if (!host) co_return host.error();
  const Use use(*this, **host);
  const bool streams = std::holds_alternative<std::unique_ptr<ByteSource>>(request.body);
  if (streams && (*host)->streams >= settings_.mostStreams) co_return tooManyStreams(**host);
  std::shared_ptr<Connection> connection = takeIdle(**host);
  while (connection && !begin(connection, request, deadline)) connection = takeIdle(**host);
  if (!connection) {
    auto opened = co_await open(**host, deadline);
    if (!opened) co_return opened.error();
    connection = std::move(*opened);
    if (!begin(connection, request, deadline)) co_return connection->lost("the connection broke at once");
  }
  if (streams) connection->setStreaming(true);
  auto answer = co_await exchange(std::move(connection), deadline);
  co_return answer;
}

/// The request's head behind what the connection has to send.
void LoopPart::printHead(Connection& connection, const Call& request) {
  http::HeadText& out = connection.channel().output();
  out.append(connection.host().headBegin);
  const auto size = bodySize(request.body);
  if (size) {
    out.header("Content-Length", LengthPrefix::kBytes + request.message.size() + *size);
  } else {
    out.header("Transfer-Encoding", "chunked");
  }
  const auto secret = world_.secret.current();
  if (secret) {
    const std::string digest = hexOf(sha256Of(request.message.view()));
    const protocol::SignedParts parts{"POST", protocol::kPeerPath, connection.host().hostPort, digest};
    out.header(protocol::kMessageDigestHeader, digest);
    out.header("Authorization", access::authorize(*secret, parts, world_.clock, world_.random));
  }
  out.end();
}

/// Sends what can be sent at once; the rest goes on in the background. False: the connection was closed before anything
/// was sent, and the request is untouched.
bool LoopPart::begin(const std::shared_ptr<Connection>& connection, Call& request, Deadline deadline) {
  http::Channel& channel = connection->channel();
  connection->begin();
  channel.beginOutput();
  printHead(*connection, request);
  const bool small = isSmall(request);
  if (small) {
    channel.output().append(LengthPrefix(request.message.size()).text());
    channel.output().append(request.message.view());
    channel.output().append(std::get<Bytes>(request.body).view());
  }
  const Transfer sent = channel.sendNow(!small);
  if (sent.state == Transfer::State::Failed) return false;
  Sending& sending = connection->sending();
  if (small) {
    sending.arrived = sent.bytes > 0;  // perhaps not all of it: to be on the safe side
    if (channel.output().empty()) return true;
    sending.ended = false;
    gate_.spawn(sendOutput(connection));
  } else {
    sending.ended = false;
    sending.streams = std::holds_alternative<std::unique_ptr<ByteSource>>(request.body);
    gate_.spawn(sendLarge(connection, std::move(request), deadline));
  }
  return true;
}

Task<> LoopPart::sendOutput(std::shared_ptr<Connection> connection) {
  connection->sending().arrived = true;
  co_await connection->channel().send();  // a broken connection is found out by who waits for the answer
  connection->sending().ended = true;
}

/// Sends the message and streams the body. When the answer comes before its end, who reads it ends the sending side of
/// the connection, which ends this.
Task<> LoopPart::sendLarge(std::shared_ptr<Connection> connection, Call request, Deadline deadline) {
  http::Channel& channel = connection->channel();
  Sending& sending = connection->sending();
  // A body that is here follows at once; others may let the message wait.
  const auto* const here = std::get_if<Bytes>(&request.body);
  const bool follows = here != nullptr && !here->empty();
  http::BodyWriter writer(channel, std::move(request.body), deadline);
  const bool chunked = !writer.size();
  bool sent = co_await http::sendLead(channel, leadOf(request.message.view()), chunked, follows);
  if (sent) sent = co_await channel.send({}, follows);
  if (sent) {
    sending.arrived = true;
    auto whole = co_await writer.send(chunked);
    if (!whole && !writer.connectionBroke()) {
      sending.failed = whole.error();
      connection->abort();
    }
    if (whole) co_await channel.send();
  }
  sending.ended = true;
  sending.endedAt = loop().now();
}

/// How long the answer is waited for, from now on. A stream takes its time, so its call's deadline is far away: once it
/// has been sent, a node that was frozen meanwhile must not hold the call, and whoever waits for it, until then.
Deadline LoopPart::answerBy(const Sending& sending, Deadline deadline) const {
  if (!sending.streams) return deadline;
  return std::min(deadline, (sending.ended ? sending.endedAt : shared_.loop.now()) + 2 * settings_.stall);
}

/// Waits for the answer's head, and takes the whole answer if it came with it.
Task<Result<Call>> LoopPart::exchange(std::shared_ptr<Connection> connection, Deadline deadline) {
  http::Channel& channel = connection->channel();
  http::ResponseHead& head = connection->head();
  while (true) {
    const Deadline until = answerBy(connection->sending(), deadline);
    const bool ready = co_await channel.socket().readable(until);
    const bool stillSent = loop().now() < answerBy(connection->sending(), deadline);
    if (!ready && stillSent && !connection->sending().failed) continue;
    // What the other node says to a body that broke off is no answer to this call.
    if (!ready || connection->sending().failed) {
      release(connection);
      co_return connection->lost("no answer came in time");
    }
    const Transfer got = channel.receiveInput();
    if (got.state == Transfer::State::WouldBlock) continue;
    if (got.state != Transfer::State::Some) {
      release(connection);
      co_return connection->lost("the connection was closed before an answer came");
    }
    auto outcome = http::parseResponseHead(channel.input(), http::Method::Post, head);
    while (outcome.done() && head.status < 200) {
      channel.consume(outcome.consumed);
      outcome = http::parseResponseHead(channel.input(), http::Method::Post, head);
    }
    if (outcome.bad() || (outcome.done() && head.framing == http::Framing::UntilClose)) {
      release(connection);
      co_return connection->lost("what answers there is no node: " + std::string(outcome.reason));
    }
    if (!outcome.done()) continue;
    channel.consume(outcome.consumed);
    break;
  }
  const auto size = head.contentLength.value_or(0);
  if (head.status == 200 && head.framing == http::Framing::Length && size <= channel.input().size()) {
    const Bytes whole(std::string(channel.input().substr(0, static_cast<std::size_t>(size))));
    channel.consume(whole.size());
    connection->answered();
    release(connection);
    auto answer = splitCall(whole);
    if (!answer) co_return connection->lost(answer.error().text);
    co_return answer;
  }
  auto answer = co_await readLarge(std::move(connection), deadline);
  co_return answer;
}

/// Reads an answer that did not come at once, or a refusal.
Task<Result<Call>> LoopPart::readLarge(std::shared_ptr<Connection> connection, Deadline deadline) {
  const http::ResponseHead& head = connection->head();
  const int status = head.status;
  const auto size = head.framing == http::Framing::None ? 0 : head.contentLength;
  if (!connection->sending().ended) connection->channel().socket().shutdownSend();  // it was answered early
  auto body = std::make_unique<AnswerBody>(*this, connection);
  if (status != 200) {
    const std::string hostPort = connection->host().hostPort;
    auto text = co_await collect(Body(std::move(body)), kProblemBytes, deadline);
    co_return refusal(hostPort, status, text ? text->view() : std::string_view());
  }
  auto answer = co_await readCall(std::move(body), size, deadline);
  if (!answer) co_return connection->lost(answer.error().text);
  if (!std::holds_alternative<std::unique_ptr<ByteSource>>(answer->body)) co_return answer;
  if (connection->host().streams >= settings_.mostStreams) co_return tooManyStreams(connection->host());
  connection->setStreaming(true);
  co_return answer;
}

}  // namespace mydht::peer
