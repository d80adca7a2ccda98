// Proves that a signature is taken once, whatever was forgotten in between, and that what is remembered is bounded.
// How: signatures with made-up MACs at chosen times, and a structure with little room.
#include "server/access/replays.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "common/hash/sha256.h"

namespace mydht::access {
namespace {

using Verdict = Replays::Verdict;

constexpr std::int64_t kNow = 1'795'000'000'000'000;
constexpr std::int64_t kSecond = 1'000'000;

protocol::Signature signature(std::int64_t number, std::int64_t timeMicros = kNow) {
  protocol::Signature made;
  made.timeMicros = timeMicros;
  made.mac = sha256Of(std::to_string(number));
  return made;
}

TEST(ReplaysTest, EachSignatureIsTakenOnce) {
  Replays replays;
  for (std::int64_t i = 0; i < 1000; ++i)
    EXPECT_EQ(replays.take(signature(i, kNow + i * kSecond / 10), kNow), Verdict::Taken);
  for (std::int64_t i = 0; i < 1000; ++i)
    EXPECT_EQ(replays.take(signature(i, kNow + i * kSecond / 10), kNow), Verdict::Again);
  EXPECT_EQ(replays.size(), 1000U);
}

TEST(ReplaysTest, WhatIsTooOldToBeTakenIsForgotten) {
  Replays replays;
  EXPECT_EQ(replays.take(signature(1), kNow), Verdict::Taken);
  const std::int64_t later = kNow + kSignatureMicros;
  EXPECT_EQ(replays.take(signature(1), later), Verdict::Again) << "still within its time";
  EXPECT_EQ(replays.take(signature(2, later + 10 * kSecond), later + 10 * kSecond), Verdict::Taken);
  EXPECT_EQ(replays.size(), 1U);
  EXPECT_EQ(replays.take(signature(1), later + 10 * kSecond), Verdict::Late);
}

TEST(ReplaysTest, WithTooManyTheOldestAreForgottenAndNoneOfThemComesAgain) {
  Replays replays(1000);
  const auto timeOf = [](std::int64_t i) { return kNow - 250 * kSecond + i * kSecond / 20; };
  for (std::int64_t i = 0; i < 5000; ++i) {
    EXPECT_EQ(replays.take(signature(i, timeOf(i)), kNow), Verdict::Taken);
    EXPECT_LE(replays.size(), 1000U);
  }
  int forgotten = 0;
  for (std::int64_t i = 0; i < 5000; ++i) {
    const Verdict verdict = replays.take(signature(i, timeOf(i)), kNow);
    EXPECT_TRUE(verdict == Verdict::Again || verdict == Verdict::Forgotten);
    if (verdict == Verdict::Forgotten) ++forgotten;
  }
  EXPECT_GE(forgotten, 4000);
  EXPECT_EQ(replays.take(signature(-1), kNow), Verdict::Taken) << "a new one with the time of now";
}

TEST(ReplaysTest, EvenWhenAllAreOfTheSameMomentTheBoundHoldsAndTheSendersGoOnALittleLater) {
  Replays replays(100);
  for (std::int64_t i = 0; i < 101; ++i) replays.take(signature(i), kNow);
  EXPECT_LE(replays.size(), 100U);
  EXPECT_EQ(replays.take(signature(1000), kNow), Verdict::Forgotten);
  EXPECT_EQ(replays.take(signature(1001, kNow + 5 * kSecond), kNow + 5 * kSecond), Verdict::Taken);
}

TEST(ReplaysTest, AClockThatIsSetBackShutsNobodyOut) {
  Replays replays;
  const std::int64_t wrong = kNow + 86'400 * kSecond;
  EXPECT_EQ(replays.take(signature(1, wrong), wrong), Verdict::Taken);
  EXPECT_EQ(replays.take(signature(2, wrong + 2 * kSignatureMicros), wrong + 2 * kSignatureMicros), Verdict::Taken);
  EXPECT_EQ(replays.take(signature(3), kNow), Verdict::Taken);
  EXPECT_EQ(replays.take(signature(3), kNow), Verdict::Again);
}

}  // namespace
}  // namespace mydht::access
