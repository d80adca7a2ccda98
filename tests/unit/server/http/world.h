#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/http/chunks.h"
#include "common/http/head.h"
#include "server/http/server.h"
#include "server/runtime/descriptor.h"
#include "server/runtime/loop_thread.h"
#include "server/runtime/run_on.h"

namespace mydht::http::testing {

using namespace std::chrono_literals;

/// A handler made of a function. It keeps the function, so that lambdas with captures may be coroutines here.
class FunctionHandler final : public Handler {
 public:
  using Function = std::function<Task<Response>(Request&)>;
  explicit FunctionHandler(Function function) : function_(std::move(function)) {}
  Task<Response> handle(Request& request) override { return function_(request); }

 private:
  Function function_;
};

/// A server on a free port of 127.0.0.1, with its loops' threads; stopped at the end.
class World {
 public:
  explicit World(FunctionHandler::Function function, Settings settings = {}, int loops = 1)
      : handler_(std::move(function)) {
    std::vector<runtime::EventLoop*> all;
    for (int i = 0; i < loops; ++i) {
      threads_.push_back(std::make_unique<runtime::LoopThread>());
      all.push_back(&threads_.back()->loop());
    }
    auto listening = runtime::listenOn({"127.0.0.1"}, 0, 0s);
    server_ = std::make_unique<Server>(all, *listening, settings, handler_);
    listening = Error{Kind::Stopped, "the server alone holds the sockets"};
    runtime::runOn(loop(), server_->start());
  }
  ~World() { stop(10s); }

  void stop(Duration patience) {
    if (!std::exchange(running_, false)) return;
    runtime::runOn(loop(), server_->stop(std::chrono::steady_clock::now() + patience));
  }
  runtime::EventLoop& loop(std::size_t index = 0) { return threads_[index]->loop(); }
  Server& server() { return *server_; }

 private:
  FunctionHandler handler_;
  std::vector<std::unique_ptr<runtime::LoopThread>> threads_;
  std::unique_ptr<Server> server_;
  bool running_ = true;
};

/// One answer as it came.
struct Answer {
  int status = 0;  ///< 0: none came whole
  std::string head;
  std::string body;
  bool whole = false;  ///< the body ended as its framing demands
  bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

/// A client that sends and receives bytes as they are. Blocks, for at most ten seconds.
class Client {
 public:
  explicit Client(World& world, int receiveBuffer = 0) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{10, 0};
    ::setsockopt(descriptor_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(descriptor_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (receiveBuffer > 0) {
      ::setsockopt(descriptor_.get(), SOL_SOCKET, SO_RCVBUF, &receiveBuffer, sizeof receiveBuffer);
    }
    const Poco::Net::SocketAddress address("127.0.0.1", world.server().port());
    connected_ = ::connect(descriptor_.get(), address.addr(), address.length()) == 0;
  }

  bool connected() const { return connected_; }
  void send(std::string_view text) const {
    while (!text.empty()) {
      const auto sent = ::send(descriptor_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void endSending() const { ::shutdown(descriptor_.get(), SHUT_WR); }

  /// One recv: what came, empty at the end or on failure.
  std::string receive() {
    std::string room(256 * 1024, '\0');
    const auto got = ::recv(descriptor_.get(), room.data(), room.size(), 0);
    reset_ = got < 0 && errno == ECONNRESET;
    timedOut_ = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    room.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return room;
  }
  /// Everything until the connection ends.
  std::string receiveAll() {
    std::string all = std::exchange(held_, {});
    while (true) {
      const std::string more = receive();
      if (more.empty()) return all;
      all += more;
    }
  }
  /// Whether the server ended the connection, with nothing more to read.
  bool closed() { return receiveAll().empty() && !timedOut_; }
  bool wasReset() const { return reset_; }

  /// The next answer, by its framing.
  Answer answer(Method method = Method::Get) {
    ResponseHead head;
    while (true) {
      const auto outcome = parseResponseHead(held_, method, head);
      if (outcome.bad()) return {};
      if (outcome.done()) return readBody(head, outcome.consumed);
      const std::string more = receive();
      if (more.empty()) return {};
      held_ += more;
    }
  }

 private:
  Answer readBody(const ResponseHead& head, std::size_t headBytes) {
    Answer answer{head.status, held_.substr(0, headBytes), {}, false};
    const Framing framing = head.framing;
    const std::uint64_t length = head.contentLength.value_or(0);
    held_.erase(0, headBytes);
    if (framing == Framing::Chunked) {
      readChunks(answer);
    } else if (framing == Framing::UntilClose) {
      answer.body = receiveAll();
      answer.whole = !reset_;
    } else if (framing == Framing::Length) {
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
  void readChunks(Answer& answer) {
    ChunkDecoder decoder;
    while (true) {
      const auto step = decoder.next(held_);
      answer.body += step.data;
      held_.erase(0, step.consumed);
      answer.whole = step.state == ChunkDecoder::State::End;
      if (answer.whole || step.state == ChunkDecoder::State::Bad) return;
      if (step.state == ChunkDecoder::State::NeedMore && !more()) return;
    }
  }
  bool more() {
    const std::string came = receive();
    held_ += came;
    return !came.empty();
  }

  runtime::Descriptor descriptor_;
  bool connected_ = false;
  bool reset_ = false;
  bool timedOut_ = false;
  std::string held_;
};

/// A request with a path and further header lines, each ended by CR LF.
inline std::string get(std::string_view path, std::string_view lines = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

/// Pulls a request's body to its end: the bytes, or "error: " and the text.
inline Task<std::string> pullAll(Request& request) {
  const auto source = request.takeBody();
  std::string all;
  while (true) {
    auto piece = co_await source->next(Time::max());
    if (!piece) co_return "error: " + piece.error().text;
    if (piece->empty()) co_return all;
    all += piece->view();
  }
}

/// Answers with method, path and body, and an error of the body as 400.
inline Task<Response> echo(Request& request) {
  const std::string line = std::string(request.head().methodText) + " " + std::string(request.path()) + " ";
  const std::string body = co_await pullAll(request);
  co_return respond(body.starts_with("error: ") ? 400 : 200, "text/plain", line + body);
}

}  // namespace mydht::http::testing
