// Proves that a request's body reaches its handler whole or as an error, is held back by who does not pull, and is
// never taken for a request, read or unread. How: raw bytes over loopback, bodies that break off, stall or hide
// requests.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "tests/unit/server/http/world.h"

namespace mydht::http::testing {
namespace {

std::string put(std::string_view body, std::string_view lines = {}) {
  return "PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(lines) +
         "\r\n" + std::string(body);
}

const std::string kChunkedHead = "PUT /k HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23 + i / 1000 % 3);
  return text;
}

TEST(BodyTest, ABodyOfKnownLengthArrivesAndTheNextRequestIsFoundBehindIt) {
  World world(echo);
  Client client(world);
  client.send(put("value") + put("") + get("/next"));
  EXPECT_EQ(client.answer().body, "PUT /k value");
  EXPECT_EQ(client.answer().body, "PUT /k ");
  EXPECT_EQ(client.answer().body, "GET /next ");
}

TEST(BodyTest, AChunkedBodyArrivesAndTheNextRequestIsFoundBehindIt) {
  World world(echo);
  Client client(world);
  client.send(kChunkedHead + "3\r\nval\r\n2;x=y\r\nue\r\n0\r\nTrailer: t\r\n\r\n" + get("/next"));
  EXPECT_EQ(client.answer().body, "PUT /k value");
  EXPECT_EQ(client.answer().body, "GET /next ");
}

TEST(BodyTest, AChunkedBodyThatDripsArrivesAndTheNextRequestIsFoundBehindIt) {
  World world(echo);
  Client client(world);
  for (const char byte : kChunkedHead + "3\r\nval\r\n2\r\nue\r\n0\r\n\r\n" + get("/next")) {
    client.send({&byte, 1});
    std::this_thread::yield();
  }
  EXPECT_EQ(client.answer().body, "PUT /k value");
  EXPECT_EQ(client.answer().body, "GET /next ");
}

TEST(BodyTest, LargeBodiesArriveWholeBothWays) {
  World world(echo);
  Client client(world);
  const std::string large = pattern(5'000'000);
  std::thread sender([&] {
    client.send(put(large));
    client.send(kChunkedHead);
    for (std::size_t at = 0; at < large.size(); at += 70'000) {
      const auto piece = std::string_view(large).substr(at, 70'000);
      client.send(std::string(ChunkLine(piece.size()).text()) + std::string(piece) + "\r\n");
    }
    client.send(std::string(kLastChunk) + get("/next"));
  });
  EXPECT_TRUE(client.answer().body == "PUT /k " + large);
  EXPECT_TRUE(client.answer().body == "PUT /k " + large);
  EXPECT_EQ(client.answer().body, "GET /next ");
  sender.join();
}

Task<Response> answerOnly(Request& request) {
  co_return respond(200, "text/plain", std::string(request.path()));
}

TEST(BodyTest, ABodyThatTheHandlerLeavesUnreadIsThrownAwayAndNeverARequest) {
  std::atomic<int> handled = 0;
  World world([&handled](Request& request) {
    ++handled;
    return answerOnly(request);
  });
  Client client(world);
  client.send(put(get("/smuggled")) + kChunkedHead + "1a\r\nGET /smuggled HTTP/1.1\r\n\r\n\r\n0\r\n\r\n" +
              get("/next"));
  EXPECT_EQ(client.answer().body, "/k");
  EXPECT_EQ(client.answer().body, "/k");
  EXPECT_EQ(client.answer().body, "/next");
  EXPECT_EQ(handled, 3);
}

TEST(BodyTest, ABodyTooLargeToThrowAwayClosesTheConnectionAndTheAnswerStillArrives) {
  World world(answerOnly);
  Client client(world);
  std::thread sender([&client] { client.send(put(pattern(3'000'000)) + get("/smuggled")); });
  const Answer answer = client.answer();
  EXPECT_EQ(answer.body, "/k");
  EXPECT_TRUE(answer.has("Connection: close\r\n"));
  sender.join();
  client.endSending();
  EXPECT_TRUE(client.receiveAll().empty());
  EXPECT_FALSE(client.wasReset()) << "a reset would destroy an answer that is still on its way";
}

TEST(BodyTest, AClientThatReadsOnlyOnceItHasSentAllGetsItsAnswerHoweverLongThatTakes) {
  Settings settings;
  settings.lingerTimeout = 700ms;
  World world(answerOnly, settings);
  Client client(world);
  client.send("PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n");
  for (int piece = 0; piece < 30; ++piece) {
    std::this_thread::sleep_for(40ms);
    client.send(pattern(100'000));
  }
  EXPECT_EQ(client.answer().body, "/k");
  client.endSending();
  EXPECT_FALSE(client.wasReset());
}

TEST(BodyTest, AnEndlessChunkedBodyThatNobodyReadsClosesTheConnection) {
  Settings settings;
  settings.lingerMost = 50ms;
  World world(answerOnly, settings);
  Client client(world);
  client.send(kChunkedHead);
  std::atomic<bool> ended = false;
  std::thread sender([&] {
    const std::string chunk = std::string(ChunkLine(10'000).text()) + std::string(10'000, 'x') + "\r\n";
    while (!ended) client.send(chunk);
  });
  EXPECT_EQ(client.answer().body, "/k");
  EXPECT_TRUE(client.receiveAll().empty());
  ended = true;
  sender.join();
}

TEST(BodyTest, ABodyThatBreaksOffIsAnErrorToTheHandlerAndAnsweredIfSomebodyListens) {
  World world(echo);
  Client client(world);
  client.send("PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nfive5");
  client.endSending();
  const Answer answer = client.answer();
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, "PUT /k error: the body broke off after 5 bytes");
  EXPECT_TRUE(client.closed());
  Client chunked(world);
  chunked.send(kChunkedHead + "5\r\nfive5\r\n");
  chunked.endSending();
  EXPECT_EQ(chunked.answer().body, "PUT /k error: the body broke off after 5 bytes");
}

TEST(BodyTest, BadChunkingIsAnErrorToTheHandlerAndClosesTheConnection) {
  World world(echo);
  for (const char* bad :
       {"x\r\n", "5\nvalue\r\n0\r\n\r\n", "5\r\nvalue0\r\n\r\n", "-1\r\n", "ffffffffffffffffff\r\n", " 5\r\n"}) {
    Client client(world);
    client.send(kChunkedHead + bad + get("/smuggled"));
    const Answer answer = client.answer();
    EXPECT_EQ(answer.status, 400) << bad;
    EXPECT_TRUE(answer.has("Connection: close\r\n")) << bad;
    client.endSending();
    EXPECT_TRUE(client.receiveAll().empty()) << bad;
  }
}

TEST(BodyTest, ABodyThatStallsIsAnErrorAfterItsTime) {
  Settings settings;
  settings.bodyStall = 30ms;
  World world(echo, settings);
  Client client(world);
  client.send("PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nfive5");
  EXPECT_EQ(client.answer().body, "PUT /k error: the body stalled after 5 bytes");
}

TEST(BodyTest, ABodyThatDripsForTooLongIsAnErrorHoweverOftenAByteComes) {
  Settings settings;
  settings.bodyStall = 100ms;
  World world(echo, settings);
  Client client(world);
  client.send("PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  std::atomic<bool> over = false;
  std::thread drip([&] {
    while (!over) {
      client.send("x");
      std::this_thread::sleep_for(5ms);
    }
  });
  const std::string body = client.answer().body;
  over = true;
  drip.join();
  EXPECT_EQ(body.find("PUT /k error: the body stalled after "), 0U) << body;
}

TEST(BodyTest, APullHasItsOwnDeadline) {
  World world([](Request& request) -> Task<Response> {
    const auto source = request.takeBody();
    auto piece = co_await source->next(request.loop().now() + 20ms);
    const bool late = !piece && piece.error().kind == Kind::Unavailable;
    co_return respond(late ? 200 : 500, "text/plain", "");
  });
  Client client(world);
  client.send("PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
  EXPECT_EQ(client.answer().status, 200);
}

TEST(BodyTest, ContinueIsSentWhenTheBodyIsFirstPulled) {
  World world(echo);
  Client client(world);
  client.send("PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.receive(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("value" + get("/next"));
  EXPECT_EQ(client.answer().body, "PUT /k value");
  EXPECT_EQ(client.answer().body, "GET /next ");
}

TEST(BodyTest, AClientThatSendsWithoutWaitingIsNotToldToContinue) {
  World world(echo);
  Client client(world);
  client.send("PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nvalue");
  EXPECT_EQ(client.answer().status, 200);
}

TEST(BodyTest, ARefusalWithoutAPullSendsNoContinueAndClosesSinceNobodyKnowsWhatComesNext) {
  World world([](Request&) -> Task<Response> { co_return respondProblem(403, "no"); });
  Client client(world);
  client.send("PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  const Answer answer = client.answer();
  EXPECT_EQ(answer.status, 403);
  EXPECT_TRUE(answer.has("Connection: close\r\n"));
}

TEST(BodyTest, WhoDoesNotPullHoldsTheClientBack) {
  std::atomic<bool> go = false;
  World world([&go](Request& request) -> Task<Response> {
    while (!go) co_await sleepUntil(request.loop().now() + 1ms);
    const std::string body = co_await pullAll(request);
    co_return respond(200, "text/plain", std::to_string(body.size()));
  });
  constexpr std::size_t kLarge = 64 * 1024 * 1024;
  Client client(world);
  std::atomic<std::size_t> sent = 0;
  std::thread sender([&] {
    client.send("PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(kLarge) + "\r\n\r\n");
    const std::string piece(64 * 1024, 'x');
    for (std::size_t at = 0; at < kLarge; at += piece.size()) {
      client.send(piece);
      sent += piece.size();
    }
  });
  std::size_t before = 1;
  while (before != sent) {  // until it does not move any more
    before = sent;
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_LT(sent, kLarge / 2) << "only the kernel's buffers take what nobody pulls";
  go = true;
  EXPECT_EQ(client.answer().body, std::to_string(kLarge));
  sender.join();
}

TEST(BodyTest, ABodyMayBePulledOnAnotherLoop) {
  World* pointer = nullptr;
  World world(
      [&pointer](Request& request) -> Task<Response> {
        co_await switchTo(pointer->loop(1));
        const std::string body = co_await pullAll(request);
        const bool there = pointer->loop(1).onOwnThread();
        co_return respond(there ? 200 : 500, "text/plain", std::to_string(body.size()));
      },
      {}, 2);
  pointer = &world;
  Client client(world);
  client.send(put(pattern(1'000'000)) + put("x"));
  Answer answer = client.answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "1000000");
  answer = client.answer();
  EXPECT_EQ(answer.body, "1");
}

Task<std::string> pullOnce(std::unique_ptr<ByteSource>& source) {
  auto piece = co_await source->next(Time::max());
  co_return piece ? "a piece" : piece.error().text;
}

TEST(BodyTest, ASourceKeptBeyondTheAnswerSaysStopped) {
  std::unique_ptr<ByteSource> kept;
  World world([&kept](Request& request) -> Task<Response> {
    if (request.method() == Method::Put) kept = request.takeBody();
    co_return respond(200, "text/plain", "done");
  });
  Client client(world);
  client.send(put("unread") + get("/next"));
  EXPECT_EQ(client.answer().body, "done");
  EXPECT_EQ(client.answer().body, "done");
  EXPECT_EQ(runtime::runOn(world.loop(), pullOnce(kept)), "the request was answered already");
}

Task<> closeGate(std::unique_ptr<Gate>& gate) {
  co_await gate->close();
  gate.reset();
}

TEST(BodyTest, APullStillUnderWayWhenTheAnswerIsSentIsBrokenOff) {
  std::string outcome = "none";
  std::unique_ptr<Gate> gate;
  World world([&](Request& request) -> Task<Response> {
    gate = std::make_unique<Gate>(request.loop());
    gate->spawn([](std::unique_ptr<ByteSource> source, std::string& to) -> Task<> {
      auto piece = co_await source->next(Time::max());
      to = piece ? "piece" : piece.error().text;
    }(request.takeBody(), outcome));
    co_await yieldNow();
    co_await yieldNow();
    co_return respond(200, "text/plain", "early");
  });
  Client client(world);
  client.send("PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
  EXPECT_EQ(client.answer().body, "early");
  EXPECT_TRUE(client.closed());
  runtime::runOn(world.loop(), closeGate(gate));
  EXPECT_EQ(outcome, "the body broke off after 0 bytes");
}

}  // namespace
}  // namespace mydht::http::testing
