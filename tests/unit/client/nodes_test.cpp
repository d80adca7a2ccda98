// Proves when the client asks the next node by itself: only where that cannot do a thing twice. And that it never waits
// without end: for a node that is not there, one that says nothing, or one that takes nothing.

#include "client/nodes.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/unit/client/client_process.h"
#include "tests/unit/client/scripted_server.h"

namespace mydht::client {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using When = Scene::When;

const std::string kNotDone =
    R"({"title":"Service Unavailable","status":503,"detail":"no quorum","outcome":"not-done"})";
const std::string kUnknown =
    R"({"title":"Service Unavailable","status":503,"detail":"one node was lost","outcome":"unknown"})";
const std::string kCannotSay = R"({"title":"Service Unavailable","status":503,"detail":"no quorum"})";

Ran ask(const std::string& hosts, std::vector<std::string> words, const std::string& input = "") {
  words.insert(words.begin(), {"-h", hosts, "--timeout", "1"});
  return runClient(words, input);
}

std::string nobody() {
  return "127.0.0.1:" + std::to_string(closedPort());
}

void expectOutput(const Ran& ran, const std::string& out) {
  EXPECT_EQ(ran.out, out);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.exit, 0);
}

/// Two nodes: what a request to the first ends with, and whether the second heard of it.
struct Two {
  Two(Scene first, std::string second) : a({std::move(first)}), b({{.answer = std::move(second)}}) {}

  std::string hosts() const { return a.address() + "," + b.address(); }

  ScriptedServer a;
  ScriptedServer b;
};

TEST(NextNode, IsAskedWhenTheFirstCannotBeReached) {
  ScriptedServer server({{.answer = answerOf(201, "")}, {.answer = valueAnswer("v")}});
  expectOutput(ask(nobody() + "," + server.address(), {"put", "k", "-val", "v"}), "PUT OK k\n");
  expectOutput(ask(nobody() + "," + server.address(), {"get", "k"}), "v\n");
}

TEST(NextNode, IsAskedWhenTheFirstSaysThatNothingWasDone) {
  Two byBody({.answer = problemAnswer(503, kNotDone)}, answerOf(201, ""));
  expectOutput(ask(byBody.hosts(), {"put", "k", "-val", "v"}), "PUT OK k\n");
  EXPECT_EQ(byBody.b.heard(1)[0].body, "v");
  Two byField({.answer = answerOf(503, "", "Mydht-Outcome: not-done\r\n")}, "HTTP/1.1 204 No Content\r\n\r\n");
  expectOutput(ask(byField.hosts(), {"del", "k"}), "DEL OK k\n");
}

TEST(NextNode, IsAskedWhenTheRequestWasNotWhollySent) {
  const TestFolder folder;
  const std::string bytes(20'000'000, 'x');
  const std::string file = folder.write("f", bytes);
  Two hangsUp({.answer = "", .when = When::HangUp}, answerOf(201, ""));
  expectOutput(ask(hangsUp.hosts(), {"put", "k", "-f", file}), "PUT OK k\n");
  EXPECT_TRUE(hangsUp.b.heard(1)[0].body == bytes);
  Two stalls({.answer = "", .when = When::Stall}, answerOf(201, ""));
  expectOutput(ask(stalls.hosts(), {"put", "k", "-f", file}), "PUT OK k\n");
  EXPECT_TRUE(stalls.b.heard(1)[0].body == bytes);
}

