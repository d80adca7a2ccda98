// Proves ls: all keys with a prefix in order, page after page, in each of its forms, and that a listing that does not
// end or does not go on is refused. The program runs as a process against prepared answers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client/commands/jobs.h"
#include "common/protocol/shapes.h"
#include "tests/unit/client/client_process.h"
#include "tests/unit/client/fake_ring.h"
#include "tests/unit/client/scripted_server.h"

namespace mydht::client {
namespace {

using testing::HasSubstr;

protocol::ListedKey listed(const std::string& key) {
  return {.key = key,
          .size = 1234,
          .modifiedMicros = 1'795'162'504'123'456,
          .sha256 = std::string(64, 'a'),
          .contentType = "text/plain"};
}

Ran ls(ScriptedServer& server, std::vector<std::string> words) {
  words.insert(words.begin(), {"-h", server.address(), "ls"});
  return runClient(words);
}

std::string pageOf(const protocol::Listing& page) {
  return answerOf(200, protocol::toJson(page));
}

TEST(Ls, PrintsAllKeysWithThePrefixInOrderPageAfterPage) {
  FakeRing ring;
  ring.pagesOf(7);
  std::string expected;
  for (int i = 10; i < 40; ++i) {
    ring.set("photos/" + std::to_string(i), "v");
    expected += "photos/" + std::to_string(i) + "\n";
  }
  ring.set("other", "v");
  const Ran ran = runClient({"-h", ring.address(), "ls", "photos/"});
  EXPECT_EQ(ran.out, expected);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ring.askedFor("GET /_mydht/keys?limit=1000&prefix=photos%2F"), 5U);
  EXPECT_EQ(runClient({"-h", ring.address(), "ls"}).out, "other\n" + expected);
  EXPECT_EQ(runClient({"-h", ring.address(), "-c", "ls", "-k", "o"}).out, "other\n");
  EXPECT_EQ(runClient({"-h", ring.address(), "ls", "none"}).out, "");
}

TEST(Ls, ShowsSizeTimeAndHashWhenAsked) {
  ScriptedServer server({{.answer = pageOf({.keys = {listed("k")}, .prefixes = {"p/"}})}});
  const Ran ran = ls(server, {"-l", "--delimiter", "/"});
  EXPECT_EQ(ran.out, "        1234  2026-11-20T08:15:04Z  " + std::string(64, 'a') + "  k\n" +
                         "           -  -                     -" + std::string(63, ' ') + "  p/\n");
  EXPECT_EQ(server.heard(1)[0].requestLine(), "GET /_mydht/keys?limit=1000&delimiter=%2F HTTP/1.1");
}

TEST(Ls, PutsPrefixesAmongTheKeysInOrder) {
  ScriptedServer server({{.answer = pageOf({.keys = {listed("a"), listed("c")}, .prefixes = {"b/", "d/"}})}});
  EXPECT_EQ(ls(server, {"--delimiter=/"}).out, "a\nb/\nc\nd/\n");
}

TEST(Ls, EndsKeysWithANulWhenAsked) {
  ScriptedServer server({{.answer = pageOf({.keys = {listed("a\nb"), listed("\xff")}})}});
  EXPECT_EQ(ls(server, {"-0"}).out, std::string("a\nb\0\xff\0", 6));
}

TEST(Ls, PrintsAnObjectALineWithJson) {
  ScriptedServer server({{.answer = pageOf({.keys = {listed("k")}, .prefixes = {"p/"}})}});
  EXPECT_EQ(ls(server, {"--json"}).out,
            R"({"key":"k","text":"k","url":"/k","size":1234,"modified":1795162504.123456,"sha256":")" +
                std::string(64, 'a') + R"(","type":"text/plain"})" + "\n" + R"({"prefix":"p/","text":"p/"})" + "\n");
}

TEST(Ls, StopsAtItsLimit) {
  FakeRing ring;
  for (int i = 0; i < 20; ++i) ring.set(std::to_string(100 + i), "v");
  ring.pagesOf(2);
  EXPECT_EQ(runClient({"-h", ring.address(), "ls", "--limit", "3"}).out, "100\n101\n102\n");
  EXPECT_EQ(ring.askedFor("GET /_mydht/keys?limit=3"), 1U);
  EXPECT_EQ(ring.askedFor("GET /_mydht/keys?limit=1&after=101"), 1U);
}

TEST(Ls, RefusesAListingThatDoesNotGoOn) {
  const std::string page = pageOf({.keys = {listed("k")}, .next = "k"});
  ScriptedServer server({{.answer = page}, {.answer = page}});
  const Ran ran = ls(server, {});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.out, "k\n");
  EXPECT_EQ(ran.err, "the node's answer: the listing does not go on\n");
}

TEST(Ls, TellsWhatTheNodeRefused) {
  ScriptedServer server({{.answer = problemAnswer(503, R"({"title":"Service Unavailable","status":503,)"
                                                       R"("detail":"not all keys can be reached"})")}});
  const Ran ran = ls(server, {"-k", "p"});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("not all keys can be reached"));
}

TEST(PlaceBefore, IsJustBeforeItsKey) {
  EXPECT_EQ(commands::placeBefore("b"), "a\xff\xff\xff\xff\xff\xff\xff\xff");
  EXPECT_EQ(commands::placeBefore(std::string("b\0", 2)), "b");
  EXPECT_EQ(commands::placeBefore(""), "");
  for (const std::string key : {"a", "\x01", "\xff", "ab", "k12345"}) {
    EXPECT_LT(commands::placeBefore(key), key);
  }
}

}  // namespace
}  // namespace mydht::client
