// Proves what a user at a terminal sees: a bar with rate and time left on transfers of over a second and nothing of it
// afterwards, no bar elsewhere, and no bytes that would spoil the terminal. The program runs on a pseudo-terminal.

#include "tests/support/processes/terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/client/client_process.h"
#include "tests/unit/client/fake_ring.h"

namespace mydht::client {
namespace {

using support::Terminal;
using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;

/// A node, a folder, and programs on terminals.
class TerminalTest : public testing::Test {
 protected:
  std::unique_ptr<Terminal> start(std::vector<std::string> words) {
    words.insert(words.begin(), {MYDHT_CLIENT, "-h", ring_.address()});
    return std::make_unique<Terminal>(std::move(words), folder_.path("."));
  }

  /// What a program printed when it had ended.
  std::string printedBy(std::vector<std::string> words, int exit) {
    const auto terminal = start(std::move(words));
    EXPECT_EQ(terminal->finish(), exit);
    return terminal->printed();
  }

  FakeRing ring_;
  TestFolder folder_;
};

TEST_F(TerminalTest, ALongTransferShowsABarThatGoesAwayAndAPipeGetsNone) {
  const std::string value(1'500'000, 'x');
  ring_.set("k", value);
  ring_.pauseBetweenPieces(100);
  const auto shown = start({"get", "k", "-o", "shown"});
  const auto quiet = start({"get", "k", "-o", "quiet", "--quiet"});
  const auto json = start({"get", "k", "-o", "json", "--json"});
  ClientProcess piped({"-h", ring_.address(), "get", "k", "-o", folder_.path("piped")});
  const auto batch = start({"download", "", "batch"});
  EXPECT_TRUE(shown->awaits(" of 1.4 MiB  "));
  EXPECT_TRUE(shown->awaits(" left"));
  EXPECT_EQ(shown->finish(), 0);
  EXPECT_THAT(shown->printed(),
              ContainsRegex("\r\\[#+-+\\] +[0-9]+%  [0-9.]+ KiB of 1\\.4 MiB  [0-9.]+ KiB/s  [0-9:]+ left"));
  EXPECT_THAT(shown->printed(), EndsWith("\r\033[K"));
  EXPECT_EQ(batch->finish(), 0);
  EXPECT_THAT(batch->printed(), HasSubstr("0/1 files  "));
  EXPECT_THAT(batch->printed(), EndsWith("\r\033[KDOWNLOAD OK 1 fetched, 0 equal, 1.4 MiB\r\n"));
  EXPECT_EQ(quiet->finish(), 0);
  EXPECT_EQ(quiet->printed(), "");
  EXPECT_EQ(json->finish(), 0);
  EXPECT_THAT(json->printed(), testing::StartsWith("{\"key\":\"k\""));
  const Ran ran = piped.finish();
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.err, "");
  for (const char* name : {"shown", "quiet", "json", "piped", "batch/k"})
    EXPECT_TRUE(folder_.read(name) == value) << name;
}

TEST_F(TerminalTest, AnUploadShowsABarToo) {
  // Far more than the kernel takes off the client's hands at once.
  folder_.write("big", std::string(20 << 20, 'x'));
  ring_.pauseBetweenPieces(10);
  const auto put = start({"put", "k", "-f", "big"});
  const auto upload = start({"upload", ".", "all/"});
  EXPECT_EQ(put->finish(), 0);
  EXPECT_THAT(put->printed(), ContainsRegex("\r\\[#+-+\\] +[0-9]+%  [0-9.]+ MiB of 20\\.0 MiB  .* left"));
  EXPECT_THAT(put->printed(), EndsWith("\r\033[KPUT OK k\r\n"));
  EXPECT_EQ(upload->finish(), 0);
  EXPECT_THAT(upload->printed(), HasSubstr("0/1 files  "));
  EXPECT_THAT(upload->printed(), EndsWith("\r\033[KUPLOAD OK 1 stored, 0 equal, 20.0 MiB\r\n"));
}

TEST_F(TerminalTest, AShortTransferShowsNoBar) {
  ring_.set("k", "v");
  EXPECT_EQ(printedBy({"get", "k", "-o", "f"}, 0), "");
  EXPECT_EQ(printedBy({"put", "k", "v"}, 0), "PUT OK k\r\n");
}

TEST_F(TerminalTest, AValueThatIsLongOrNoTextIsNotPrintedThere) {
  ring_.set("text", "t\xc3\xa4xt\n\twith lines\r\nof all kinds");
  ring_.set("edge", std::string(1024, 'x'));
  ring_.set("long", std::string(1025, 'x'));
  EXPECT_EQ(printedBy({"get", "text"}, 0), "t\xc3\xa4xt\r\n\twith lines\r\r\nof all kinds\r\n");
  EXPECT_EQ(printedBy({"get", "edge"}, 0), std::string(1024, 'x') + "\r\n");
  EXPECT_EQ(printedBy({"get", "long"}, 1),
            "the value is over 1 KiB: write it to a file by -o FILE, or here all the same by -o -\r\n");
  EXPECT_EQ(printedBy({"get", "long", "-o", "-"}, 0), std::string(1025, 'x'));
  for (const std::string& binary :
       {std::string("\xff"), std::string("a\0b", 3), std::string("\033[2J"), std::string("over\rwritten"),
        std::string("\xc2\x9b"
                    "2J")}) {
    ring_.set("binary", binary);
    EXPECT_EQ(printedBy({"get", "binary"}, 1),
              "the value is not text: write it to a file by -o FILE, or here all the same by -o -\r\n");
  }
}

TEST_F(TerminalTest, KeysCannotDriveTheTerminal) {
  ring_.set("a\033[2Jb", "v");
  EXPECT_EQ(printedBy({"ls"}, 0), "a [2Jb\r\n");
}

}  // namespace
}  // namespace mydht::client
