// Proves what every implementation of the transport port promises: answers belong to their calls, bodies stream both
// ways whole or as an error, an early answer ends a body on its way, deadlines hold, and only what surely never reached
// the other node is Unavailable. How: one suite for each subject, a node that calls and a node that answers.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/result/limits.h"
#include "server/task/gate.h"
#include "server/task/signal.h"
#include "tests/unit/server/peer/transport_subject.h"

namespace mydht {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 10s;
constexpr std::size_t kLarge = 5'000'000;

std::string pattern(std::size_t size, std::size_t seed = 0) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i + seed) % 23 + i / 1000 % 3);
  return text;
}

/// A text in pieces, of known or unknown size, with an error at the end if one is wanted. May be pulled anywhere.
class TextSource final : public ByteSource {
 public:
  TextSource(std::string text, bool sized, std::optional<Error> end = std::nullopt)
      : text_(std::move(text)), sized_(sized), end_(std::move(end)) {}
  std::optional<std::uint64_t> size() const override {
    if (!sized_) return std::nullopt;
    return text_.size() + (end_ ? 1'000'000 : 0);
  }
  Task<Result<Bytes>> next(Deadline) override {
    co_await yieldNow();
    const std::string piece = text_.substr(at_, 100'000);
    at_ += piece.size();
    if (piece.empty() && end_) co_return *end_;
    co_return Bytes(piece);
  }

 private:
  std::string text_;
  bool sized_;
  std::optional<Error> end_;
  std::size_t at_ = 0;
};

/// Gives piece after piece and never ends; counts what was asked of it.
class EndlessSource final : public ByteSource {
 public:
  explicit EndlessSource(bool& destroyed) : destroyed_(destroyed) {}
  ~EndlessSource() override { destroyed_ = true; }
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  Task<Result<Bytes>> next(Deadline) override {
    co_await yieldNow();
    co_return piece_;
  }

