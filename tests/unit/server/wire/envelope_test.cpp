// Proves that the envelope of requests, answers and errors comes back as it was packed, that a cut one is refused, and
// that a message of another protocol version is refused in words that say what to do.

#include "server/wire/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/unit/server/wire/draw.h"

namespace mydht::wire {
namespace {

using namespace test;
using testing::HasSubstr;

Speaker anySpeaker() {
  Speaker speaker;
  speaker.ringIdentity = anyNumber<std::uint64_t>();
  speaker.node = anyNumber<NodeId>();
  speaker.boot = anyNumber<std::uint32_t>();
  speaker.synced = anyNumber<std::uint64_t>();
  speaker.newest = anyName();
  speaker.complete = anyName();
  speaker.fingerprint = anyNumber<std::uint64_t>();
  speaker.wallMicros = anyTime();
  speaker.hostPort = anyText(0, 60);
  return speaker;
}

RC_GTEST_PROP(Envelope, ARequestComesBackAsItWasPacked, ()) {
  const Speaker from = anySpeaker();
  const auto to = anyNumber<NodeId>();
  const auto type = static_cast<MessageType>(*rc::gen::inRange(0, static_cast<int>(kLastMessageType) + 1));
  const std::string payload = anyText(0, 100);
  const Bytes packed = packRequest(from, to, type, payload);
  const auto request = unpackRequest(packed.view());
  RC_ASSERT(request.ok());
  RC_ASSERT(request->from == from);
  RC_ASSERT(request->to == to);
  RC_ASSERT(request->type == type);
  RC_ASSERT(request->payload == payload);
  RC_ASSERT(typeOfRequest(packed.view()) == type);
  for (std::size_t length = 0; length < packed.size() - payload.size(); ++length) {
    const std::string cut(packed.view().substr(0, length));
    RC_ASSERT(!unpackRequest(cut).ok());
  }
}

RC_GTEST_PROP(Envelope, AnAnswerComesBackAsItWasPacked, ()) {
  const Speaker from = anySpeaker();
  const std::string payload = anyText(0, 100);
  const Bytes packed = packAnswer(from, payload);
  const auto answer = unpackAnswer(packed.view());
  RC_ASSERT(answer.ok());
  RC_ASSERT(answer->from == from);
  RC_ASSERT(!answer->error.has_value());
  RC_ASSERT(answer->payload == payload);
  for (std::size_t length = 0; length < packed.size() - payload.size(); ++length) {
    const std::string cut(packed.view().substr(0, length));
    RC_ASSERT(!unpackAnswer(cut).ok());
  }
}

RC_GTEST_PROP(Envelope, AnErrorComesBackAsItWasPacked, ()) {
  const Speaker from = anySpeaker();
  const Error error{static_cast<Kind>(*rc::gen::inRange(0, static_cast<int>(Kind::Stopped) + 1)), anyText(0, 100)};
  const std::string payload = anyText(0, 100);
  const Bytes packed = packError(from, error, payload);
  const auto answer = unpackAnswer(packed.view());
  RC_ASSERT(answer.ok());
  RC_ASSERT(answer->error.has_value());
  RC_ASSERT(answer->error->kind == error.kind);
  RC_ASSERT(answer->error->text == error.text);
  RC_ASSERT(answer->payload == payload);
  for (std::size_t length = 0; length < packed.size() - payload.size(); ++length) {
    const std::string cut(packed.view().substr(0, length));
    RC_ASSERT(!unpackAnswer(cut).ok());
  }
}

TEST(Envelope, AnotherProtocolVersionIsRefusedInWords) {
  std::string request(packRequest({}, 0, MessageType::Hello, {}).view());
  request[0] = 2;
  const auto refused = unpackRequest(request);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, Kind::BadRequest);
  EXPECT_THAT(refused.error().text, HasSubstr("speaks version 2"));
  EXPECT_THAT(refused.error().text, HasSubstr("this one 1"));
  EXPECT_THAT(refused.error().text, HasSubstr("bring the older one up to date"));
  EXPECT_FALSE(typeOfRequest(request).has_value());

  std::string answer(packAnswer({}, {}).view());
  answer[0] = 0;
  const auto alsoRefused = unpackAnswer(answer);
  ASSERT_FALSE(alsoRefused.ok());
  EXPECT_THAT(alsoRefused.error().text, HasSubstr("speaks version 0"));
}

TEST(Envelope, UnknownTypesStatusesAndKindsAreRefused) {
  std::string request(packRequest({}, 0, kLastMessageType, {}).view());
  EXPECT_TRUE(unpackRequest(request).ok());
  request[1] = static_cast<char>(static_cast<int>(kLastMessageType) + 1);
  EXPECT_FALSE(unpackRequest(request).ok());
  EXPECT_FALSE(typeOfRequest(request).has_value());

  std::string answer(packAnswer({}, {}).view());
  answer[1] = 2;
  EXPECT_FALSE(unpackAnswer(answer).ok());

  std::string error(packError({}, {Kind::Stopped, ""}).view());
  EXPECT_TRUE(unpackAnswer(error).ok());
  error[error.size() - 5] = static_cast<char>(static_cast<int>(Kind::Stopped) + 1);
  EXPECT_FALSE(unpackAnswer(error).ok());
}

TEST(Envelope, ALongErrorTextIsCutNotRefused) {
  const Bytes packed = packError({}, {Kind::Io, std::string(10'000, 'x')});
  const auto answer = unpackAnswer(packed.view());
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->error->text, std::string(4096, 'x'));
}

}  // namespace
}  // namespace mydht::wire
