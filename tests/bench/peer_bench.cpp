// What a small call to another node costs: 64 calls outstanding between two event loops over loopback, beside as many
// bytes sent to and fro by the same event loops without looking at them (limit), and with a secret.
//   peer_bench [SECONDS]     prints calls a second and CPU time a call, and the ratios
#include <sys/resource.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "common/protocol/paths.h"
#include "server/http/server.h"
#include "server/peer/http_transport.h"
#include "server/peer/peer_endpoint.h"
#include "server/runtime/loop_thread.h"
#include "server/runtime/run_on.h"

namespace {

using namespace mydht;

constexpr int kOutstanding = 64;
constexpr std::size_t kMessageBytes = 250;
constexpr std::size_t kValueBytes = 1024;
constexpr std::size_t kAnswerBytes = 200;
/// Of the heads that a call and its answer have, for the limit's bytes.
constexpr std::size_t kRequestHeadBytes = 130;
constexpr std::size_t kAnswerHeadBytes = 130;

class WallClock final : public Clock {
 public:
  std::int64_t wallMicros() const override {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
  }
};

class Counting final : public Random {
 public:
  std::uint64_t next() override { return ++last_; }

 private:
  std::atomic<std::uint64_t> last_ = 0;
};

/// Answers every message with the same few bytes.
class Canned final : public PeerHandler, public http::Handler {
 public:
  Task<Result<Call>> handle(Call, Deadline) override { co_return Call{answer_, Bytes()}; }
  Task<http::Response> handle(http::Request& request) override { return endpoint_.answer(request); }

