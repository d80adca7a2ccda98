// The server that http_get.py measures: a canned 1 KiB for every request, either through connections, parser and
// handler as the real server has them (handler), or received and sent on the same event loop without looking at it
// (limit).
//   http_canned_bench handler|limit LOOPS     prints its port, runs until SIGTERM
#include <Poco/Net/StreamSocket.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "server/http/server.h"
#include "server/runtime/listening.h"
#include "server/runtime/loop_thread.h"
#include "server/runtime/run_on.h"
#include "server/runtime/signals.h"

namespace {

using namespace mydht;

constexpr std::size_t kValueBytes = 1024;

/// Answers every request with the same value and the headers that a value has.
class CannedHandler final : public http::Handler {
 public:
  Task<http::Response> handle(http::Request&) override {
    http::Response response{200, {}, value_};
    response.header("Content-Type", "application/octet-stream");
    response.header("ETag", R"("2edc986847e209b4016e141a6dc8716d3207350f416969382d431539bf292e4a")");
    response.header("Last-Modified", "Fri, 20 Nov 2026 08:15:04 GMT");
    response.header("Accept-Ranges", "bytes");
    co_return response;
  }

 private:
  Bytes value_{std::string(kValueBytes, 'v')};
};

std::string cannedAnswer() {
  http::HeadText text;
  text.startResponse(200);
  text.header("Date", "Fri, 20 Nov 2026 08:15:04 GMT");
  text.header("Content-Type", "application/octet-stream");
  text.header("Content-Length", kValueBytes);
  text.end();
  text.append(std::string(kValueBytes, 'v'));
  return std::string(text.text());
}

/// Sends the canned answer for whatever comes: wrk sends one request at a time, in one piece.
Task<> answerBlindly(runtime::EventLoop& loop, Poco::Net::StreamSocket socket, const std::string& answer) {
  co_await switchTo(loop);
  runtime::Socket connection(loop, socket);
  std::array<char, 4096> room{};
  while (true) {
    const auto got = connection.receive(room);
    if (got.state == runtime::Transfer::State::Some) connection.send(answer);
    if (got.state == runtime::Transfer::State::End || got.state == runtime::Transfer::State::Failed) co_return;
    co_await connection.readable(Time::max());
  }
}

Task<> acceptBlindly(Gate& gate, runtime::Acceptor& acceptor, std::vector<runtime::EventLoop*> loops,
                     const std::string& answer) {
  std::size_t next = 0;
  while (true) {
    auto socket = co_await acceptor.accept(Time::max());
    if (!socket) co_return;
    gate.spawn(answerBlindly(*loops[next], *socket, answer));
    next = (next + 1) % loops.size();
  }
}

Task<> untilTerminated(runtime::EventLoop& loop) {
  runtime::Signals signals(loop);
  co_await signals.next(Time::max());
}

Task<> serveLimit(runtime::EventLoop& loop, std::vector<runtime::EventLoop*> loops, runtime::Listening listening) {
  const std::string answer = cannedAnswer();
  Gate gate(loop);
  runtime::Acceptor acceptor(loop, listening.sockets.front());
  gate.spawn(acceptBlindly(gate, acceptor, loops, answer));
  co_await untilTerminated(loop);
  acceptor.stop();
  co_await gate.close();  // wrk has closed its connections by then
}

Task<> serveHandler(runtime::EventLoop& loop, std::vector<runtime::EventLoop*> loops, runtime::Listening listening) {
  CannedHandler handler;
  http::Server server(loops, listening, http::Settings{}, handler);
  co_await server.start();
  co_await untilTerminated(loop);
  co_await server.stop(loop.now() + std::chrono::seconds(2));
}

int run(const std::string& mode, int loopCount) {
  runtime::blockSignals();
  const auto listening = runtime::listenOn({"127.0.0.1"}, 0, std::chrono::seconds(0));
  if (!listening) {
    std::fprintf(stderr, "%s\n", listening.error().text.c_str());
    return 1;
  }
  std::vector<std::unique_ptr<runtime::LoopThread>> threads;
  std::vector<runtime::EventLoop*> loops;
  for (int i = 0; i < loopCount; ++i) {
    threads.push_back(std::make_unique<runtime::LoopThread>());
    loops.push_back(&threads.back()->loop());
  }
  std::printf("%d\n", listening->port);
  std::fflush(stdout);
  runtime::EventLoop& home = *loops.front();
  runtime::runOn(home, mode == "limit" ? serveLimit(home, loops, *listening) : serveHandler(home, loops, *listening));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc == 3 ? argv[1] : "";
  const int loops = argc == 3 ? std::atoi(argv[2]) : 0;
  if ((mode != "handler" && mode != "limit") || loops < 1 || loops > 64) {
    std::fprintf(stderr, "usage: http_canned_bench handler|limit LOOPS\n");
    return 2;
  }
  return run(mode, loops);
}
