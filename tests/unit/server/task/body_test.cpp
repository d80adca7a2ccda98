// Proves that a body of each kind can be pulled and collected whole, and that one which breaks off or is too large is
// an error and never looks complete. How: bytes, a blob in memory that can be told to fail, and sources of given
// pieces.
#include "server/task/body.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "common/result/limits.h"
#include "tests/support/simulation/sim_executor.h"

namespace mydht {
namespace {

using simulation::SimExecutor;
using simulation::SimTime;

class MemoryBlob final : public Blob {
 public:
  MemoryBlob(std::string held, std::uint64_t said) : held_(std::move(held)), said_(said) {}
  std::uint64_t size() const override { return said_; }
  Task<Result<Bytes>> read(std::uint64_t offset, std::size_t most, Deadline) const override {
    co_await yieldNow();
    if (offset >= held_.size()) co_return Bytes();
    co_return Bytes(held_.substr(offset, most));
  }
  Task<Result<>> verify(std::uint64_t, std::uint64_t, Deadline) const override { co_return Result<>(); }

 private:
  std::string held_;
  std::uint64_t said_;
};

class PiecesSource final : public ByteSource {
 public:
  explicit PiecesSource(std::deque<Result<Bytes>> pieces) : pieces_(std::move(pieces)) {}
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  Task<Result<Bytes>> next(Deadline) override {
    co_await yieldNow();
    if (pieces_.empty()) co_return Bytes();
    auto piece = std::move(pieces_.front());
    pieces_.pop_front();
    co_return piece;
  }

 private:
  std::deque<Result<Bytes>> pieces_;
};

class BodyTest : public testing::Test {
 protected:
  Result<Bytes> collected(Body body, std::size_t most) {
    return time_.run(executor_, collect(std::move(body), most, Time::max()));
  }
  static Body region(std::string held, std::uint64_t said, std::uint64_t offset, std::uint64_t length) {
    return Region{std::make_shared<MemoryBlob>(std::move(held), said), offset, length};
  }
  SimTime time_;
  SimExecutor executor_{time_};
};

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

TEST_F(BodyTest, BytesAreCollectedAsTheyAreUpToTheLimit) {
  EXPECT_EQ(collected(Bytes(std::string("value")), 5)->view(), "value");
  EXPECT_EQ(collected(Bytes(std::string("value")), 4).error().kind, Kind::TooLarge);
  EXPECT_TRUE(collected(Bytes(), 0)->empty());
}

TEST_F(BodyTest, ARegionIsReadInChunksAndCollectedInOrder) {
  const std::string text = pattern(limits::kChunkBytes * 2 + 777);
  EXPECT_EQ(collected(region(text, text.size(), 5, text.size() - 10), text.size())->view(),
            text.substr(5, text.size() - 10));
  EXPECT_TRUE(collected(region(text, text.size(), 5, 0), 0)->empty());
}

TEST_F(BodyTest, ABlobShorterThanItSaysIsCorruptAndNeverLooksWhole) {
  EXPECT_EQ(collected(region("short", 100, 0, 100), 1000).error().kind, Kind::Corrupt);
}

TEST_F(BodyTest, ASourceThatBreaksOffIsAnErrorAfterItsPieces) {
  std::deque<Result<Bytes>> pieces;
  pieces.emplace_back(Bytes(std::string("one")));
  pieces.emplace_back(Error{Kind::Io, "cut"});
  EXPECT_EQ(collected(std::make_unique<PiecesSource>(std::move(pieces)), 100).error().text, "cut");
}

TEST_F(BodyTest, ASourceWithMoreThanTheLimitIsTooLarge) {
  std::deque<Result<Bytes>> pieces;
  for (int i = 0; i < 3; ++i) pieces.emplace_back(Bytes(std::string("four")));
  EXPECT_EQ(collected(std::make_unique<PiecesSource>(std::move(pieces)), 11).error().kind, Kind::TooLarge);
}

TEST_F(BodyTest, BytesAsASourceGiveChunksThatShareTheirOwner) {
  const Bytes whole(pattern(limits::kChunkBytes + 1));
  const auto source = sourceOf(whole);
  EXPECT_EQ(source->size(), whole.size());
  const auto first = time_.run(executor_, source->next(Time::max()));
  EXPECT_EQ(first->size(), limits::kChunkBytes);
  EXPECT_EQ(first->view().data(), whole.view().data());
  EXPECT_EQ(time_.run(executor_, source->next(Time::max()))->size(), 1u);
  EXPECT_TRUE(time_.run(executor_, source->next(Time::max()))->empty());
  EXPECT_TRUE(time_.run(executor_, source->next(Time::max()))->empty()) << "over stays over";
}

TEST_F(BodyTest, ABodySaysItsSizeWhereItIsKnown) {
  EXPECT_EQ(bodySize(Bytes(std::string("abc"))), 3u);
  EXPECT_EQ(bodySize(region("abcdef", 6, 2, 4)), 4u);
  EXPECT_EQ(bodySize(std::make_unique<PiecesSource>(std::deque<Result<Bytes>>{})), std::nullopt);
}

/// Cannot be read behind its first bytes; the rest is elsewhere.
class HalfBlob final : public Blob {
 public:
  std::uint64_t size() const override { return 6; }
  Task<Result<Bytes>> read(std::uint64_t offset, std::size_t, Deadline) const override {
    if (offset == 0) co_return Bytes(std::string("ab"));
    co_return Error{Kind::Corrupt, "damaged"};
  }
  Task<Result<>> verify(std::uint64_t, std::uint64_t, Deadline) const override { co_return Result<>(); }
  std::unique_ptr<ByteSource> elsewhere(std::uint64_t offset, std::uint64_t length) const override {
    return sourceOf(Bytes(std::string("abcdef").substr(offset, length)));
  }
};

TEST_F(BodyTest, WhatCannotBeReadGoesOnFromElsewhereToTheByte) {
  const auto bytes = collected(Region{std::make_shared<HalfBlob>(), 0, 6}, 10);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(bytes->view(), "abcdef");
}

}  // namespace
}  // namespace mydht