 private:
  Bytes answer_{std::string(kAnswerBytes, 'a')};
  peer::PeerEndpoint endpoint_{*this};
};

double cpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// One of the callers: calls again and again until the time is over.
Task<> callOften(Transport& transport, PeerAddress to, Time end, std::uint64_t& count) {
  Executor& here = co_await currentExecutor();
  const Bytes message(std::string(kMessageBytes, 'm'));
  const Bytes value(std::string(kValueBytes, 'v'));
  while (here.now() < end) {
    auto answer = co_await transport.call(to, Call{message, value}, here.now() + std::chrono::seconds(5));
    if (!answer || answer->message.size() != kAnswerBytes) {
      std::fprintf(stderr, "a call failed: %s\n", answer ? "wrong answer" : answer.error().text.c_str());
      std::exit(1);
    }
    ++count;
  }
}

Task<std::uint64_t> callAll(Transport& transport, PeerAddress to, Duration duration) {
  Executor& here = co_await currentExecutor();
  Gate gate(here);
  std::uint64_t count = 0;
  for (int i = 0; i < kOutstanding; ++i) gate.spawn(callOften(transport, to, here.now() + duration, count));
  co_await gate.close();
  co_return count;
}

/// Receives that many bytes; false at the end.
Task<bool> receiveAll(runtime::Socket& socket, std::size_t bytes) {
  std::array<char, 8192> room;
  while (bytes > 0) {
    const bool ready = co_await socket.readable(Time::max());
    if (!ready) co_return false;
    const auto got = socket.receive(room);
    if (got.state == runtime::Transfer::State::WouldBlock) continue;
    if (got.state != runtime::Transfer::State::Some) co_return false;
    bytes -= got.bytes;
  }
  co_return true;
}

constexpr std::size_t kThere = kRequestHeadBytes + kMessageBytes + kValueBytes;
constexpr std::size_t kBack = kAnswerHeadBytes + kAnswerBytes;

Task<> bounce(runtime::EventLoop& loop, Poco::Net::StreamSocket handle, const std::string& answer) {
  runtime::Socket socket(loop, handle);
  while (true) {
    const bool came = co_await receiveAll(socket, kThere);
    if (!came) co_return;
    socket.send(answer);
  }
}

Task<> bounceAll(runtime::EventLoop& loop, const runtime::Listening& listening, const std::string& answer) {
  runtime::Acceptor acceptor(loop, listening.sockets.front());
  Gate gate(loop);
  for (int i = 0; i < kOutstanding; ++i) {
    auto socket = co_await acceptor.accept(Time::max());
    if (!socket) std::abort();
    gate.spawn(bounce(loop, *socket, answer));
  }
  co_await gate.close();
}

Task<> pingOften(runtime::EventLoop& loop, std::uint16_t port, Time end, std::uint64_t& count) {
  const std::string request(kThere, 'r');
  auto socket = co_await runtime::connectTo(loop, Poco::Net::SocketAddress("127.0.0.1", port), Time::max());
  if (!socket) std::abort();
  while (loop.now() < end) {
    (*socket)->send(request);
    const bool came = co_await receiveAll(**socket, kBack);
    if (!came) std::abort();
    ++count;
  }
}

Task<std::uint64_t> pingAll(runtime::EventLoop& loop, std::uint16_t port, Duration duration) {
  Gate gate(loop);
  std::uint64_t count = 0;
  for (int i = 0; i < kOutstanding; ++i) gate.spawn(pingOften(loop, port, loop.now() + duration, count));
  co_await gate.close();
  co_return count;
}

struct Measured {
  double perSecond = 0;
  double cpuMicros = 0;
};

Measured measured(std::uint64_t count, double cpu, Duration duration) {
  return {static_cast<double>(count) / std::chrono::duration<double>(duration).count(),
          1e6 * cpu / static_cast<double>(count)};
}

Measured measureLimit(Duration duration) {
  runtime::LoopThread caller;
  runtime::LoopThread callee;
  const auto listening = runtime::listenOn({"127.0.0.1"}, 0, std::chrono::seconds(0));
  const std::string answer(kBack, 'a');
  std::thread server([&] { runtime::runOn(callee.loop(), bounceAll(callee.loop(), *listening, answer)); });
  const double before = cpuSeconds();
  const std::uint64_t count = runtime::runOn(caller.loop(), pingAll(caller.loop(), listening->port, duration));
  const double cpu = cpuSeconds() - before;
  server.join();
  return measured(count, cpu, duration);
}

Measured measureCalls(Duration duration, std::optional<std::string> secretText) {
  const access::Secret secret(std::move(secretText));
  const WallClock clock;
  Counting random;
  runtime::BlockingPool pool(1, 4);
  runtime::LoopThread caller;
  runtime::LoopThread callee;
  Canned canned;
  const auto listening = runtime::listenOn({"127.0.0.1"}, 0, std::chrono::seconds(0));
  http::Server server({&callee.loop()}, *listening, http::Settings{}, canned);
  peer::HttpTransport transport({&caller.loop()}, peer::World{pool, secret, clock, random});
  runtime::runOn(callee.loop(), server.start());
  const PeerAddress to{std::nullopt, "127.0.0.1:" + std::to_string(server.port())};
  const double before = cpuSeconds();
  const std::uint64_t count = runtime::runOn(caller.loop(), callAll(transport, to, duration));
  const double cpu = cpuSeconds() - before;
  runtime::runOn(caller.loop(), transport.stop());
  runtime::runOn(callee.loop(), server.stop(std::chrono::steady_clock::now() + std::chrono::seconds(5)));
  return measured(count, cpu, duration);
}

void print(const char* name, const Measured& measured, const Measured& limit) {
  std::printf("%-22s %8.0f calls/s  %6.2f us CPU a call (both ends)  %.2f of the limit's CPU\n", name,
              measured.perSecond, measured.cpuMicros, measured.cpuMicros / limit.cpuMicros);
}

}  // namespace

int main(int argc, char** argv) {
  const int seconds = argc == 2 ? std::atoi(argv[1]) : 3;
  if (argc > 2 || seconds < 1 || seconds > 60) {
    std::fprintf(stderr, "usage: peer_bench [SECONDS]\n");
    return 2;
  }
  const Duration duration = std::chrono::seconds(seconds);
  const Measured limit = measureLimit(duration);
  print("limit", limit, limit);
  print("call", measureCalls(duration, std::nullopt), limit);
  print("call, signed", measureCalls(duration, "a secret"), limit);
  return 0;
}
