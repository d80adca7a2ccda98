// Proves that what is printed is what the parsers read, and that no value can end its line or begin another header.
// How: known texts, and random headers of any bytes printed and read back.

#include "common/http/response_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "common/http/head.h"

namespace mydht::http {
namespace {

using std::string;
using namespace std::string_view_literals;

TEST(HeadTextTest, AResponseIsPrinted) {
  HeadText text;
  text.startResponse(201);
  text.header("Content-Length", 18446744073709551615U);
  text.header("ETag", "\"x\"");
  text.end();
  text.append("body");
  EXPECT_EQ(text.text(), "HTTP/1.1 201 Created\r\nContent-Length: 18446744073709551615\r\nETag: \"x\"\r\n\r\nbody");
  text.clear();
  EXPECT_TRUE(text.empty());
  text.startResponse(200);
  text.end();
  EXPECT_EQ(text.text(), "HTTP/1.1 200 OK\r\n\r\n");
  text.release();
  EXPECT_EQ(text.text(), "");
}

TEST(HeadTextTest, AStatusWithoutANameIsPrintedAllTheSame) {
  HeadText text;
  text.startResponse(599);
  EXPECT_EQ(text.text(), "HTTP/1.1 599 Unknown\r\n");
}

TEST(HeadTextTest, ControlBytesBecomeBlanks) {
  HeadText text;
  text.header("X\r\nY", "a\r\nInjected: yes\r\n\r\n\0\x7f\tb"sv);
  EXPECT_EQ(text.text(), "X  Y: a  Injected: yes      \tb\r\n");
}

TEST(HeadTextTest, ARequestsTargetCannotEndItsLine) {
  HeadText text;
  text.startRequest("PUT", "/a b\r\n#\x01\xc3\xa4%20?q=1");
  EXPECT_EQ(text.text(), "PUT /a%20b%0D%0A%23%01\xc3\xa4%20?q=1 HTTP/1.1\r\n");
}

RC_GTEST_PROP(HeadTextTest, AnyHeadersArePrintedSoThatTheyAreReadBack, (const std::vector<string>& values)) {
  HeadText text;
  text.startResponse(200);
  const std::size_t added = std::min(values.size(), kMostHeaders);
  for (std::size_t i = 0; i < added; ++i) text.header("X-Value", values[i]);
  text.end();
  ResponseHead head;
  const ParseOutcome outcome = parseResponseHead(text.text(), Method::Get, head);
  RC_ASSERT(outcome.done());
  RC_ASSERT(outcome.consumed == text.size());
  RC_ASSERT(head.headers.size() == added);
  for (std::size_t i = 0; i < added; ++i) {
    string expected = values[i];
    for (char& c : expected) c = (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f ? ' ' : c;
    const std::size_t first = std::min(expected.find_first_not_of(" \t"), expected.size());
    RC_ASSERT(head.headers[i].value == expected.substr(first, expected.find_last_not_of(" \t") + 1 - first));
  }
}

}  // namespace
}  // namespace mydht::http
