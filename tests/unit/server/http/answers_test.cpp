// Proves that every kind of body goes out as it is, framed as the client can understand, that one which breaks off
// never looks whole, that a corrupt chunk is never sent, and that a slow reader costs no memory. How: handlers with
// bodies that can be told to fail, read as raw bytes over loopback.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "tests/unit/server/http/world.h"

namespace mydht::http::testing {
namespace {

constexpr std::size_t kChunk = limits::kChunkBytes;

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23 + i / 1000 % 3);
  return text;
}

/// Gives pieces of a pattern, and an error where it is told to break off.
class PatternSource final : public ByteSource {
 public:
  struct Plan {
    std::size_t pieces = 3;
    std::size_t pieceBytes = 1000;
    std::optional<std::uint64_t> says;       ///< its size, as it says
    std::size_t breaksAt = ~std::size_t{0};  ///< the piece in whose place it fails
  };
  explicit PatternSource(Plan plan, std::atomic<std::size_t>* pulled = nullptr) : plan_(plan), pulled_(pulled) {}
  ~PatternSource() override {
    if (pulled_ != nullptr) pulled_->fetch_or(kDestroyed);
  }
  static constexpr std::size_t kDestroyed = std::size_t{1} << 60;

  std::optional<std::uint64_t> size() const override { return plan_.says; }
  Task<Result<Bytes>> next(Deadline) override {
    co_await yieldNow();
    if (at_ == plan_.breaksAt) co_return Error{Kind::Unavailable, "the source broke off"};
    if (at_ == plan_.pieces) co_return Bytes();
    ++at_;
    if (pulled_ != nullptr) *pulled_ += plan_.pieceBytes;
    co_return Bytes(pattern(plan_.pieceBytes));
  }

 private:
  Plan plan_;
  std::atomic<std::size_t>* pulled_;
  std::size_t at_ = 0;
};

FunctionHandler::Function answering(PatternSource::Plan plan) {
  return [plan](Request&) -> Task<Response> { co_return Response{200, {}, std::make_unique<PatternSource>(plan)}; };
}

std::string threePieces() {
  return pattern(1000) + pattern(1000) + pattern(1000);
}

TEST(AnswerTest, ASourceOfUnknownSizeIsSentInChunks) {
  World world(answering({}));
  Client client(world);
  for (int i = 0; i < 2; ++i) {
    client.send(get("/"));
    const Answer answer = client.answer();
    EXPECT_TRUE(answer.has("Transfer-Encoding: chunked\r\n"));
    EXPECT_TRUE(answer.whole);
    EXPECT_EQ(answer.body, threePieces());
  }
}

TEST(AnswerTest, ASourceOfUnknownSizeEndsTheConnectionOfAClientThatKnowsNoChunks) {
  World world(answering({}));
  Client client(world);
  client.send("GET / HTTP/1.0\r\n\r\n");
  const Answer answer = client.answer();
  EXPECT_FALSE(answer.has("Transfer-Encoding"));
  EXPECT_TRUE(answer.whole);
  EXPECT_EQ(answer.body, threePieces());
}

TEST(AnswerTest, ASourceOfKnownSizeIsSentWithItsLength) {
  World world(answering({.says = 3000}));
  Client client(world);
  client.send(get("/"));
  const Answer answer = client.answer();
  EXPECT_TRUE(answer.has("Content-Length: 3000\r\n"));
  EXPECT_EQ(answer.body, threePieces());
}

TEST(AnswerTest, ASourceThatFailsBeforeItsFirstPieceIsAnHonestError) {
  World world(answering({.breaksAt = 0}));
  Client client(world);
  client.send(get("/"));
  const Answer answer = client.answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find("the source broke off"), std::string::npos);
  client.send(get("/"));
  EXPECT_EQ(client.answer().status, 503) << "the connection goes on";
}

TEST(AnswerTest, ASourceThatBreaksOffResetsTheConnectionAndNeverLooksWhole) {
  for (const std::optional<std::uint64_t> says : {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(3000)}) {
    World world(answering({.says = says, .breaksAt = 2}));
    for (const char* version : {"1.1", "1.0"}) {
      Client client(world);
      client.send(std::string("GET / HTTP/") + version + "\r\nHost: a\r\n\r\n");
      const Answer answer = client.answer();
      EXPECT_FALSE(answer.whole);
      EXPECT_TRUE(client.wasReset());
    }
  }
}

TEST(AnswerTest, ASourceThatIsNotAsLongAsItSaidResetsTheConnection) {
  for (const std::uint64_t says : {2500, 3500}) {
    World world(answering({.says = says}));
    Client client(world);
    client.send(get("/"));
    EXPECT_FALSE(client.answer().whole) << says;
    EXPECT_TRUE(client.wasReset()) << says;
  }
}

