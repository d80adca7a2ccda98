// Proves that the client's side reads heads of answers strictly and knows how each body ends. How: tables of heads,
// whole and byte by byte.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/http/head.h"

namespace mydht::http {
namespace {

using std::string_view;

ParseOutcome parse(string_view text, ResponseHead& head, Method method = Method::Get) {
  const ParseOutcome whole = parseResponseHead(text, method, head);
  ParseOutcome slow;
  ResponseHead slowHead;
  std::vector<char> buffer;
  for (std::size_t bytes = 0; bytes <= text.size() && slow.state == ParseOutcome::State::NeedMore; ++bytes) {
    buffer.assign(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bytes));
    slow = parseResponseHead({buffer.data(), buffer.size()}, method, slowHead);
  }
  EXPECT_EQ(slow.state, whole.state);
  EXPECT_EQ(slow.reason, whole.reason);
  EXPECT_EQ(slow.consumed, whole.consumed);
  if (whole.done()) {
    EXPECT_EQ(slowHead.framing, head.framing);
    EXPECT_EQ(slowHead.headers.size(), head.headers.size());
  }
  return whole;
}

TEST(ResponseHeadTest, AnAnswerIsReadWithAllItsParts) {
  const string_view text = "HTTP/1.1 206 Partial Content\r\nContent-Length: 12\r\nETag: \"x\"\r\n\r\nbody";
  ResponseHead head;
  const ParseOutcome outcome = parse(text, head);
  ASSERT_TRUE(outcome.done()) << outcome.reason;
  EXPECT_EQ(text.substr(outcome.consumed), "body");
  EXPECT_EQ(head.status, 206);
  EXPECT_EQ(head.reason, "Partial Content");
  EXPECT_EQ(head.framing, Framing::Length);
  EXPECT_EQ(head.contentLength, 12U);
  EXPECT_TRUE(head.keepAlive);
  EXPECT_EQ(head.headers.find("etag"), "\"x\"");
}

TEST(ResponseHeadTest, TheReasonMayBeEmptyOrMissing) {
  ResponseHead head;
  ASSERT_TRUE(parse("HTTP/1.1 204 \r\n\r\n", head).done());
  EXPECT_EQ(head.reason, "");
  ASSERT_TRUE(parse("HTTP/1.1 204\r\n\r\n", head).done());
  EXPECT_EQ(head.status, 204);
}

struct Framed {
  const char* what;
  string_view text;
  Method method;
  Framing framing;
  bool keepAlive;
};

constexpr Framed kFramed[] = {
    {"length", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Method::Get, Framing::Length, true},
    {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Method::Get, Framing::Chunked, true},
    {"neither", "HTTP/1.1 200 OK\r\n\r\n", Method::Get, Framing::UntilClose, false},
    {"neither in 1.0", "HTTP/1.0 200 OK\r\n\r\n", Method::Get, Framing::UntilClose, false},
    {"length in 1.0", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n", Method::Get, Framing::Length, false},
    {"length, then close", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n", Method::Get,
     Framing::Length, false},
    {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", Method::Head, Framing::None, true},
    {"HEAD, chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Method::Head, Framing::None, true},
    {"204", "HTTP/1.1 204 No Content\r\n\r\n", Method::Put, Framing::None, true},
    {"304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", Method::Get, Framing::None, true},
    {"100", "HTTP/1.1 100 Continue\r\n\r\n", Method::Put, Framing::None, true},
};

TEST(ResponseHeadTest, TheEndOfEachBodyIsKnown) {
  for (const Framed& framed : kFramed) {
    SCOPED_TRACE(framed.what);
    ResponseHead head;
    const ParseOutcome outcome = parse(framed.text, head, framed.method);
    ASSERT_TRUE(outcome.done()) << outcome.reason;
    EXPECT_EQ(head.framing, framed.framing);
    EXPECT_EQ(head.keepAlive, framed.keepAlive);
  }
}

constexpr string_view kRefused[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n",
    "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\n",
    "HTTP/1.1 200 OK\nContent-Length: 3\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX : 3\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX: 3\r\n 4\r\n\r\n",
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1 099 No\r\n\r\n",
    "HTTP/1.1 600 No\r\n\r\n",
    "HTTP/1.1  200 OK\r\n\r\n",
    "HTTP/1.1 200 O\x01K\r\n\r\n",
    "HTTP/3.0 200 OK\r\n\r\n",
    "SSH-2.0-OpenSSH_9.2\r\n",
};

TEST(ResponseHeadTest, AnswersThatCanBeReadInTwoWaysAreRefused) {
  for (string_view text : kRefused) {
    SCOPED_TRACE(text);
    ResponseHead head;
    const ParseOutcome outcome = parse(text, head);
    EXPECT_TRUE(outcome.bad());
    EXPECT_EQ(outcome.status, 502);
    EXPECT_FALSE(outcome.reason.empty());
  }
}

TEST(ResponseHeadTest, AHeadBeyondTheLimitIsRefused) {
  ResponseHead head;
  const std::string text = "HTTP/1.1 200 OK\r\nX: " + std::string(limits::kHeadBytes, 'x');
  EXPECT_TRUE(parseResponseHead(text, Method::Get, head).bad());
}

}  // namespace
}  // namespace mydht::http
