#include "client/connection.h"

#include <fmt/core.h>

#include <algorithm>

#include "common/http/chunks.h"
#include "common/http/response_text.h"
#include "common/result/limits.h"

namespace mydht::client {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// A body up to this goes out with its head, in one piece; for a larger one the node is asked first whether it wants
/// it, which costs a round trip and saves an upload that would be refused.
constexpr std::uint64_t kSmallBody = limits::kInlineBytes;

bool isSmall(const BodySource& body) {
  const auto size = body.size();
  return size && *size <= kSmallBody;
}

/// The head of the request up to its empty line.
void printHead(const Request& request, const NodeAddress& node, http::HeadText& text) {
  text.startRequest(http::methodText(request.method), request.target);
  text.header("Host", node.hostField());
  for (const auto& [name, value] : request.fields) text.header(name, value);
  if (request.body != nullptr) {
    if (const auto size = request.body->size()) {
      text.header("Content-Length", *size);
    } else {
      text.header("Transfer-Encoding", "chunked");
    }
    if (!isSmall(*request.body)) text.header("Expect", "100-continue");
  }
  text.end();
}

/// Reads a small body behind its head.
Status appendBody(BodySource& body, http::HeadText& text) {
  std::string bytes(kSmallBody, '\0');
  while (true) {
    const auto got = body.read(bytes);
    if (!got) return got.error();
    if (*got == 0) return {};
    text.append(std::string_view(bytes).substr(0, *got));
  }
}

}  // namespace

Result<Answer> Connection::exchange(const Request& request) {
  if (const Status connected = ensureConnected(); !connected) return connected.error();
  auto answer = exchangeConnected(request);
  if (!answer || !answer->keepAlive) socket_.reset();
  return answer;
}

Status Connection::ensureConnected() {
  // A node may have closed an idle connection at any time: that is no failure of this request.
  if (socket_ && socket_->isQuiet()) return {};
  socket_.reset();
  auto connected = Socket::connect(node_, patience_.connect);
  if (!connected) {
    return Error{Kind::NotDone, fmt::format("cannot reach {}: {}", node_.text(), connected.error().text)};
  }
  socket_ = std::move(*connected);
  return {};
}

Result<Answer> Connection::exchangeConnected(const Request& request) {
  const auto sent = send(request);
  if (!sent) return sent.error();
  const milliseconds patience = *sent == Sent::Broken ? milliseconds(0) : patience_.progress;
  auto answer = readAnswer(*socket_, request.method, request.sink, patience);
  if (answer && *sent == Sent::Whole) return answer;
  if (answer && answer->status >= 300) {
    answer->keepAlive = false;  // the node may still wait for the rest of the body
    return answer;
  }
  if (answer) {
    return Error{Kind::Unknown, fmt::format("{} answered before it had the whole request", node_.text())};
  }
  const Error& error = answer.error();
  if (error.kind == Kind::Corrupt) return Error{Kind::Corrupt, fmt::format("{}: {}", node_.text(), error.text)};
  if (error.kind != Kind::Unavailable) return error;
  if (*sent == Sent::Whole) return Error{Kind::Unknown, fmt::format("no answer from {}: {}", node_.text(), error.text)};
  const std::string& why = *sent == Sent::Broken ? whyBroken_ : error.text;
  return Error{Kind::NotDone, fmt::format("{} did not take the whole request: {}", node_.text(), why)};
}

Result<Connection::Sent> Connection::send(const Request& request) {
  http::HeadText text;
  printHead(request, node_, text);
  const bool streams = request.body != nullptr && !isSmall(*request.body);
  if (request.body != nullptr && !streams) {
    if (const Status appended = appendBody(*request.body, text); !appended) return appended.error();
  }
  Sent sent = sendBytes(text.text(), request.method);
  if (sent != Sent::Whole || !streams) return sent;
  sent = awaitGo(request.method);
  if (sent != Sent::Whole) return sent;
  return sendBody(request);
}

Connection::Sent Connection::sendBytes(std::string_view bytes, http::Method method) {
  while (!bytes.empty()) {
    const auto sent = socket_->sendSome(bytes, patience_.progress);
    if (!sent) {
      whyBroken_ = sent.error().text;
      return Sent::Broken;
    }
    if (*sent == 0 && peekHead(*socket_, method) == HeadState::Final) return Sent::Answered;
    bytes.remove_prefix(*sent);
  }
  return Sent::Whole;
}

Connection::Sent Connection::awaitGo(http::Method method) {
  const auto deadline = Clock::now() + patience_.go;
  while (true) {
    const HeadState state = peekHead(*socket_, method);
    if (state == HeadState::Continue) return Sent::Whole;
    if (state == HeadState::Final) return Sent::Answered;
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    const auto came = socket_->awaitBytes(std::max(left, milliseconds(0)));
    if (!came) {
      whyBroken_ = came.error().text;
      return Sent::Broken;
    }
    if (!*came) return Sent::Whole;  // it may be an HTTP/1.0 server, which knows nothing of this
  }
}

Result<Connection::Sent> Connection::sendBody(const Request& request) {
  const bool chunked = !request.body->size().has_value();
  std::string buffer(limits::kChunkBytes, '\0');
  while (true) {
    const auto got = request.body->read(buffer);
    if (!got) return got.error();
    if (*got == 0) return chunked ? sendBytes(http::kLastChunk, request.method) : Sent::Whole;
    const std::string_view piece = std::string_view(buffer).substr(0, *got);
    Sent sent = Sent::Whole;
    if (chunked) {
      sent = sendBytes(http::ChunkLine(piece.size()).text(), request.method);
      if (sent != Sent::Whole) return sent;
    }
    sent = sendBytes(piece, request.method);
    if (sent == Sent::Whole && chunked) sent = sendBytes(http::kChunkEnd, request.method);
    if (sent != Sent::Whole) return sent;
  }
}

}  // namespace mydht::client
