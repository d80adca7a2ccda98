// Proves what HTTP adds to the transport's contract: connections are kept, a stale one is replaced unless its message
// may have arrived, refusals are passed on in words, files are sent by the kernel, and bounds and deadlines hold. How:
// a real server on loopback, and listeners that misbehave.
#include "server/peer/http_transport.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/runtime/descriptor.h"
#include "tests/unit/server/peer/http_subject.h"

namespace mydht::peer::testing {
namespace {

using namespace std::chrono_literals;

Task<Result<Call>> sameAgain(Call request, Deadline) {
  co_return Call{request.message, std::move(request.body)};
}

/// One call from the calling loop, its answer collected: "message|body" or "KIND: text".
Task<std::string> ask(HttpWorld& world, PeerAddress to, std::string message, Body body = Bytes(),
                      Duration patience = 10s) {
  const Deadline deadline = world.loop().now() + patience;
  auto answer = co_await world.transport().call(std::move(to), Call{Bytes(message), std::move(body)}, deadline);
  if (!answer) co_return std::string(kindName(answer.error().kind)) + ": " + answer.error().text;
  auto whole = co_await collect(std::move(answer->body), 100'000'000, deadline);
  if (!whole) co_return std::string(kindName(whole.error().kind)) + ": " + whole.error().text;
  co_return std::string(answer->message.view()) + "|" + std::string(whole->view());
}

std::string askNow(HttpWorld& world, PeerAddress to, std::string message, Body body = Bytes(),
                   Duration patience = 10s) {
  return runtime::runOn(world.loop(), ask(world, std::move(to), std::move(message), std::move(body), patience));
}

/// Waits for something that other threads bring about, but not for ever.
template <class Condition>
bool comesTrue(Condition condition) {
  const auto giveUp = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > giveUp) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

/// A listener that does with each connection what it is told, one after another.
class Misbehaving {
 public:
  explicit Misbehaving(std::function<void(int descriptor, int number)> serve)
      : listening_(*runtime::listenOn({"127.0.0.1"}, 0, 0s)), thread_([this, serve] { acceptAll(serve); }) {}
  ~Misbehaving() {
    ::shutdown(listening_.sockets.front().impl()->sockfd(), SHUT_RDWR);
    thread_.join();
  }
  PeerAddress address() const { return HttpWorld::at(listening_.port); }
  int connections() const { return connections_; }

  /// Reads until the request's bytes are here.
  static std::string receive(int descriptor, std::string_view until) {
    std::string came;
    std::array<char, 4096> room;
    while (came.find(until) == std::string::npos) {
      const auto got = ::recv(descriptor, room.data(), room.size(), 0);
      if (got <= 0) break;
      came.append(room.data(), static_cast<std::size_t>(got));
    }
    return came;
  }
  static void send(int descriptor, std::string_view text) {
    ::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL);
  }

 private:
  void acceptAll(const std::function<void(int, int)>& serve) {
    while (true) {
      pollfd waiting{listening_.sockets.front().impl()->sockfd(), POLLIN, 0};
      ::poll(&waiting, 1, -1);
      const runtime::Descriptor taken(::accept(listening_.sockets.front().impl()->sockfd(), nullptr, nullptr));
      if (!taken.open()) return;
      serve(taken.get(), ++connections_);
    }
  }