/// A value in a file, some chunks of which may be corrupt, with or without a descriptor.
class TestBlob final : public Blob {
 public:
  TestBlob(std::string content, std::size_t corruptChunk, bool hasFile)
      : content_(std::move(content)),
        corrupt_(corruptChunk),
        file_(::memfd_create("blob", MFD_CLOEXEC)),
        has_(hasFile) {
    EXPECT_EQ(::write(file_.get(), content_.data(), content_.size()), static_cast<ssize_t>(content_.size()));
  }
  std::uint64_t size() const override { return content_.size(); }
  Task<Result<Bytes>> read(std::uint64_t offset, std::size_t most, Deadline deadline) const override {
    auto verified = co_await verify(offset, most, deadline);
    if (!verified) co_return verified.error();
    co_return Bytes(content_.substr(offset, most));
  }
  Task<Result<>> verify(std::uint64_t offset, std::uint64_t length, Deadline) const override {
    co_await yieldNow();
    if (offset / kChunk <= corrupt_ && (offset + length - 1) / kChunk >= corrupt_) {
      co_return Error{Kind::Corrupt, "a chunk is not what it was"};
    }
    co_return Result<>();
  }
  int file() const noexcept override { return has_ ? file_.get() : -1; }

 private:
  std::string content_;
  std::size_t corrupt_;
  runtime::Descriptor file_;
  bool has_;
};

constexpr std::size_t kNoChunk = ~std::size_t{0};

/// Answers /OFFSET with the blob from there to 10 bytes before its end.
FunctionHandler::Function answeringBlob(std::shared_ptr<const Blob> blob) {
  return [blob](Request& request) -> Task<Response> {
    const std::uint64_t offset = std::stoull(std::string(request.path().substr(1)));
    co_return Response{200, {}, Region{blob, offset, blob->size() - offset - 10}};
  };
}

TEST(AnswerTest, ARegionOfAFileIsSentFromAnyOffsetWithOrWithoutItsDescriptor) {
  const std::string content = pattern(9 * kChunk + 1234);
  for (const bool hasFile : {true, false}) {
    World world(answeringBlob(std::make_shared<TestBlob>(content, kNoChunk, hasFile)));
    Client client(world);
    for (const std::size_t offset :
         {std::size_t{0}, std::size_t{1}, kChunk - 1, kChunk, 4 * kChunk, content.size() - 11}) {
      client.send(get("/" + std::to_string(offset)));
      const Answer answer = client.answer();
      EXPECT_TRUE(answer.body == content.substr(offset, content.size() - offset - 10)) << offset;
    }
    client.send(get("/" + std::to_string(content.size() - 10)));
    EXPECT_EQ(client.answer().body, "") << "an empty region";
  }
}

TEST(AnswerTest, ACorruptFirstChunkIsAnErrorAndNoByteOfItIsSent) {
  for (const bool hasFile : {true, false}) {
    World world(answeringBlob(std::make_shared<TestBlob>(pattern(3 * kChunk), 0, hasFile)));
    Client client(world);
    client.send(get("/5"));
    EXPECT_EQ(client.answer().status, 500);
  }
}

TEST(AnswerTest, ACorruptLaterChunkCutsTheConnectionAndNoByteOfItIsSent) {
  const std::string content = pattern(6 * kChunk);
  for (const bool hasFile : {true, false}) {
    World world(answeringBlob(std::make_shared<TestBlob>(content, 5, hasFile)));
    Client client(world);
    client.send(get("/5"));
    const Answer answer = client.answer();
    EXPECT_FALSE(answer.whole);
    EXPECT_TRUE(client.wasReset());
    EXPECT_LE(answer.body.size(), 5 * kChunk - 5);
    EXPECT_TRUE(answer.body == content.substr(5, answer.body.size()));
  }
}

TEST(AnswerTest, AFileShorterThanItsRegionCutsTheConnection) {
  class ShortBlob final : public Blob {
   public:
    ShortBlob() { EXPECT_EQ(::ftruncate(file_.get(), 1000), 0); }
    std::uint64_t size() const override { return 5000; }
    Task<Result<Bytes>> read(std::uint64_t, std::size_t, Deadline) const override { co_return Bytes(); }
    Task<Result<>> verify(std::uint64_t, std::uint64_t, Deadline) const override { co_return Result<>(); }
    int file() const noexcept override { return file_.get(); }

   private:
    runtime::Descriptor file_{::memfd_create("short", MFD_CLOEXEC)};
  };
  World world(answeringBlob(std::make_shared<ShortBlob>()));
  Client client(world);
  client.send(get("/0"));
  EXPECT_FALSE(client.answer().whole);
}

