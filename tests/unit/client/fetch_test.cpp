// Proves that a fetched file is whole or not there: whatever breaks off, is damaged, times out or is interrupted leaves
// the older file as it was and nothing else in its directory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/unit/client/client_process.h"
#include "tests/unit/client/scripted_server.h"

namespace mydht::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A get into a file of a folder of its own.
class FetchTest : public testing::Test {
 protected:
  Ran fetch(const std::string& answer, bool closes = true) {
    ScriptedServer server({{.answer = answer, .closes = closes}});
    return runClient({"-h", server.address(), "--timeout", "1", "get", "k", "-o", folder_.path("f")});
  }

  /// The same, with and without an older file: it fails, says that, and leaves nothing behind.
  void expectNothingLeft(const std::string& answer, const std::string& says, bool closes = true) {
    const Ran first = fetch(answer, closes);
    EXPECT_EQ(first.exit, 1);
    EXPECT_EQ(first.out, "");
    EXPECT_THAT(first.err, HasSubstr(says));
    EXPECT_THAT(folder_.names(), ElementsAre());
    folder_.write("f", "older");
    EXPECT_EQ(fetch(answer, closes).exit, 1);
    EXPECT_THAT(folder_.names(), ElementsAre("f"));
    EXPECT_EQ(folder_.read("f"), "older");
  }

  TestFolder folder_;
};

TEST_F(FetchTest, WritesTheWholeValueAndPrintsNothing) {
  const std::string value(3'000'000, 'x');
  const Ran ran = fetch(valueAnswer(value));
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(ran.out + ran.err, "");
  EXPECT_THAT(folder_.names(), ElementsAre("f"));
  EXPECT_TRUE(folder_.read("f") == value);
}

TEST_F(FetchTest, WritesAnEmptyValueAsAnEmptyFile) {
  EXPECT_EQ(fetch(valueAnswer("")).exit, 0);
  EXPECT_THAT(folder_.names(), ElementsAre("f"));
  EXPECT_EQ(folder_.read("f"), "");
}

TEST_F(FetchTest, ReplacesAnOlderFileAndKeepsItsMode) {
  ASSERT_EQ(::chmod(folder_.write("f", "older and longer").c_str(), 0600), 0);
  EXPECT_EQ(fetch(valueAnswer("newer")).exit, 0);
  EXPECT_EQ(folder_.read("f"), "newer");
  struct stat found {};
  ASSERT_EQ(::stat(folder_.path("f").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
}

TEST_F(FetchTest, FollowsALinkAndKeepsIt) {
  folder_.write("target", "older");
  std::filesystem::create_symlink("target", folder_.path("f"));
  EXPECT_EQ(fetch(valueAnswer("newer")).exit, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(folder_.path("f")));
  EXPECT_EQ(folder_.read("target"), "newer");
}

TEST_F(FetchTest, WritesToADeviceAsItIs) {
  std::filesystem::create_symlink("/dev/null", folder_.path("f"));
  EXPECT_EQ(fetch(valueAnswer("newer")).exit, 0);
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  std::filesystem::remove(folder_.path("f"));
  std::filesystem::create_symlink("/dev/full", folder_.path("f"));
  const Ran full = fetch(valueAnswer("newer"));
  EXPECT_EQ(full.exit, 1);
  EXPECT_EQ(full.err, "cannot write " + folder_.path("f") + ": No space left on device\n");
}

TEST_F(FetchTest, SaysThatItCannotWrite) {
  ScriptedServer server({{.answer = valueAnswer("v")}, {.answer = valueAnswer("v")}});
  const std::string nowhere = folder_.path("missing/f");
  const Ran ran = runClient({"-h", server.address(), "get", "k", "-o", nowhere});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.err, "cannot write " + nowhere + ": No such file or directory\n");
  const Ran directory = runClient({"-h", server.address(), "get", "k", "-o", folder_.path(".")});
  EXPECT_EQ(directory.exit, 1);
  EXPECT_EQ(directory.err, "cannot write " + folder_.path(".") + ": Is a directory\n");
  EXPECT_THAT(folder_.names(), ElementsAre());
}

TEST_F(FetchTest, LeavesNothingOfABodyCutShort) {
  expectNothingLeft("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(99999, 'x'),
                    "the answer broke off: the connection was closed");
}

TEST_F(FetchTest, LeavesNothingOfAChunkedBodyWithoutItsEnd) {
  expectNothingLeft("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                    "the answer broke off: the connection was closed");
}

TEST_F(FetchTest, LeavesNothingOfBadChunks) {
  expectNothingLeft("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
                    "the answer is malformed: ");
}

TEST_F(FetchTest, LeavesNothingOfABodyWithoutKnownEnd) {
  expectNothingLeft("HTTP/1.1 200 OK\r\n\r\nhello", "the answer does not say where it ends");
}

TEST_F(FetchTest, LeavesNothingOfADamagedValue) {
  std::string answer = valueAnswer("value");
  answer.back() = 'x';
  expectNothingLeft(answer, "the value is damaged");
}

TEST_F(FetchTest, LeavesNothingOfAnAnswerThatStands) {
  expectNothingLeft("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "nothing came for 1 s", false);
}

TEST_F(FetchTest, LeavesNothingWhenItIsInterrupted) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGKILL}) {
    ScriptedServer server({{.answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"}});
    ClientProcess process({"-h", server.address(), "get", "k", "-o", folder_.path("f")});
    while (!process.hasOpenIn(folder_.path("."))) ::usleep(1000);  // it is in the middle of the body
    process.signal(signal);
    EXPECT_EQ(process.finish().exit, 128 + signal);
    EXPECT_THAT(folder_.names(), ElementsAre());
  }
}

TEST(FetchToStandardOutput, PrintsNothingOfASmallValueThatIsNotWhole) {
  ScriptedServer server(
      {{.answer = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + std::string(999, 'x'), .closes = true}});
  const Ran ran = runClient({"-h", server.address(), "get", "k"});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("the answer broke off"));
}

}  // namespace
}  // namespace mydht::client
