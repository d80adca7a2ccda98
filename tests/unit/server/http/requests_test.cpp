// Proves that connections are framed strictly: what is malformed is refused and the connection closed, whatever
// follows; heads have a deadline as a whole; requests that come together are answered in order. How: raw bytes over
// loopback.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/unit/server/http/world.h"

namespace mydht::http::testing {
namespace {

TEST(RequestTest, AGetIsAnsweredWithDateLengthAndBodyAndTheConnectionStaysOpen) {
  World world(echo);
  Client client(world);
  for (int i = 0; i < 3; ++i) {
    client.send(get("/some/key?x=1"));
    const Answer answer = client.answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "GET /some/key ");
    EXPECT_TRUE(answer.has("\r\nDate: "));
    EXPECT_TRUE(answer.has("\r\nContent-Length: 14\r\n"));
    EXPECT_FALSE(answer.has("Connection:"));
  }
}

TEST(RequestTest, ARequestThatComesByteByByteIsAnswered) {
  World world(echo);
  Client client(world);
  for (const char byte : get("/slow")) client.send({&byte, 1});
  EXPECT_EQ(client.answer().body, "GET /slow ");
}

TEST(RequestTest, AHeadNearTheLimitIsReadAndOneBeyondItIsRefused) {
  World world(echo);
  {
    Client client(world);
    client.send(get("/long", "X-Long: " + std::string(32'000, 'x') + "\r\n") + get("/next"));
    EXPECT_EQ(client.answer().body, "GET /long ");
    EXPECT_EQ(client.answer().body, "GET /next ");
  }
  Client client(world);
  client.send(get("/long", "X-Long: " + std::string(33'000, 'x') + "\r\n"));
  EXPECT_EQ(client.answer().status, 431);
  EXPECT_TRUE(client.closed());
}

TEST(RequestTest, TheConnectionClosesWhenTheClientAsksForItOrSpeaksHttp10) {
  World world(echo);
  Client asking(world);
  asking.send(get("/", "Connection: close\r\n"));
  EXPECT_TRUE(asking.answer().has("\r\nConnection: close\r\n"));
  asking.endSending();
  EXPECT_TRUE(asking.closed());
  Client old(world);
  old.send("GET /old HTTP/1.0\r\n\r\n");
  const Answer answer = old.answer();
  EXPECT_EQ(answer.body, "GET /old ");
  EXPECT_TRUE(answer.has("\r\nConnection: close\r\n"));
  old.endSending();
  EXPECT_TRUE(old.closed());
}

TEST(RequestTest, RequestsThatCameTogetherAreAnsweredInOrderWithOneSend) {
  World world(echo);
  Client client(world);
  std::string requests;
  for (int i = 0; i < 50; ++i) requests += get("/" + std::to_string(i));
  client.send(requests);
  const std::string first = client.receive();
  std::size_t at = 0;
  for (int i = 0; i < 50; ++i) {
    at = first.find("\r\n\r\nGET /" + std::to_string(i) + " ", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST(RequestTest, ThousandsOfPipelinedRequestsAreAllAnswered) {
  World world(echo);
  Client client(world);
  std::thread sender([&client] {
    std::string requests;
    for (int i = 0; i < 5000; ++i) requests += get("/" + std::to_string(i));
    client.send(requests);
  });
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(client.answer().body, "GET /" + std::to_string(i) + " ");
  sender.join();
}

Task<Response> sleepOnSlow(Request& request, std::atomic<bool>& release) {
  const std::string path(request.path());
  while (path == "/slow" && !release) co_await sleepUntil(request.loop().now() + 1ms);
  co_return respond(200, "text/plain", path);
}

TEST(RequestTest, AnAnswerGoesOutWhileThePipelinedRequestBehindItStillSleeps) {
  std::atomic<bool> release = false;
  World world([&release](Request& request) { return sleepOnSlow(request, release); });
  Client client(world);
  client.send(get("/fast") + get("/slow"));
  EXPECT_EQ(client.answer().body, "/fast");
  release = true;
  EXPECT_EQ(client.answer().body, "/slow");
}

struct Malformed {
  const char* what;
  std::string bytes;
  int status;
};

std::vector<Malformed> malformed() {
  const std::string post = "POST /p HTTP/1.1\r\nHost: a\r\n";
  return {
      {"no HTTP", "hello\r\n\r\n", 400},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01", 6), 400},
      {"no version", "GET /\r\n\r\n", 400},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\n", 400},
      {"a later major version", "GET / HTTP/3.0\r\n\r\n", 505},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
      {"space before colon", "GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", 400},
      {"obs-fold", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400},
      {"bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400},
      {"bare CR", "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", 400},
      {"NUL", "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(1, '\0') + "\r\n\r\n", 400},
      {"length and chunked", post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"two lengths", post + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd", 400},
      {"signed length", post + "Content-Length: +4\r\n\r\nabcd", 400},
      {"negative length", post + "Content-Length: -1\r\n\r\nabcd", 400},
      {"length beyond 64 bits", post + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {"unknown coding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {"chunked in 1.0", "POST /p HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"another Expect", post + "Content-Length: 1\r\nExpect: magic\r\n\r\n", 417},
  };
}

TEST(RequestTest, WhatIsMalformedIsRefusedAndWhatFollowsItIsNeverARequest) {
  std::atomic<int> handled = 0;
  World world([&handled](Request& request) {
    ++handled;
    return echo(request);
  });
  for (const Malformed& one : malformed()) {
    Client client(world);
    client.send(one.bytes + get("/smuggled"));
    const Answer answer = client.answer();
    const bool refused = answer.status == one.status || (answer.status == 400 && one.status == 501);
    EXPECT_TRUE(refused) << one.what << ": " << answer.status;
    EXPECT_TRUE(answer.has("Connection: close\r\n")) << one.what;
    EXPECT_TRUE(answer.has("application/problem+json")) << one.what;
    EXPECT_TRUE(client.closed()) << one.what;
  }
  EXPECT_EQ(handled, 0);
}

/// Requests of every kind in one stream, and the answers that they must get.
std::string mixedStream(std::vector<std::string>& expected) {
  std::string stream;
  for (const std::size_t size : {0, 1, 5, 900, 9'000, 20'000}) {
    const std::string body(size, static_cast<char>('a' + size % 7));
    const std::string filler = "X-Filler: " + std::string(size / 2, 'f') + "\r\n";
    stream += get("/get" + std::to_string(size), filler);
    expected.push_back("GET /get" + std::to_string(size) + " ");
    stream +=
        "PUT /put HTTP/1.1\r\nHost: a\r\n" + filler + "Content-Length: " + std::to_string(size) + "\r\n\r\n" + body;
    expected.push_back("PUT /put " + body);
    stream += "PUT /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0; at < size; at += 777) {
      const auto piece = std::string_view(body).substr(at, 777);
      stream += std::string(ChunkLine(piece.size()).text()) + std::string(piece) + "\r\n";
    }
    stream += kLastChunk;
    expected.push_back("PUT /chunked " + body);
  }
  return stream;
}

TEST(RequestTest, HoweverTheBytesAreCutTheAnswersAreTheSame) {
  World world(echo);
  std::vector<std::string> expected;
  const std::string stream = mixedStream(expected);
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::minstd_rand random(seed);
    Client client(world);
    std::thread sender([&] {
      for (std::size_t at = 0; at < stream.size();) {
        const std::size_t length = 1 + random() % (seed % 2 == 0 ? 50 : 30'000);
        client.send(std::string_view(stream).substr(at, length));
        at += length;
        if (random() % 3 == 0) std::this_thread::yield();
      }
    });
    for (const std::string& body : expected) EXPECT_EQ(client.answer().body, body);
    sender.join();
  }
}

TEST(RequestTest, OtherClientsAreNotDisturbedByAMalformedOne) {
  World world(echo);
  Client good(world);
  Client bad(world);
  good.send(get("/one"));
  EXPECT_EQ(good.answer().status, 200);
  bad.send("\r\n\r\n\r\nnonsense\r\n\r\n");
  EXPECT_EQ(bad.answer().status, 400);
  good.send(get("/two"));
  EXPECT_EQ(good.answer().body, "GET /two ");
}

TEST(RequestTest, ASlowHeadIsEndedByItsDeadlineHoweverItsBytesDrip) {
  Settings settings;
  settings.headTimeout = 60ms;
  World world(echo, settings);
  Client client(world);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n");
  std::atomic<bool> ended = false;
  std::thread dripping([&] {
    while (!ended) {
      client.send("X");
      std::this_thread::sleep_for(10ms);
    }
  });
  const auto begin = std::chrono::steady_clock::now();
  const Answer answer = client.answer();
  ended = true;
  dripping.join();
  EXPECT_EQ(answer.status, 408);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 40ms);
  client.endSending();
  EXPECT_TRUE(client.receiveAll().empty());
}

TEST(RequestTest, AnIdleConnectionIsClosedWithoutAWord) {
  Settings settings;
  settings.idleTimeout = 30ms;
  World world(echo, settings);
  Client fresh(world);
  EXPECT_TRUE(fresh.closed());
  Client used(world);
  used.send(get("/"));
  EXPECT_EQ(used.answer().status, 200);
  EXPECT_TRUE(used.closed());
}

TEST(RequestTest, AHeadThatBreaksOffIsDropped) {
  World world(echo);
  Client client(world);
  client.send("GET / HTTP/1.1\r\nHo");
  client.endSending();
  EXPECT_TRUE(client.closed());
}

TEST(RequestTest, HandlersSeeWhoAsksAndHowLongTheyHave) {
  Settings settings;
  settings.requestTimeout = 7s;
  World world(
      [](Request& request) -> Task<Response> {
        const auto left = request.deadline() - request.loop().now();
        const bool right = left == 7s && request.loop().onOwnThread() && request.header("x-test") == "yes";
        const std::string& from = request.remote().address;
        co_return respond(right ? 200 : 500, "text/plain", from + (request.remote().loopback ? " here" : " elsewhere"));
      },
      settings);
  Client client(world);
  client.send(get("/", "X-Test: yes\r\n"));
  const Answer answer = client.answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "127.0.0.1 here");
}

}  // namespace
}  // namespace mydht::http::testing