TEST(AnswerTest, LargeBytesAreSentAsTheyAre) {
  const std::string content = pattern(20'000'000);
  const Bytes shared(content);
  World world([&shared](Request&) -> Task<Response> { co_return Response{200, {}, shared}; });
  Client client(world);
  client.send(get("/") + get("/"));
  EXPECT_TRUE(client.answer().body == content);
  EXPECT_TRUE(client.answer().body == content);
}

TEST(AnswerTest, AHeadGetsTheLengthOfEachKindOfBodyAndNoBody) {
  const auto blob = std::make_shared<TestBlob>(pattern(kChunk), kNoChunk, true);
  World world([&blob](Request& request) -> Task<Response> {
    Response response;
    if (request.path() == "/bytes") response.body = Bytes(std::string("12345"));
    if (request.path() == "/large") response.body = Bytes(pattern(100'000));
    if (request.path() == "/region") response.body = Region{blob, 0, 777};
    if (request.path() == "/source") response.body = std::make_unique<PatternSource>(PatternSource::Plan{});
    co_return response;
  });
  Client client(world);
  const auto head = [&client](const std::string& path) {
    client.send("HEAD " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
    return client.answer(Method::Head);
  };
  EXPECT_TRUE(head("/bytes").has("Content-Length: 5\r\n"));
  EXPECT_TRUE(head("/large").has("Content-Length: 100000\r\n"));
  EXPECT_TRUE(head("/region").has("Content-Length: 777\r\n"));
  EXPECT_FALSE(head("/source").has("Content-Length"));
  client.send(get("/bytes"));
  EXPECT_EQ(client.answer().body, "12345") << "nothing of a body was left between the answers";
}

TEST(AnswerTest, AStatusWithoutABodyGetsNeitherBodyNorLength) {
  World world([](Request& request) -> Task<Response> {
    Response response = respond(request.path() == "/304" ? 304 : 204, "text/plain", "not to be sent");
    co_return response;
  });
  Client client(world);
  client.send(get("/204") + get("/304") + get("/204"));
  for (const int status : {204, 304, 204}) {
    const Answer answer = client.answer();
    EXPECT_EQ(answer.status, status);
    EXPECT_FALSE(answer.has("Content-Length"));
  }
}

TEST(AnswerTest, AHeaderValueCannotEndItsLine) {
  World world([](Request&) -> Task<Response> {
    Response response = respondEmpty(200);
    response.header("X-Key", "a\r\nX-Evil: 1");
    co_return response;
  });
  Client client(world);
  client.send(get("/"));
  EXPECT_FALSE(client.answer().has("\r\nX-Evil"));
}

TEST(AnswerTest, ASlowReaderHoldsTheSourceBackAndGetsEverythingInTheEnd) {
  std::atomic<std::size_t> pulled = 0;
  constexpr std::size_t kPieces = 256;
  World world([&pulled](Request&) -> Task<Response> {
    const PatternSource::Plan plan{.pieces = kPieces, .pieceBytes = kChunk};
    co_return Response{200, {}, std::make_unique<PatternSource>(plan, &pulled)};
  });
  Client client(world, 64 * 1024);
  client.send(get("/"));
  std::size_t before = 1;
  while (before != pulled || before == 0) {  // until it does not move any more
    before = pulled;
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_LT(pulled, kPieces * kChunk / 4) << "only the kernel's buffers and one piece";
  const Answer answer = client.answer();
  EXPECT_TRUE(answer.whole);
  EXPECT_EQ(answer.body.size(), kPieces * kChunk);
}

TEST(AnswerTest, AReaderWhoTakesNothingIsBrokenOffAfterItsTimeAndTheSourceLetGo) {
  std::atomic<std::size_t> pulled = 0;
  Settings settings;
  settings.writeStall = 50ms;
  World world(
      [&pulled](Request&) -> Task<Response> {
        const PatternSource::Plan plan{.pieces = 1000, .pieceBytes = kChunk};
        co_return Response{200, {}, std::make_unique<PatternSource>(plan, &pulled)};
      },
      settings);
  Client client(world, 16 * 1024);
  client.send(get("/"));
  const auto end = std::chrono::steady_clock::now() + 10s;
  while ((pulled & PatternSource::kDestroyed) == 0 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_NE(pulled & PatternSource::kDestroyed, 0u);
  client.receiveAll();
  EXPECT_TRUE(client.wasReset());
}

TEST(AnswerTest, ARequestsBodyMayBeTheAnswersBody) {
  World world([](Request& request) -> Task<Response> {
    Response response;
    response.body = request.takeBody();
    co_return response;
  });
  Client client(world);
  const std::string body = pattern(3000);
  client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\n" + body + get("/"));
  EXPECT_EQ(client.answer().body, body);
  EXPECT_EQ(client.answer().body, "");
}

}  // namespace
}  // namespace mydht::http::testing