TEST(NextNode, IsNotAskedWhenTheFirstMayHaveDoneIt) {
  Two says({.answer = problemAnswer(503, kUnknown)}, answerOf(201, ""));
  const Ran said = ask(says.hosts(), {"put", "k", "-val", "v"});
  EXPECT_EQ(said.exit, 1);
  EXPECT_EQ(said.out, "");
  EXPECT_EQ(
      said.err,
      "Service Unavailable: one node was lost; the value may be stored already or may appear later: put it again, "
      "or delete the key\n");
  EXPECT_EQ(says.b.connections(), 0);

  Two silent({.answer = "", .when = When::Never}, answerOf(201, ""));
  const Ran silence = ask(silent.hosts(), {"del", "k"});
  EXPECT_EQ(silence.exit, 1);
  EXPECT_EQ(silence.err,
            "no answer from " + silent.a.address() +
                ": nothing came for 1 s; the delete may have taken effect or may do so later: repeat it\n");
  EXPECT_EQ(silent.b.connections(), 0);

  Two closes({.answer = "", .closes = true}, answerOf(201, ""));
  const Ran closed = ask(closes.hosts(), {"put", "k", "-val", "v"});
  EXPECT_EQ(closed.exit, 1);
  EXPECT_THAT(closed.err,
              StartsWith("no answer from " + closes.a.address() + ": the connection was closed; the value"));
  EXPECT_EQ(closes.b.connections(), 0);
}

TEST(NextNode, IsNotAskedWhenTheFirstRefuses) {
  for (const int status : {400, 401, 403, 404, 412, 500, 503}) {
    Two two({.answer = answerOf(status, "")}, answerOf(201, ""));
    EXPECT_EQ(ask(two.hosts(), {"put", "k", "-val", "v"}).exit, 1) << status;
    EXPECT_EQ(two.b.connections(), 0) << status;
  }
}

TEST(NextNode, IsAskedForAReadAlsoWhenTheFirstCannotSayOrFallsSilent) {
  Two cannotSay({.answer = problemAnswer(503, kCannotSay)}, valueAnswer("v"));
  expectOutput(ask(cannotSay.hosts(), {"get", "k"}), "v\n");
  Two silent({.answer = "", .when = When::Never}, valueAnswer("v"));
  expectOutput(ask(silent.hosts(), {"get", "k"}), "v\n");
  Two closes({.answer = "", .closes = true}, valueAnswer("v"));
  expectOutput(ask(closes.hosts(), {"get", "k"}), "v\n");
}

TEST(NextNode, GetsStandardInputOnlyIfNoneOfItWasRead) {
  const std::string bytes(1'000'000, 'x');
  Two early({.answer = problemAnswer(503, kNotDone), .when = When::AfterHead}, answerOf(201, ""));
  expectOutput(ask(early.hosts(), {"put", "k", "-f", "-"}, bytes), "PUT OK k\n");
  EXPECT_TRUE(early.b.heard(1)[0].body == bytes);
  Two late({.answer = problemAnswer(503, kNotDone)}, answerOf(201, ""));
  const Ran ran = ask(late.hosts(), {"put", "k", "-f", "-"}, bytes);
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.err, "Service Unavailable: no quorum\n");
  EXPECT_EQ(late.b.connections(), 0);
}

TEST(NextNode, EveryReasonIsToldWhenNoneCould) {
  const std::string first = nobody();
  const std::string second = nobody();
  const Ran ran = ask(first + "," + second, {"get", "k"});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.err,
            "cannot reach " + first + ": Connection refused; cannot reach " + second + ": Connection refused\n");
}

TEST(EarlyRefusal, IsHeardBeforeTheBodyIsSent) {
  const TestFolder folder;
  const std::string file = folder.write("f", std::string(20'000'000, 'x'));
  ScriptedServer server(
      {{.answer = problemAnswer(413, R"({"title":"Too Large","status":413,"detail":"no"})"), .when = When::AfterHead}});
  const Ran ran = ask(server.address(), {"put", "k", "-f", file});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.err, "Too Large: no\n");
  EXPECT_EQ(server.heard(1)[0].body, "");
}

TEST(EarlyRefusal, IsHeardWhileTheBodyIsSent) {
  const TestFolder folder;
  const std::string bytes(200'000'000, 'x');
  const std::string file = folder.write("f", bytes);
  ScriptedServer server(
      {{.answer = problemAnswer(507, R"({"title":"Full","status":507,"detail":"disk"})"), .when = When::InBody}});
  const Ran ran = ask(server.address(), {"put", "k", "-f", file});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.err, "Full: disk\n");
  EXPECT_LT(server.heard(1)[0].body.size(), bytes.size());
}

