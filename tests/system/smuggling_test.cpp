// Proves on a real node that no bytes of one request are taken for another one, whatever way of framing it wrongly is
// tried, and that what a client puts into a key or a header never becomes a line of an answer, of a log, or a tag of a
// page. How: behind each bad request stands a whole request that deletes a value which must stay; the connection must
// end without it. Keys and headers of control bytes, markup and paths are stored, asked for in every way, and looked
// for in all that the node says.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/percent.h"
#include "tests/support/http_client/http_client.h"
#include "tests/support/processes/cluster_of_processes.h"

namespace mydht {
namespace {

using namespace std::string_literals;
using support::ask;
using support::get;
using support::HttpClient;
using support::put;

/// What would be done if the bytes behind a bad request were taken for one.
const std::string kSmuggled = "DELETE /victim HTTP/1.1\r\nHost: localhost\r\n\r\n";
const std::string kPut = "PUT /k HTTP/1.1\r\nHost: localhost\r\n";
const std::string kChunked = kPut + "Transfer-Encoding: chunked\r\n\r\n";

class Smuggling : public ::testing::Test {
 protected:
  Smuggling() { put(port(), "/victim", "alive"); }
  std::uint16_t port() const { return cluster_.port(0); }

  /// The status of the bad request; then the connection must end, with the smuggled one unanswered.
  int sendBad(const std::string& bytes) {
    HttpClient client(port());
    client.send(bytes + kSmuggled);
    client.endSending();
    const auto answer = client.answer();
    EXPECT_TRUE(answer.whole);
    EXPECT_EQ(answer.field("Connection"), "close");
    EXPECT_TRUE(client.closed()) << "something more was answered";
    EXPECT_EQ(get(port(), "/victim").body, "alive");
    return answer.status;
  }
  support::ClusterOfProcesses cluster_{1};
};

TEST_F(Smuggling, ByTheLengthOfTheBody) {
  for (const std::string& fields : {
           "Content-Length: 5\r\nTransfer-Encoding: chunked"s,
           "Transfer-Encoding: chunked\r\nContent-Length: 5"s,
           "Content-Length: 0\r\nContent-Length: 44"s,
           "Content-Length: 44\r\nContent-Length: 44"s,
           "Content-Length: 0, 44"s,
           "Content-Length: -1"s,
           "Content-Length: +0"s,
           "Content-Length: 0x0"s,
           "Content-Length: 0 0"s,
           "Content-Length:"s,
           "Content-Length: 18446744073709551616"s,
           "Content-Length : 0"s,
           "Content-Length\t: 0"s,
           "Content-Length: 0\r\n Transfer-Encoding: chunked"s,
           "X: y\rContent-Length: 44"s,
           "X: y\nContent-Length: 44"s,
           "X: y\0Content-Length: 44"s,
           "Transfer-Encoding\0: chunked"s,
           "Transfer-Encoding:\x0b"s + "chunked",
           "Transfer-Encoding : chunked"s,
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"s,
       }) {
    EXPECT_EQ(sendBad(kPut + fields + "\r\n\r\n"), 400) << fields;
  }
  for (const std::string& coding : {"xchunked"s, "chunked, identity"s, "gzip, chunked"s, "\"chunked\""s, ""s}) {
    EXPECT_EQ(sendBad(kPut + "Transfer-Encoding: " + coding + "\r\n\r\n"), 501) << coding;
  }
  EXPECT_EQ(sendBad("PUT /k HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST_F(Smuggling, ByTheRequestLineAndTheHost) {
  for (const std::string& head : {
           "GET /k\r\n"s,
           "GET /k HTTP/1.1\nHost: localhost\r\n\r\n"s,
           "GET /k HTTP/1.1\rHost: localhost\r\n\r\n"s,
           "GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n"s,
           "GET  /k HTTP/1.1\r\nHost: localhost\r\n\r\n"s,
           "GET /k HTTP/1.1\r\nHost: localhost\r\nHost: other\r\n\r\n"s,
           "GET /k HTTP/1.1\r\n Host: localhost\r\n\r\n"s,
           "GET http:///k HTTP/1.1\r\nHost: localhost\r\n\r\n"s,
           "GET /k#f HTTP/1.1\r\nHost: localhost\r\n\r\n"s,
           "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n"s,
           "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"s,
           "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"s,
       }) {
    EXPECT_EQ(sendBad(head), 400) << head;
  }
  EXPECT_EQ(sendBad("GET /k HTTP/2.0\r\nHost: localhost\r\n\r\n"), 505);
}

TEST_F(Smuggling, ByTheChunksOfTheBody) {
  for (const std::string& body : {
           "xyz\r\nabc\r\n0\r\n\r\n"s,
           "-1\r\nabc\r\n0\r\n\r\n"s,
           "+3\r\nabc\r\n0\r\n\r\n"s,
           "0x3\r\nabc\r\n0\r\n\r\n"s,
           " 3\r\nabc\r\n0\r\n\r\n"s,
           "3 \nabc\r\n0\r\n\r\n"s,
           "3\nabc\n0\n\n"s,
           "3\r\nabcd\r\n0\r\n\r\n"s,
           "3\r\nabc0\r\n\r\n"s,
           "10000000000000000\r\nabc\r\n0\r\n\r\n"s,
           "3;\nx\r\nabc\r\n0\r\n\r\n"s,
           "3;a=\0\r\nabc\r\n0\r\n\r\n"s,
           "0\r\nContent-Length : 5\r\n\r\n"s,
           "0\r\n folded\r\n\r\n"s,
           "\r\n0\r\n\r\n"s,
       }) {
    EXPECT_EQ(sendBad(kChunked + body), 400) << body;
  }
  EXPECT_EQ(get(port(), "/k").status, 404) << "nothing of them was stored";
}

/// Keys that mean something to somebody: to a line, a page, a JSON reader, a path, a shell, a terminal.
const std::vector<std::string> kKeys = {
    "a\r\nSet-Cookie: x=y\r\n\r\n<html>",
    "a\nb",
    "a\0b"s,
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "\"},\"found\":false,{\"x\":\"",
    "../../../../etc/passwd",
    "/etc/passwd",
    "..",
    "$(touch pwned) `touch pwned`",
    "\x1b[2J\x1b]0;owned\x07",
    "\xff\xfe\xc0\x80",
    "%0d%0aX: y",
};

std::string contentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Whether a control byte but LF stands in a text, or the key as it is where that would be markup.
bool isHarmful(std::string_view text) {
  const auto controls = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; };
  return std::ranges::any_of(text, controls) || text.find("<script>alert") != text.npos ||
         text.find("<img src=x") != text.npos || text.find("\nSet-Cookie") != text.npos;
}

TEST_F(Smuggling, ByAKeyIsTakenForNothingButAKey) {
  cluster_.stop(0);
  const std::string accessLog = cluster_.directory() + "/access.log";
  cluster_.start(0, {"--access-log", accessLog, "-v"});
  for (const std::string& key : kKeys) {
    SCOPED_TRACE(http::encodePath(key));
    const std::string query = "?key=" + http::encodeQueryValue(key);
    EXPECT_EQ(put(port(), "/_mydht/value" + query, "value of " + key).status, 201);
    const auto read = get(port(), "/_mydht/value" + query, "Referer: " + http::encodePath(key) + "\r\n");
    EXPECT_EQ(read.status, 200);
    EXPECT_EQ(read.body, "value of " + key);
    EXPECT_EQ(read.field("Set-Cookie"), "");
    for (const std::string path : {"/_mydht/haskey", "/_mydht/whereis", "/_mydht/keys?prefix=x&after="}) {
      const auto said = get(port(), path + (path.ends_with('=') ? http::encodeQueryValue(key) : query));
      EXPECT_EQ(said.status, 200) << path;
      EXPECT_TRUE(std::ranges::none_of(said.body, [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
      EXPECT_EQ(said.field("Content-Type").find("application/json"), 0U) << path;
    }
    // Where something is refused for what it is, the reason is told, and is one line.
    const auto refused = get(port(), "/" + http::encodePath(key) + "?consistency=" + http::encodeQueryValue(key));
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.field("Set-Cookie"), "");
    EXPECT_EQ(refused.field("Content-Type"), "application/problem+json");
  }
  EXPECT_FALSE(isHarmful(get(port(), "/").body));
  const auto listed = get(port(), "/_mydht/keys").body;
  EXPECT_EQ(listed.find('\x1b'), std::string::npos);
  EXPECT_EQ(listed.find('\0'), std::string::npos);
  for (const std::string& key : kKeys) {
    const std::string query = "?key=" + http::encodeQueryValue(key);
    EXPECT_EQ(ask(port(), {"DELETE", "/_mydht/value" + query, {}, {}}).status, 204);
  }
  EXPECT_EQ(cluster_.stop(0), 0);
  const std::string log = contentOf(accessLog);
  EXPECT_GE(std::ranges::count(log, '\n'), 5 * static_cast<std::ptrdiff_t>(kKeys.size()));
  EXPECT_FALSE(isHarmful(log)) << log;
  EXPECT_FALSE(isHarmful(cluster_.process(0).errors())) << cluster_.process(0).errors();
  EXPECT_FALSE(boost::filesystem::exists(cluster_.directory() + "/pwned"));
}

TEST_F(Smuggling, ByAHeaderThatIsKeptIsNotPossible) {
  // What could end a line in an answer is refused with its head.
  for (const std::string& type : {"text/plain\nX: y"s, "text/plain\rX: y"s, "text/\0plain"s, "text/\x1b[2J"s}) {
    EXPECT_EQ(sendBad(kPut + "Content-Type: " + type + "\r\nContent-Length: 0\r\n\r\n"), 400);
  }
  const std::string long256 = std::string(256, 't');
  EXPECT_EQ(put(port(), "/k", "v", "Content-Type: " + long256 + "\r\n").status, 400);
  // What a browser would run is stored, and served so that it does not.
  EXPECT_EQ(put(port(), "/page", "<script>", "Content-Type: text/html\r\n").status, 201);
  const auto page = get(port(), "/page");
  EXPECT_EQ(page.field("Content-Type"), "text/html");
  EXPECT_NE(page.field("Content-Security-Policy").find("sandbox"), std::string::npos);
  EXPECT_EQ(page.field("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(page.field("Set-Cookie"), "");
}

}  // namespace
}  // namespace mydht