 private:
  bool& destroyed_;
  Bytes piece_{std::string(100'000, 'x')};
};

Task<Result<Call>> echo(Call request, Deadline deadline) {
  auto body = co_await collect(std::move(request.body), 100'000'000, deadline);
  if (!body) co_return body.error();
  co_return Call{Bytes("re: " + std::string(request.message.view())), *body};
}

class TransportContract : public ::testing::TestWithParam<MakeTransportSubject> {
 public:
  void SetUp() override { subject_ = GetParam()(); }

  void run(std::function<Task<>()> make) { subject_->run(std::move(make)); }

  static Task<Deadline> soon(Duration patience = kPatience) {
    Executor& here = co_await currentExecutor();
    co_return here.now() + patience;
  }

  /// Waits for a condition of this executor, but not for ever.
  static Task<> untilTrue(const bool& condition) {
    const Deadline giveUp = co_await soon();
    Time now = co_await soon(0s);
    while (!condition && now < giveUp) {
      co_await sleepUntil(now + 1ms);
      now = co_await soon(0s);
    }
  }

  /// A call whose answer is collected.
  Task<Result<std::pair<std::string, std::string>>> ask(std::string message, Body body) {
    const Deadline deadline = co_await soon();
    auto answer = co_await subject_->transport().call(subject_->address(), {Bytes(message), std::move(body)}, deadline);
    if (!answer) co_return answer.error();
    auto whole = co_await collect(std::move(answer->body), 100'000'000, deadline);
    if (!whole) co_return whole.error();
    co_return std::pair(std::string(answer->message.view()), std::string(whole->view()));
  }

  std::unique_ptr<TransportSubject> subject_;
};

TEST_P(TransportContract, ASmallCallIsAnswered) {
  subject_->answerWith(echo);
  run([this]() -> Task<> {
    auto answer = co_await ask("hello", Bytes(std::string("body")));
    EXPECT_TRUE(answer.ok()) << answer.error().text;
    if (!answer) co_return;
    EXPECT_EQ(answer->first, "re: hello");
    EXPECT_EQ(answer->second, "body");
  });
}

TEST_P(TransportContract, MessageAndBodyMayBeEmpty) {
  subject_->answerWith([](Call request, Deadline) -> Task<Result<Call>> {
    const auto size = bodySize(request.body);
    EXPECT_TRUE(request.message.empty());
    EXPECT_EQ(size, 0U);
    co_return Call{};
  });
  run([this]() -> Task<> {
    auto answer = co_await ask("", Body());
    EXPECT_TRUE(answer.ok());
    if (answer) EXPECT_EQ(*answer, (std::pair<std::string, std::string>()));
  });
}

TEST_P(TransportContract, CallsOneAfterAnotherEachGetTheirOwnAnswer) {
  subject_->answerWith(echo);
  run([this]() -> Task<> {
    for (int i = 0; i < 50; ++i) {
      const std::string body = pattern(static_cast<std::size_t>(i) * 3000, static_cast<std::size_t>(i));
      auto answer = co_await ask(std::to_string(i), Bytes(body));
      EXPECT_TRUE(answer && answer->first == "re: " + std::to_string(i) && answer->second == body) << i;
    }
  });
}

TEST_P(TransportContract, ALargeMessageArrivesWhole) {
  subject_->answerWith(echo);
  run([this]() -> Task<> {
    const std::string large = pattern(limits::kMessageBytes - 4);
    auto answer = co_await ask(large, Bytes(std::string("b")));
    EXPECT_TRUE(answer.ok());
    if (answer) EXPECT_TRUE(answer->first == "re: " + large && answer->second == "b");
  });
}

TEST_P(TransportContract, ASmallBodyIsHereWholeOnBothSides) {
  subject_->answerWith([](Call request, Deadline) -> Task<Result<Call>> {
    EXPECT_TRUE(std::holds_alternative<Bytes>(request.body));
    co_return Call{request.message, std::move(request.body)};
  });
  run([this]() -> Task<> {
    const Deadline deadline = co_await soon();
    auto answer = co_await subject_->transport().call(
        subject_->address(), {Bytes(std::string("m")), Bytes(pattern(limits::kInlineBytes))}, deadline);
    EXPECT_TRUE(answer.ok());
    if (answer) EXPECT_TRUE(std::holds_alternative<Bytes>(answer->body));
  });
}

TEST_P(TransportContract, BodiesOfEverySortStreamBothWays) {
  subject_->answerWith([](Call request, Deadline deadline) -> Task<Result<Call>> {
    auto body = co_await collect(std::move(request.body), 100'000'000, deadline);
    if (!body) co_return body.error();
    const bool sized = request.message.view() != "unsized";
    co_return Call{request.message, std::make_unique<TextSource>(std::string(body->view()), sized)};
  });
  run([this]() -> Task<> {
    const std::string large = pattern(kLarge);
    auto answer = co_await ask("bytes", Bytes(large));
    EXPECT_TRUE(answer && answer->second == large);
    answer = co_await ask("sized", std::make_unique<TextSource>(large, true));
    EXPECT_TRUE(answer && answer->second == large);
    answer = co_await ask("unsized", std::make_unique<TextSource>(large, false));
    EXPECT_TRUE(answer && answer->second == large);
    answer = co_await ask("unsized", std::make_unique<TextSource>("", false));
    EXPECT_TRUE(answer && answer->second.empty());
  });
}

TEST_P(TransportContract, AnEarlyRefusalComesWhileTheBodyIsStillBeingSent) {
  subject_->answerWith([](Call request, Deadline) -> Task<Result<Call>> {
    EXPECT_FALSE(std::holds_alternative<Bytes>(request.body));
    co_return Call{Bytes(std::string("no")), Bytes(std::string("why"))};
  });
  bool destroyed = false;
  run([this, &destroyed]() -> Task<> {
    auto answer = co_await ask("take this", std::make_unique<EndlessSource>(destroyed));
    EXPECT_TRUE(answer.ok()) << answer.error().text;
    if (answer) EXPECT_EQ(*answer, std::pair(std::string("no"), std::string("why")));
    co_await untilTrue(destroyed);
  });
  EXPECT_TRUE(destroyed) << "whoever is refused stops sending";
}

TEST_P(TransportContract, NobodyAtTheAddressIsUnavailable) {
  run([this]() -> Task<> {
    const Deadline deadline = co_await soon();
    auto answer =
        co_await subject_->transport().call(subject_->deadAddress(), {Bytes(std::string("m")), Body()}, deadline);
    EXPECT_FALSE(answer.ok());
    if (!answer) EXPECT_EQ(answer.error().kind, Kind::Unavailable) << answer.error().text;
  });
}

TEST_P(TransportContract, WhoTakesTheMessageAndNeverAnswersIsUnknownByTheDeadline) {
  run([this]() -> Task<> {
    const Deadline deadline = co_await soon(100ms);
    auto answer =
        co_await subject_->transport().call(subject_->silentAddress(), {Bytes(std::string("m")), Body()}, deadline);
    EXPECT_FALSE(answer.ok());
    if (!answer) EXPECT_EQ(answer.error().kind, Kind::Unknown) << answer.error().text;
    const Time now = co_await soon(0s);
    EXPECT_GE(now, deadline);
    EXPECT_LT(now, deadline + 5s);
  });
}

TEST_P(TransportContract, AStreamedBodyToWhoNeverAnswersEndsByTheDeadline) {
  bool destroyed = false;
  run([this, &destroyed]() -> Task<> {
    const Deadline deadline = co_await soon(100ms);
    auto answer = co_await subject_->transport().call(
        subject_->silentAddress(), {Bytes(std::string("m")), std::make_unique<EndlessSource>(destroyed)}, deadline);
    EXPECT_FALSE(answer.ok());
    const Time now = co_await soon(0s);
    EXPECT_LT(now, deadline + 5s);
    co_await untilTrue(destroyed);
  });
  EXPECT_TRUE(destroyed);
}

TEST_P(TransportContract, ABodyThatBreaksOffEndsItsCallLongBeforeTheDeadlineThoughTheOtherNodeIsSilent) {
  run([this]() -> Task<> {
    const Time begin = co_await soon(0s);
    const Error end{Kind::Io, "the client is gone"};
    auto answer = co_await subject_->transport().call(
        subject_->silentAddress(), {Bytes(std::string("m")), std::make_unique<TextSource>(pattern(1000), false, end)},
        begin + 2h);
    EXPECT_FALSE(answer.ok());
    if (!answer) EXPECT_EQ(answer.error().kind, Kind::Unknown) << answer.error().text;
    const Time now = co_await soon(0s);
    EXPECT_LT(now - begin, 2min);
  });
}

TEST_P(TransportContract, AnAnswersBodyMayBeDestroyedEarly) {
  bool destroyed = false;
  subject_->answerWith([&destroyed](Call request, Deadline deadline) -> Task<Result<Call>> {
    if (request.message.view() != "endless") {
      auto echoed = co_await echo(std::move(request), deadline);
      co_return echoed;
    }
    co_return Call{Bytes(std::string("here it comes")), std::make_unique<EndlessSource>(destroyed)};
  });
  run([this]() -> Task<> {
    const Deadline deadline = co_await soon();
    auto answer =
        co_await subject_->transport().call(subject_->address(), {Bytes(std::string("endless")), Body()}, deadline);
    EXPECT_TRUE(answer.ok());
    if (!answer) co_return;
    EXPECT_EQ(answer->message.view(), "here it comes");
    auto* source = std::get_if<std::unique_ptr<ByteSource>>(&answer->body);
    EXPECT_NE(source, nullptr);
    if (source == nullptr) co_return;
    auto piece = co_await (*source)->next(deadline);
    EXPECT_TRUE(piece && !piece->empty());
    answer = Error{Kind::Stopped, "nobody wants more"};
    auto next = co_await ask("next", Bytes(std::string("b")));
    EXPECT_TRUE(next && next->first == "re: next" && next->second == "b");
  });
  subject_.reset();  // waits for the answering node
  EXPECT_TRUE(destroyed) << "the producer is told that nobody wants more";
}

TEST_P(TransportContract, ARequestsBodyThatBreaksOffIsAnErrorToTheHandlerAndToTheCaller) {
  std::string seen;
  subject_->answerWith([&seen](Call request, Deadline deadline) -> Task<Result<Call>> {
    auto body = co_await collect(std::move(request.body), 100'000'000, deadline);
    seen += body ? "whole " : "broken ";
    co_return Call{Bytes(std::string("never heard")), Body()};
  });
  run([this]() -> Task<> {
    for (const bool sized : {true, false}) {
      const Error end{Kind::Io, "the disk is gone"};
      auto answer = co_await ask("m", std::make_unique<TextSource>(pattern(kLarge), sized, end));
      EXPECT_FALSE(answer.ok());
      if (!answer) EXPECT_EQ(answer.error().kind, Kind::Unknown) << answer.error().text;
    }
  });
  subject_.reset();
  EXPECT_EQ(seen, "broken broken ");
}

TEST_P(TransportContract, AnAnswersBodyThatBreaksOffIsAnErrorAndNeverOver) {
  subject_->answerWith([](Call request, Deadline) -> Task<Result<Call>> {
    const bool sized = request.message.view() == "sized";
    const Error end{Kind::Corrupt, "a bad chunk"};
    co_return Call{Bytes(std::string("m")), std::make_unique<TextSource>(pattern(kLarge), sized, end)};
  });
  run([this]() -> Task<> {
    for (const char* const message : {"sized", "unsized"}) {
      auto answer = co_await ask(message, Body());
      EXPECT_FALSE(answer.ok());
    }
  });
}

TEST_P(TransportContract, AnErrorOfTheHandlerIsAnErrorOfTheCall) {
  subject_->answerWith([](Call, Deadline) -> Task<Result<Call>> {
    co_return Error{Kind::Unavailable, "this node is starting"};
  });
  run([this]() -> Task<> {
    auto answer = co_await ask("m", Body());
    EXPECT_FALSE(answer.ok());
    if (!answer) EXPECT_NE(answer.error().text.find("this node is starting"), std::string::npos) << answer.error().text;
  });
}

TEST_P(TransportContract, ManyCallsAtOnceEachGetTheirOwnAnswer) {
  subject_->answerWith([](Call request, Deadline deadline) -> Task<Result<Call>> {
    co_await yieldNow();
    auto echoed = co_await echo(std::move(request), deadline);
    co_return echoed;
  });
  run([this]() -> Task<> {
    Executor& here = co_await currentExecutor();
    Gate gate(here);
    int right = 0;
    for (int i = 0; i < 300; ++i) {
      gate.spawn([](TransportContract& test, int number, int& count) -> Task<> {
        const auto seed = static_cast<std::size_t>(number);
        const std::string body = pattern(seed * 997 % 40'000, seed);
        auto answer = co_await test.ask(std::to_string(number), Bytes(body));
        if (answer && answer->first == "re: " + std::to_string(number) && answer->second == body) ++count;
      }(*this, i, right));
    }
    co_await gate.close();
    EXPECT_EQ(right, 300);
  });
}

INSTANTIATE_TEST_SUITE_P(Http, TransportContract, ::testing::Values(&httpTransport));
INSTANTIATE_TEST_SUITE_P(SignedHttp, TransportContract, ::testing::Values(&signedHttpTransport));
INSTANTIATE_TEST_SUITE_P(Simulated, TransportContract, ::testing::Values(&simTransport));

}  // namespace
}  // namespace mydht