TEST(EarlyRefusal, OfAnAnswerThatPretendsSuccessIsNoSuccess) {
  const TestFolder folder;
  const std::string file = folder.write("f", std::string(20'000'000, 'x'));
  ScriptedServer server({{.answer = answerOf(201, ""), .when = When::AfterHead}});
  const Ran ran = ask(server.address(), {"put", "k", "-f", file});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("answered before it had the whole request; the value may be stored"));
}

/// Runs a get against a node that is not there and expects the reason within 3 s.
void expectUnreachable(const std::string& host, const std::string& shown, const std::string& reason) {
  const auto begin = std::chrono::steady_clock::now();
  const Ran ran = runClient({"-h", host, "get", "k"});
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, StartsWith("cannot reach " + shown + ": " + reason));
  EXPECT_EQ(ran.err.find('\n'), ran.err.size() - 1);
  EXPECT_LT(took, std::chrono::seconds(3));
}

TEST(UnreachableNode, IsToldWithItsReasonInUnder3Seconds) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "the C library looks names up in a thread of its own, which TSan does not know and crashes on";
#endif
#endif
  const std::string port = std::to_string(closedPort());
  expectUnreachable("127.0.0.1:" + port, "127.0.0.1:" + port, "Connection refused\n");
  expectUnreachable("localhost:" + port, "localhost:" + port, "Connection refused\n");
  expectUnreachable("no-such-host.invalid", "no-such-host.invalid:50140", "");
  expectUnreachable("[::1]:" + port, "[::1]:" + port, "");
}

/// A listener whose queue is full: the kernel drops further connections without a word, as a dead machine does.
class SilentPort {
 public:
  SilentPort() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address_), size), 0);
    EXPECT_EQ(::listen(listener_, 0), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &size), 0);
    for (int& waiting : waiting_) {
      waiting = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      ::connect(waiting, reinterpret_cast<sockaddr*>(&address_), size);
    }
  }
  ~SilentPort() {
    for (const int waiting : waiting_) ::close(waiting);
    ::close(listener_);
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(ntohs(address_.sin_port)); }

 private:
  int listener_;
  int waiting_[4];
  sockaddr_in address_{};
};

TEST(UnreachableNode, ThatSaysNothingAtAllIsGivenUpInUnder3Seconds) {
  const SilentPort silent;
  expectUnreachable(silent.address(), silent.address(), "no answer: it is off, or a firewall drops this port\n");
}

TEST(ConnectionOfNodes, IsUsedAgainAndMadeAgainWhenTheNodeClosedIt) {
  ScriptedServer server(
      {{.answer = valueAnswer("1")}, {.answer = valueAnswer("2"), .closes = true}, {.answer = valueAnswer("3")}});
  Nodes nodes({{"127.0.0.1", server.port()}}, Patience{}, std::nullopt);
  Request request;
  request.target = "/k";
  for (const char* value : {"1", "2", "3"}) {
    const auto answer = nodes.ask(request);
    ASSERT_TRUE(answer.ok()) << answer.error().text;
    EXPECT_EQ(answer->body, value);
    if (*value == '2') {
      EXPECT_EQ(server.connections(), 1);
      server.awaitClosed(1);
    }
  }
  EXPECT_EQ(server.connections(), 2);
}

TEST(ConnectionOfNodes, KeepsNoAnswerBeyondItsBound) {
  ScriptedServer server({{.answer = answerOf(200, std::string(2'000'000, 'x'))}});
  Nodes nodes({{"127.0.0.1", server.port()}}, Patience{}, std::nullopt);
  Request request;
  request.target = "/k";
  const auto answer = nodes.ask(request);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind, Kind::Corrupt);
}

}  // namespace
}  // namespace mydht::client
