// Proves that chunked bodies come out as they went in, however they are cut on their way, and that framing which two
// readers could read differently is refused. How: random bodies in random chunks and pieces; a table of bad framing,
// whole and byte by byte.

#include "common/http/chunks.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace mydht::http {
namespace {

using std::string;
using std::string_view;
using namespace std::string_view_literals;
using State = ChunkDecoder::State;

struct Decoded {
  State state = State::NeedMore;
  string body;
  std::size_t consumed = 0;
  string_view reason;
};

/// Decodes text that comes in pieces of so many bytes, each in a buffer of its own.
Decoded decode(string_view text, std::size_t pieceBytes) {
  ChunkDecoder decoder;
  Decoded decoded;
  while (decoded.consumed < text.size()) {
    const std::vector<char> piece(
        text.begin() + static_cast<std::ptrdiff_t>(decoded.consumed),
        text.begin() + static_cast<std::ptrdiff_t>(std::min(decoded.consumed + pieceBytes, text.size())));
    const ChunkDecoder::Step step = decoder.next({piece.data(), piece.size()});
    decoded.consumed += step.consumed;
    decoded.body += step.data;
    decoded.state = step.state;
    decoded.reason = step.reason;
    if (step.state == State::End || step.state == State::Bad) break;
    EXPECT_GT(step.consumed, 0U);
  }
  return decoded;
}

string chunkOf(string_view bytes) {
  return string(ChunkLine(bytes.size()).text()) + string(bytes) + string(kChunkEnd);
}

TEST(ChunksTest, ABodyOfTwoChunksIsDecodedAndWhatFollowsIsLeft) {
  const string_view text = "4\r\nWiki\r\n00A;name=\"v\"\r\n0123456789\r\n0\r\nX-Trailer: y\r\n\r\nGET /";
  for (std::size_t pieceBytes : {std::size_t{1}, std::size_t{3}, text.size()}) {
    const Decoded decoded = decode(text, pieceBytes);
    EXPECT_EQ(decoded.state, State::End) << decoded.reason;
    EXPECT_EQ(decoded.body, "Wiki0123456789");
    EXPECT_EQ(text.substr(decoded.consumed), "GET /");
  }
}

TEST(ChunksTest, LinesArePrintedInHexadecimal) {
  EXPECT_EQ(ChunkLine(1).text(), "1\r\n");
  EXPECT_EQ(ChunkLine(0x1a).text(), "1a\r\n");
  EXPECT_EQ(ChunkLine(0xffffffffffffffff).text(), "ffffffffffffffff\r\n");
}

TEST(ChunksTest, AnEndedDecoderTakesNothingMore) {
  ChunkDecoder decoder;
  EXPECT_FALSE(decoder.ended());
  EXPECT_EQ(decoder.next("0\r\n\r\n").state, State::End);
  EXPECT_TRUE(decoder.ended());
  const ChunkDecoder::Step step = decoder.next("4\r\n");
  EXPECT_EQ(step.state, State::End);
  EXPECT_EQ(step.consumed, 0U);
}

TEST(ChunksTest, TheGreatestSizeIsTakenAndTheNextRefused) {
  ChunkDecoder decoder;
  EXPECT_EQ(decoder.next("0fffffffffffffff\r\n").state, State::NeedMore);
  EXPECT_EQ(decode("1000000000000000\r\n", 99).state, State::Bad);
}

constexpr string_view kRefused[] = {
    "\r\n",
    ";x\r\n",
    "g\r\n",
    "-1\r\n",
    "+1\r\n",
    "0x1\r\n",
    " 1\r\n",
    "1 \r\na\r\n",
    "1\n",
    "1\rX",
    "1\ra\r\n",
    "1;a\nb\r\n",
    "1;a\rb\r\n",
    "1;a\0b\r\n"sv,
    "1\r\nab\r\n",
    "1\r\na\n",
    "1\r\na\rX",
    "1\r\na0\r\n\r\n",
    "00000000000000001\r\n",
    "10000000000000000\r\n",
    "ffffffffffffffff\r\n",
    "0\r\n\n",
    "0\r\n\rX",
    "0\n\r\n",
    "0\r\n X: y\r\n\r\n",
    "0\r\nX : y\r\n\r\n",
    "0\r\n: y\r\n\r\n",
    "0\r\nX\r\n\r\n",
    "0\r\nX: y\n\r\n",
    "0\r\nX: y\rz\r\n\r\n",
    "0\r\nX: \0\r\n\r\n"sv,
    "0\r\nX: y\r\n folded\r\n\r\n",
};

TEST(ChunksTest, FramingThatTwoReadersCouldReadDifferentlyIsRefused) {
  for (string_view text : kRefused) {
    SCOPED_TRACE(text);
    const Decoded whole = decode(text, text.size());
    EXPECT_EQ(whole.state, State::Bad);
    EXPECT_FALSE(whole.reason.empty());
    const Decoded slow = decode(text, 1);
    EXPECT_EQ(slow.state, State::Bad);
    EXPECT_EQ(slow.reason, whole.reason);
    EXPECT_EQ(slow.consumed, whole.consumed);
  }
}

TEST(ChunksTest, ExtensionsAndTrailersAreLimitedOverTheWholeBody) {
  string many;
  for (std::size_t i = 0; i <= kChunkExtensionBytes / 8; ++i) many += "1;abcdefg\r\nx\r\n";
  EXPECT_EQ(decode(many, many.size()).reason, "chunk extensions are too long");
  string trailers = "0\r\n";
  for (std::size_t i = 0; i <= kTrailerBytes / 6; ++i) trailers += "X: y\r\n";
  EXPECT_EQ(decode(trailers, trailers.size()).reason, "trailers are too long");
}

RC_GTEST_PROP(ChunksTest, AnyBodyInAnyChunksAndPiecesComesOutAsItWentIn, ()) {
  const auto chunks = *rc::gen::container<std::vector<string>>(rc::gen::nonEmpty(rc::gen::arbitrary<string>()));
  const std::size_t pieceBytes = *rc::gen::inRange<std::size_t>(1, 20);
  string text;
  string body;
  for (const string& chunk : chunks) {
    text += chunkOf(chunk);
    body += chunk;
  }
  text += kLastChunk;
  const Decoded decoded = decode(text + "tail", pieceBytes);
  RC_ASSERT(decoded.state == State::End);
  RC_ASSERT(decoded.body == body);
  RC_ASSERT(decoded.consumed == text.size());
}

}  // namespace
}  // namespace mydht::http
