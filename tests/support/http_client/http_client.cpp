#include "tests/support/http_client/http_client.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/http/chunks.h"

namespace mydht::support {

std::string HttpAnswer::field(std::string_view name) const {
  http::ResponseHead parsed;
  const auto outcome = http::parseResponseHead(head, http::Method::Get, parsed);
  if (!outcome.done()) return {};
  return std::string(parsed.headers.find(name).value_or(""));
}

HttpClient::HttpClient(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{30, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connected_ = ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

HttpClient::~HttpClient() {
  ::close(descriptor_);
}

bool HttpClient::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool HttpClient::send(const HttpRequest& request) const {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\nHost: localhost\r\n" + request.lines;
  if (!request.body.empty() || request.method == "PUT") {
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return send(text + "\r\n" + request.body);
}

void HttpClient::endSending() const {
  ::shutdown(descriptor_, SHUT_WR);
}

bool HttpClient::more() {
  std::string room(256 * 1024, '\0');
  const auto got = ::recv(descriptor_, room.data(), room.size(), 0);
  timedOut_ = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  if (got > 0) held_.append(room, 0, static_cast<std::size_t>(got));
  return got > 0;
}

HttpAnswer HttpClient::answer(http::Method method) {
  http::ResponseHead head;
  while (true) {
    const auto outcome = http::parseResponseHead(held_, method, head);
    if (outcome.bad()) return {};
    if (outcome.done() && head.status == 100) {
      held_.erase(0, outcome.consumed);
      continue;
    }
    if (outcome.done()) return readBody(head, outcome.consumed);
    if (!more()) return {};
  }
}

bool HttpClient::receiveUntil(std::string_view text) {
  while (held_.find(text) == std::string::npos) {
    if (!more()) return false;
  }
  return true;
}

bool HttpClient::closed() {
  while (more()) {
  }
  return held_.empty() && !timedOut_;
}

HttpAnswer HttpClient::readBody(const http::ResponseHead& head, std::size_t headBytes) {
  HttpAnswer answer{head.status, held_.substr(0, headBytes), {}, false};
  const http::Framing framing = head.framing;
  const std::uint64_t length = head.contentLength.value_or(0);
  held_.erase(0, headBytes);
  if (framing == http::Framing::Chunked) {
    readChunks(answer);
  } else if (framing == http::Framing::UntilClose) {
    while (more()) {
    }
    answer.body = std::exchange(held_, {});
    answer.whole = !timedOut_;
  } else if (framing == http::Framing::Length) {
    while (held_.size() < length && more()) {
    }
    answer.body = held_.substr(0, length);
    held_.erase(0, length);
    answer.whole = answer.body.size() == length;
  } else {
    answer.whole = true;
  }
  return answer;
}

void HttpClient::readChunks(HttpAnswer& answer) {
  http::ChunkDecoder decoder;
  while (true) {
    const auto step = decoder.next(held_);
    answer.body += step.data;
    held_.erase(0, step.consumed);
    answer.whole = step.state == http::ChunkDecoder::State::End;
    if (answer.whole || step.state == http::ChunkDecoder::State::Bad) return;
    if (step.state == http::ChunkDecoder::State::NeedMore && !more()) return;
  }
}

HttpAnswer ask(std::uint16_t port, const HttpRequest& request) {
  HttpClient client(port);
  if (!client.connected() || !client.send(request)) return {};
  return client.answer(http::methodOf(request.method));
}

HttpAnswer get(std::uint16_t port, std::string target, std::string lines) {
  return ask(port, {"GET", std::move(target), std::move(lines), {}});
}

HttpAnswer put(std::uint16_t port, std::string target, std::string body, std::string lines) {
  return ask(port, {"PUT", std::move(target), std::move(lines), std::move(body)});
}

}  // namespace mydht::support
