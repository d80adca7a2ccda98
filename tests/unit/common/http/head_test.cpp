// Proves that a request's head is read as RFC 9112 says, that each known way to smuggle a request is refused, and that
// it makes no difference how the bytes arrive. How: a table of heads with what must become of them, each parsed whole
// and again byte by byte; and heads made at random, printed and read back.

#include "common/http/head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace mydht::http {
namespace {

using std::string;
using std::string_view;
using namespace std::string_view_literals;

/// Parses as if the bytes came one by one, each time in a buffer of exactly their size so that a sanitizer sees a step
/// beyond.
ParseOutcome parseByteByByte(string_view text, RequestHead& head, std::vector<char>& buffer) {
  ParseOutcome outcome;
  for (std::size_t bytes = 0; bytes <= text.size(); ++bytes) {
    buffer.assign(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bytes));
    outcome = parseRequestHead({buffer.data(), buffer.size()}, head);
    if (outcome.state != ParseOutcome::State::NeedMore) break;
  }
  return outcome;
}

struct Refused {
  const char* what;
  string_view text;
  int status;
};

constexpr Refused kRefused[] = {
    {"CL with TE", "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"TE with CL", "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
    {"duplicate CL", "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", 400},
    {"duplicate CL, the same", "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\ncontent-length: 3\r\n\r\n", 400},
    {"CL list", "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\n", 400},
    {"CL with plus", "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\n", 400},
    {"CL with minus", "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400},
    {"CL in hexadecimal", "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 0x3\r\n\r\n", 400},
    {"CL with a blank inside", "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 3 3\r\n\r\n", 400},
    {"CL empty", "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n", 400},
    {"CL of 2^63", "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 9223372036854775808\r\n\r\n", 400},
    {"CL of 2^64+3", "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551619\r\n\r\n", 400},
    {"blank before the colon", "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length : 3\r\n\r\n", 400},
    {"tab before the colon", "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding\t: chunked\r\n\r\n", 400},
    {"obs-fold", "GET /k HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400},
    {"obs-fold with a tab", "GET /k HTTP/1.1\r\nHost: h\r\nX: a\r\n\tb\r\n\r\n", 400},
    {"blank before the first header", "GET /k HTTP/1.1\r\n Host: h\r\n\r\n", 400},
    {"bare LF behind the request line", "GET /k HTTP/1.1\nHost: h\r\n\r\n", 400},
    {"bare LF behind a header", "GET /k HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400},
    {"bare LF as empty line", "GET /k HTTP/1.1\r\nHost: h\r\n\n", 400},
    {"bare CR in a value", "GET /k HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400},
    {"bare CR behind the version", "GET /k HTTP/1.1\rHost: h\r\n\r\n", 400},
    {"CR CR LF", "GET /k HTTP/1.1\r\nHost: h\r\r\n\r\n", 400},
    {"NUL in a value", "GET /k HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"sv, 400},
    {"NUL in a name", "GET /k HTTP/1.1\r\nHost: h\r\nX\0: a\r\n\r\n"sv, 400},
    {"NUL in the target", "GET /k\0 HTTP/1.1\r\nHost: h\r\n\r\n"sv, 400},
    {"ESC in a value", "GET /k HTTP/1.1\r\nHost: h\r\nX: \x1b[2J\r\n\r\n", 400},
    {"DEL in a value", "GET /k HTTP/1.1\r\nHost: h\r\nX: a\x7f\r\n\r\n", 400},
    {"vertical tab before chunked",
     "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\x0b"
     "chunked\r\n\r\n",
     400},
    {"unknown TE", "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n", 501},
    {"TE gzip, chunked", "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
    {"TE chunked, identity", "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 501},
    {"TE chunked with a parameter", "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked;q=1\r\n\r\n", 501},
    {"TE quoted", "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", 501},
    {"TE empty", "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n\r\n", 501},
    {"TE twice", "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"TE in HTTP/1.0", "PUT /k HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"no Host", "GET /k HTTP/1.1\r\nX: y\r\n\r\n", 400},
    {"no Host with an absolute target", "GET http://h/k HTTP/1.1\r\n\r\n", 400},
    {"two Hosts", "GET /k HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400},
    {"two Hosts in HTTP/1.0", "GET /k HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n", 400},
    {"empty Host", "GET /k HTTP/1.1\r\nHost:\r\n\r\n", 400},
    {"Host with a path", "GET /k HTTP/1.1\r\nHost: h/x\r\n\r\n", 400},
    {"Host with a user", "GET /k HTTP/1.1\r\nHost: u@h\r\n\r\n", 400},
    {"Host with a blank", "GET /k HTTP/1.1\r\nHost: h i\r\n\r\n", 400},
    {"a target with a user", "GET http://u@h/k HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"a target without a host", "GET http:///k HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"a target of another scheme", "GET ftp://h/k HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"a target that is no path", "GET k HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"an asterisk with GET", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"authority form", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"a fragment", "GET /k#x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"two blanks behind the method", "GET  /k HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"two blanks behind the target", "GET /k  HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"a blank in the target", "GET /k k HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"a blank behind the version", "GET /k HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
    {"a tab between", "GET\t/k HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"HTTP/0.9", "GET /k\r\n", 400},
    {"HTTP/2.0", "GET /k HTTP/2.0\r\nHost: h\r\n\r\n", 505},
    {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
    {"HTTP/11", "GET /k HTTP/11\r\nHost: h\r\n\r\n", 400},
    {"HTTP/1.10", "GET /k HTTP/1.10\r\nHost: h\r\n\r\n", 400},
    {"http/1.1", "GET /k http/1.1\r\nHost: h\r\n\r\n", 400},
    {"a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv, 400},
    {"blank before the method", " GET /k HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"two empty lines before", "\r\n\r\nGET /k HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"bare LF before", "\nGET /k HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"a method without end", "GETGETGETGETGETGETGETGETGETGETGETGETGET", 400},
    {"a header without a colon", "GET /k HTTP/1.1\r\nHost: h\r\nX\r\n\r\n", 400},
    {"a header without a name", "GET /k HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n", 400},
    {"a byte above 127 in a name", "GET /k HTTP/1.1\r\nHost: h\r\nX\xc3\xa4: x\r\n\r\n", 400},
    {"an unknown Expect", "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: 200-ok\r\n\r\n", 417},
};

TEST(RequestHeadTest, EveryKnownWayToSmuggleARequestIsRefusedWholeAndByteByByte) {
  for (const Refused& refused : kRefused) {
    SCOPED_TRACE(refused.what);
    RequestHead head;
    const ParseOutcome whole = parseRequestHead(refused.text, head);
    ASSERT_TRUE(whole.bad());
    EXPECT_EQ(whole.status, refused.status) << whole.reason;
    EXPECT_FALSE(whole.reason.empty());
    EXPECT_EQ(whole.reason.find_first_of("\r\n"), string_view::npos);
    std::vector<char> buffer;
    const ParseOutcome slow = parseByteByByte(refused.text, head, buffer);
    ASSERT_TRUE(slow.bad());
    EXPECT_EQ(slow.status, refused.status) << slow.reason;
    EXPECT_EQ(slow.reason, whole.reason);
  }
}

TEST(RequestHeadTest, OrdinaryRequestsAreReadWithAllTheirParts) {
  const string_view text =
      "GET /some/key%20x?consistency=one&a=?b HTTP/1.1\r\nhost: localhost:50140\r\nX-Empty:\r\nX-Blanks: \t a \t b\t "
      "\r\n"
      "Accept: */*\r\n\r\nrest";
  RequestHead head;
  const ParseOutcome outcome = parseRequestHead(text, head);
  ASSERT_TRUE(outcome.done()) << outcome.reason;
  EXPECT_EQ(text.substr(outcome.consumed), "rest");
  EXPECT_EQ(head.method, Method::Get);
  EXPECT_EQ(head.methodText, "GET");
  EXPECT_EQ(head.path, "/some/key%20x");
  EXPECT_EQ(head.query, "consistency=one&a=?b");
  EXPECT_EQ(head.authority, "localhost:50140");
  EXPECT_EQ(head.minor, 1);
  EXPECT_TRUE(head.keepAlive);
  EXPECT_FALSE(head.hasBody());
  ASSERT_EQ(head.headers.size(), 4U);
  EXPECT_EQ(head.headers.find("HOST"), "localhost:50140");
  EXPECT_EQ(head.headers.find("x-empty"), "");
  EXPECT_EQ(head.headers.find("X-Blanks"), "a \t b");
  EXPECT_EQ(head.headers.find("X-Other"), std::nullopt);
  EXPECT_EQ(head.headers[3].name, "Accept");
}

TEST(RequestHeadTest, TheBodysFramingIsTold) {
  RequestHead head;
  ASSERT_TRUE(parseRequestHead("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 9223372036854775807\r\nExpect: "
                               "100-Continue\r\n\r\n",
                               head)
                  .done());
  EXPECT_EQ(head.contentLength, 9223372036854775807U);
  EXPECT_FALSE(head.chunked);
  EXPECT_TRUE(head.expectContinue);
  ASSERT_TRUE(parseRequestHead("PUT /k HTTP/1.1\r\nHost: h\r\ntransfer-encoding: Chunked\r\n\r\n", head).done());
  EXPECT_EQ(head.contentLength, std::nullopt);
  EXPECT_TRUE(head.chunked);
  EXPECT_FALSE(head.expectContinue);
  ASSERT_TRUE(
      parseRequestHead("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n", head).done());
  EXPECT_EQ(head.contentLength, 0U);
  EXPECT_FALSE(head.hasBody());
  EXPECT_FALSE(head.expectContinue) << "nobody waits to send nothing";
}

TEST(RequestHeadTest, ConnectionsAreKeptOnlyWhereHttp11SaysSo) {
  RequestHead head;
  ASSERT_TRUE(parseRequestHead("GET / HTTP/1.1\r\nHost: h\r\nConnection: Keep-Alive, CLOSE\r\n\r\n", head).done());
  EXPECT_FALSE(head.keepAlive);
  ASSERT_TRUE(parseRequestHead("GET / HTTP/1.1\r\nHost: h\r\nConnection: closed\r\n\r\n", head).done());
  EXPECT_TRUE(head.keepAlive);
  ASSERT_TRUE(
      parseRequestHead("GET / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n\r\n", head).done());
  EXPECT_FALSE(head.keepAlive);
  EXPECT_FALSE(head.expectContinue);
  EXPECT_EQ(head.minor, 0);
  EXPECT_EQ(head.authority, "");
  ASSERT_TRUE(parseRequestHead("GET / HTTP/1.7\r\nHost: h\r\n\r\n", head).done());
  EXPECT_EQ(head.minor, 1);
}

TEST(RequestHeadTest, TheHostOfAnAbsoluteTargetCountsNotHosts) {
  RequestHead head;
  ASSERT_TRUE(parseRequestHead("GET HTTP://[::1]:50140/a?b HTTP/1.1\r\nHost: other\r\n\r\n", head).done());
  EXPECT_EQ(head.authority, "[::1]:50140");
  EXPECT_EQ(head.path, "/a");
  EXPECT_EQ(head.query, "b");
  ASSERT_TRUE(parseRequestHead("GET https://h?b=/ HTTP/1.1\r\nHost: h\r\n\r\n", head).done());
  EXPECT_EQ(head.path, "/");
  EXPECT_EQ(head.query, "b=/");
  ASSERT_TRUE(parseRequestHead("GET / HTTP/1.1\r\nHost: h\r\n\r\n", head).done());
  EXPECT_EQ(head.authority, "h") << "nothing of the request before is left";
  EXPECT_EQ(head.query, "");
}

TEST(RequestHeadTest, OtherMethodsKeepTheirText) {
  RequestHead head;
  ASSERT_TRUE(parseRequestHead("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", head).done());
  EXPECT_EQ(head.method, Method::Options);
  EXPECT_EQ(head.path, "*");
  ASSERT_TRUE(parseRequestHead("get / HTTP/1.1\r\nHost: h\r\n\r\n", head).done());
  EXPECT_EQ(head.method, Method::Other);
  EXPECT_EQ(head.methodText, "get");
  for (Method method : {Method::Get, Method::Head, Method::Put, Method::Delete, Method::Post, Method::Options}) {
    EXPECT_EQ(methodOf(methodText(method)), method);
  }
}

TEST(RequestHeadTest, Utf8MayStandInTargetAndValuesAsItIs) {
  RequestHead head;
  ASSERT_TRUE(parseRequestHead("GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\nX: \xc3\xb6\r\n\r\n", head).done());
  EXPECT_EQ(head.path, "/\xc3\xa4");
  EXPECT_EQ(head.headers.find("X"), "\xc3\xb6");
}

TEST(RequestHeadTest, OneEmptyLineBeforeTheRequestIsSkipped) {
  RequestHead head;
  const ParseOutcome outcome = parseRequestHead("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", head);
  ASSERT_TRUE(outcome.done()) << outcome.reason;
  EXPECT_EQ(outcome.consumed, 29U);
}

TEST(RequestHeadTest, PipelinedRequestsAreReadOneAfterAnother) {
  const string_view text = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n";
  RequestHead head;
  const ParseOutcome first = parseRequestHead(text, head);
  ASSERT_TRUE(first.done());
  EXPECT_EQ(head.path, "/1");
  ASSERT_TRUE(parseRequestHead(text.substr(first.consumed), head).done());
  EXPECT_EQ(head.path, "/2");
}

TEST(RequestHeadTest, AHeadBeyondTheLimitIs431WhereverItGrows) {
  const string start = "GET / HTTP/1.1\r\nHost: h\r\n";
  const auto fill = [&](std::size_t bytes) {
    return start + "X: " + string(bytes - start.size() - 7, 'x') + "\r\n\r\n";
  };
  RequestHead head;
  EXPECT_TRUE(parseRequestHead(fill(limits::kHeadBytes), head).done());
  EXPECT_EQ(parseRequestHead(fill(limits::kHeadBytes + 1), head).status, 431);
  EXPECT_EQ(parseRequestHead("GET /" + string(limits::kHeadBytes, 'x'), head).status, 431);
  EXPECT_EQ(parseRequestHead(start + string(limits::kHeadBytes, 'x'), head).status, 431);
  EXPECT_EQ(parseRequestHead(start + "X: " + string(limits::kHeadBytes, ' '), head).status, 431);
}

TEST(RequestHeadTest, A101stHeaderIs431) {
  string text = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 99; ++i) text += "X: y\r\n";
  const string whole = text + "\r\n";
  RequestHead head;
  ASSERT_TRUE(parseRequestHead(whole, head).done());
  EXPECT_EQ(head.headers.size(), 100U);
  EXPECT_EQ(head.headers.count("x"), 99U);
  EXPECT_EQ(parseRequestHead(text + "X: y\r\n\r\n", head).status, 431);
}

rc::Gen<string> textOf(const string& characters, int most) {
  return rc::gen::mapcat(rc::gen::inRange(1, most), [characters](int bytes) {
    return rc::gen::container<string>(static_cast<std::size_t>(bytes), rc::gen::elementOf(characters));
  });
}

RC_GTEST_PROP(RequestHeadTest, RandomHeadsAreReadAsTheyWerePrintedWholeAndByteByByte, ()) {
  const string path = "/" + *textOf("abc/%20._~-!$'()*+,;=:@|{}\"<>", 20);
  const string query = *textOf("abc=&?/%41", 10);
  const auto names = *rc::gen::container<std::vector<string>>(textOf("abcXYZ019!#$&'*+.^_`|~-", 12));
  const string value = *textOf("ab ,;=\"\t\x80\xff", 30);
  string text = "DELETE " + path + "?" + query + " HTTP/1.1\r\nHost: h\r\n";
  const std::size_t added = std::min<std::size_t>(names.size(), 90);
  for (std::size_t i = 0; i < added; ++i) text += "X-" + names[i] + ":" + value + "\r\n";
  text += "\r\n";

  RequestHead head;
  const string withTail = text + "tail";
  const ParseOutcome outcome = parseRequestHead(withTail, head);
  RC_ASSERT(outcome.done());
  RC_ASSERT(outcome.consumed == text.size());
  RequestHead slowHead;
  std::vector<char> buffer;
  RC_ASSERT(parseByteByByte(text, slowHead, buffer).consumed == text.size());
  for (const RequestHead* each : {&head, &slowHead}) {
    RC_ASSERT(each->path == path);
    RC_ASSERT(each->query == query);
    RC_ASSERT(each->headers.size() == added + 1);
    for (std::size_t i = 0; i < added; ++i) {
      RC_ASSERT(each->headers[i + 1].name == "X-" + names[i]);
      const std::size_t first = std::min(value.find_first_not_of(" \t"), value.size());
      RC_ASSERT(each->headers[i + 1].value == value.substr(first, value.find_last_not_of(" \t") + 1 - first));
    }
  }
}

}  // namespace
}  // namespace mydht::http