  runtime::Listening listening_;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

const std::string kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n" + std::string("\x02\0\0\0ok", 6);

TEST(HttpTransportTest, ConnectionsAreKeptForTheNextCall) {
  HttpWorld world;
  world.answerWith(sameAgain);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(askNow(world, world.address(), std::to_string(i)), std::to_string(i) + "|");
  EXPECT_EQ(world.server().counters().front()->connections.read(), 1U);
}

TEST(HttpTransportTest, AConnectionThatTheOtherEndClosedIsReplaced) {
  http::Settings limits;
  limits.idleTimeout = 20ms;
  limits.lingerTimeout = 20ms;  // it waits for us to close as well, and we have no reason to hurry
  HttpWorld world(std::nullopt, limits);
  world.answerWith(sameAgain);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(askNow(world, world.address(), "m"), "m|");
    EXPECT_TRUE(comesTrue([&] { return world.server().connections() == 0; }));
  }
  EXPECT_EQ(world.server().counters().front()->connections.read(), 3U);
}

TEST(HttpTransportTest, UnusedConnectionsAreClosedAfterAWhile) {
  Settings settings;
  settings.idleAge = 40ms;
  HttpWorld world(std::nullopt, {}, settings);
  world.answerWith(sameAgain);
  EXPECT_EQ(askNow(world, world.address(), "m"), "m|");
  EXPECT_TRUE(comesTrue([&] { return world.server().connections() == 0; }));
}

TEST(HttpTransportTest, AMessageThatMayHaveArrivedIsNotSentAgain) {
  HttpWorld world;
  Misbehaving other([](int descriptor, int) {
    Misbehaving::receive(descriptor, "first");
    Misbehaving::send(descriptor, kAnswer);
    Misbehaving::receive(descriptor, "second");  // and closes
  });
  EXPECT_EQ(askNow(world, other.address(), "first"), "ok|");
  const std::string second = askNow(world, other.address(), "second");
  EXPECT_TRUE(second.starts_with("unknown: ")) << second;
  EXPECT_EQ(other.connections(), 1);
}

TEST(HttpTransportTest, WhatIsNoHttpIsAnErrorAndSaysSo) {
  HttpWorld world;
  for (const std::string text :
       {"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\n\r\n\x02", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"}) {
    Misbehaving other([&text](int descriptor, int) {
      Misbehaving::receive(descriptor, "hello");
      Misbehaving::send(descriptor, text);
    });
    const std::string answer = askNow(world, other.address(), "hello");
    EXPECT_TRUE(answer.starts_with("unknown: ")) << answer;
    EXPECT_NE(answer.find("no node"), std::string::npos) << answer;
  }
}

TEST(HttpTransportTest, AnAnswerThatIsNotFramedAsAMessageIsAnError) {
  HttpWorld world;
  for (const std::string& body :
       {std::string("\x09\0\0\0ok", 6), std::string("\x01", 1), std::string("\xff\xff\xff\xff??", 6)}) {
    Misbehaving other([&body](int descriptor, int) {
      Misbehaving::receive(descriptor, "hello");
      Misbehaving::send(descriptor,
                        "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    });
    const std::string answer = askNow(world, other.address(), "hello");
    EXPECT_TRUE(answer.starts_with("unknown: ")) << answer;
  }
}

TEST(HttpTransportTest, AnAnswerThatDripsArrives) {
  HttpWorld world;
  Misbehaving other([](int descriptor, int) {
    Misbehaving::receive(descriptor, "hello");
    Misbehaving::send(descriptor, "HTTP/1.1 100 Continue\r\n\r\n");
    for (const char byte : kAnswer) {
      Misbehaving::send(descriptor, {&byte, 1});
      std::this_thread::yield();
    }
    Misbehaving::receive(descriptor, "again");
    Misbehaving::send(descriptor, kAnswer);
  });
  EXPECT_EQ(askNow(world, other.address(), "hello"), "ok|");
  EXPECT_EQ(askNow(world, other.address(), "again"), "ok|");
  EXPECT_EQ(other.connections(), 1);
}

TEST(HttpTransportTest, AWrongSecretIsUnavailableInWordsAndNeverHandled) {
  HttpWorld world("the ring's");
  std::atomic<int> handled = 0;
  world.answerWith([&handled](Call request, Deadline deadline) {
    ++handled;
    return sameAgain(std::move(request), deadline);
  });
  EXPECT_EQ(askNow(world, world.address(), "m"), "m|");
  world.ownSecret().set("another");
  const std::string refused = askNow(world, world.address(), "m");
  EXPECT_TRUE(refused.starts_with("unavailable: ")) << refused;
  EXPECT_NE(refused.find("the secret is wrong"), std::string::npos) << refused;
  EXPECT_EQ(handled, 1);
}

TEST(HttpTransportTest, ARefusalComesThroughWhileALargeBodyIsSent) {
  HttpWorld world("the ring's");
  world.ownSecret().set(std::nullopt);
  const std::string refused = askNow(world, world.address(), "m", Bytes(std::string(20'000'000, 'x')));
  EXPECT_TRUE(refused.starts_with("unavailable: ")) << refused;
  EXPECT_NE(refused.find("the secret is wrong"), std::string::npos) << refused;
}

TEST(HttpTransportTest, NamesAreLookedUpAndEachAddressIsTried) {
  HttpWorld world;
  world.answerWith(sameAgain);
  const std::string port = std::to_string(world.server().port());
  EXPECT_EQ(askNow(world, {std::nullopt, "localhost:" + port}, "m"), "m|");
  for (const std::string nowhere : {"no-such-name.invalid:1", "no port", "localhost:0", ":1"}) {
    const std::string answer = askNow(world, {std::nullopt, nowhere}, "m");
    EXPECT_TRUE(answer.starts_with("unavailable: ")) << answer;
  }
}

TEST(HttpTransportTest, WhoDoesNotTakeTheConnectionIsUnavailableByTheDeadline) {
  const runtime::Descriptor listening(::socket(AF_INET, SOCK_STREAM, 0));
  const Poco::Net::SocketAddress any("127.0.0.1", 0);
  ASSERT_EQ(::bind(listening.get(), any.addr(), any.length()), 0);
  ASSERT_EQ(::listen(listening.get(), 0), 0);
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  ASSERT_EQ(::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&bound), &size), 0);
  std::vector<runtime::Descriptor> fill;  // the queue of those who wait is full then
  for (int i = 0; i < 4; ++i) {
    fill.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    ::connect(fill.back().get(), reinterpret_cast<sockaddr*>(&bound), size);
  }
  HttpWorld world;
  const auto before = std::chrono::steady_clock::now();
  const std::string answer = askNow(world, HttpWorld::at(ntohs(bound.sin_port)), "m", Bytes(), 100ms);
  EXPECT_TRUE(answer.starts_with("unavailable: ")) << answer;
  EXPECT_NE(answer.find("timed out"), std::string::npos) << answer;
  EXPECT_LT(std::chrono::steady_clock::now() - before, 5s);
}

TEST(HttpTransportTest, AStreamThatWasSentIsNotAnsweredForEver) {
  Settings settings;
  settings.stall = 30ms;
  HttpWorld world(std::nullopt, {}, settings);
  Misbehaving frozen([](int descriptor, int) { Misbehaving::receive(descriptor, "what it never gets"); });
  const auto before = std::chrono::steady_clock::now();
  const std::string answer = askNow(world, frozen.address(), "m", sourceOf(Bytes(std::string("a stream"))), 24h);
  EXPECT_TRUE(answer.starts_with("unknown: ") && answer.find("in time") != std::string::npos) << answer;
  EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
}

TEST(HttpTransportTest, MoreCallsThanConnectionsWaitForOne) {
  Settings settings;
  settings.mostOpen = 2;
  HttpWorld world(std::nullopt, {}, settings);
  world.answerWith(sameAgain);
  runtime::runOn(world.loop(), [](HttpWorld& at) -> Task<> {
    Gate gate(at.loop());
    int right = 0;
    for (int i = 0; i < 50; ++i) {
      gate.spawn([](HttpWorld& there, int number, int& count) -> Task<> {
        const std::string answer = co_await ask(there, there.address(), std::to_string(number));
        if (answer == std::to_string(number) + "|") ++count;
      }(at, i, right));
    }
    co_await gate.close();
    EXPECT_EQ(right, 50);
  }(world));
  EXPECT_LE(world.server().counters().front()->connections.read(), 2U);
}

TEST(HttpTransportTest, WhoWaitsForAConnectionHasADeadlineToo) {
  Settings settings;
  settings.mostOpen = 1;
  HttpWorld world(std::nullopt, {}, settings);
  runtime::runOn(world.loop(), [](HttpWorld& at) -> Task<> {
    Gate gate(at.loop());
    gate.spawn(
        [](HttpWorld& there) -> Task<> { co_await ask(there, there.silentAddress(), "first", Bytes(), 200ms); }(at));
    co_await yieldNow();
    const std::string second = co_await ask(at, at.silentAddress(), "second", Bytes(), 20ms);
    EXPECT_TRUE(second.starts_with("not-done: ")) << second << ": it was no word of the node";
    co_await gate.close();
  }(world));
}

TEST(HttpTransportTest, MoreCallsThanMayWaitFailAtOnce) {
  Settings settings;
  settings.mostOpen = 1;
  settings.mostWaiting = 1;
  HttpWorld world(std::nullopt, {}, settings);
  runtime::runOn(world.loop(), [](HttpWorld& at) -> Task<> {
    Gate gate(at.loop());
    for (const std::string name : {"under way", "waits"}) {
      gate.spawn([](HttpWorld& there, std::string message) -> Task<> {
        co_await ask(there, there.silentAddress(), std::move(message), Bytes(), 200ms);
      }(at, name));
      co_await yieldNow();
    }
    const Time begun = at.loop().now();
    const std::string third = co_await ask(at, at.silentAddress(), "too many", Bytes(), 60s);
    EXPECT_TRUE(third.starts_with("not-done: ")) << third;
    EXPECT_LT(at.loop().now() - begun, 10s);
    co_await gate.close();
  }(world));
}

TEST(HttpTransportTest, StreamsLeaveOtherCallsTheirConnectionsAndAreBoundedThemselves) {
  Settings settings;
  settings.mostOpen = 1;
  settings.mostStreams = 1;
  HttpWorld world(std::nullopt, {}, settings);
  world.answerWith(sameAgain);
  const Bytes large(std::string(3'000'000, 'x'));
  const auto fetch = [&world, &large] {
    const Deadline deadline = std::chrono::steady_clock::now() + 10s;
    return runtime::runOn(world.loop(), world.transport().call(world.address(), Call{Bytes(), large}, deadline));
  };
  auto stream = fetch();
  ASSERT_TRUE(stream) << stream.error().text;
  EXPECT_EQ(askNow(world, world.address(), "small", Bytes(), 10s), "small|") << "while the stream is under way";
  const auto second = fetch();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, Kind::NotDone) << second.error().text;
  const auto body = runtime::runOn(
      world.loop(), collect(std::move(stream->body), large.size(), std::chrono::steady_clock::now() + 10s));
  ASSERT_TRUE(body);
  EXPECT_TRUE(*body == large);
  EXPECT_TRUE(fetch()) << "the place is free again";
}

TEST(HttpTransportTest, StoppingBreaksOffWhatIsUnderWay) {
  HttpWorld world;
  std::string answer;
  std::thread caller([&] { answer = askNow(world, world.silentAddress(), "m", Bytes(), 60s); });
  const auto before = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(20ms);  // whether it is under way by then or not, it must return
  runtime::runOn(world.loop(), static_cast<HttpTransport&>(world.transport()).stop());
  caller.join();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 30s);
  EXPECT_TRUE(answer.starts_with("unknown: ") || answer.starts_with("unavailable: ")) << answer;
}

TEST(HttpTransportTest, AnAnswersBodyMayBePulledAndDestroyedOnAnotherLoop) {
  HttpWorld world;
  world.answerWith(sameAgain);
  const std::string large(3'000'000, 'x');
  for (const bool toTheEnd : {true, false}) {
    auto answer = runtime::runOn(world.loop(), world.transport().call(world.address(), Call{Bytes(), Bytes(large)},
                                                                      std::chrono::steady_clock::now() + 10s));
    ASSERT_TRUE(answer);
    runtime::runOn(world.serverLoop(), [](Body body, bool all, std::size_t size) -> Task<> {
      const auto source = std::move(std::get<std::unique_ptr<ByteSource>>(body));
      std::size_t came = 0;
      while (true) {
        auto piece = co_await source->next(Time::max());
        EXPECT_TRUE(piece.ok());
        if (!piece || piece->empty() || !all) break;
        came += piece->size();
      }
      EXPECT_TRUE(!all || came == size);
    }(std::move(answer->body), toTheEnd, large.size()));
  }
  EXPECT_EQ(askNow(world, world.address(), "next"), "next|");
}

/// A value in a file that knows which of its chunks are bad.
class FileBlob final : public Blob {
 public:
  explicit FileBlob(const std::string& text, std::uint64_t badFrom = ~std::uint64_t{0})
      : file_(::memfd_create("value", MFD_CLOEXEC)), size_(text.size()), badFrom_(badFrom) {
    EXPECT_EQ(::pwrite(file_.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }
  std::uint64_t size() const override { return size_; }
  Task<Result<Bytes>> read(std::uint64_t, std::size_t, Deadline) const override {
    co_return Error{Kind::Io, "the kernel reads this one"};
  }
  Task<Result<>> verify(std::uint64_t offset, std::uint64_t length, Deadline) const override {
    if (offset + length > badFrom_) co_return Error{Kind::Corrupt, "a bad chunk"};
    co_return Result<>();
  }
  int file() const noexcept override { return file_.get(); }

 private:
  runtime::Descriptor file_;
  std::uint64_t size_;
  std::uint64_t badFrom_;
};

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23 + i / 1000 % 3);
  return text;
}

TEST(HttpTransportTest, FilesAreSentByTheKernelBothWays) {
  HttpWorld world;
  const std::string text = pattern(2'000'000);
  const auto blob = std::make_shared<FileBlob>(text);
  world.answerWith([blob](Call request, Deadline deadline) -> Task<Result<Call>> {
    auto body = co_await collect(std::move(request.body), 100'000'000, deadline);
    if (!body) co_return body.error();
    const bool same = body->view() == pattern(2'000'000).substr(300'001, 1'500'000);
    co_return Call{Bytes(std::string(same ? "same" : "other")), Region{blob, 123'457, 1'000'003}};
  });
  const std::string answer = askNow(world, world.address(), "m", Region{blob, 300'001, 1'500'000});
  EXPECT_TRUE(answer == "same|" + text.substr(123'457, 1'000'003));
}

TEST(HttpTransportTest, ABadChunkIsNeverSent) {
  HttpWorld world;
  const auto blob = std::make_shared<FileBlob>(pattern(2'000'000), 1'500'000);  // behind what is verified first
  int whole = 0;
  int broken = 0;
  world.answerWith([&whole, &broken, blob](Call request, Deadline deadline) -> Task<Result<Call>> {
    auto body = co_await collect(std::move(request.body), 100'000'000, deadline);
    ++(body ? whole : broken);
    co_return Call{Bytes(), Region{blob, 0, 2'000'000}};
  });
  const std::string sent = askNow(world, world.address(), "m", Region{blob, 0, 2'000'000});
  EXPECT_TRUE(sent.starts_with("unknown: ") && sent.find("a bad chunk") != std::string::npos) << sent;
  const std::string received = askNow(world, world.address(), "m");
  EXPECT_TRUE(received.starts_with("unavailable: ")) << received.substr(0, 200);
  world.stopServer();
  EXPECT_EQ(whole, 1);
  EXPECT_EQ(broken, 1);
}

}  // namespace
}  // namespace mydht::peer::testing
