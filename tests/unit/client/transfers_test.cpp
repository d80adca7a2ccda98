// Proves upload and download: every file goes and comes back, what is equal stays where it is, what fails is listed and
// stops nothing else, no key writes outside the folder, and files go several at a time. The program runs as a process
// against a node in memory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/unit/client/client_process.h"
#include "tests/unit/client/fake_ring.h"

namespace mydht::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class TransfersTest : public testing::Test {
 protected:
  Ran run(std::vector<std::string> words) {
    words.insert(words.begin(), {"-h", ring_.address()});
    return runClient(words);
  }

  void expectDone(const Ran& ran, const std::string& out) {
    EXPECT_EQ(ran.out, out);
    EXPECT_EQ(ran.err, "");
    EXPECT_EQ(ran.exit, 0);
  }

  /// Every file below a folder with its content.
  static std::map<std::string, std::string> contentOf(const TestFolder& folder, const std::string& below) {
    std::map<std::string, std::string> content;
    const std::filesystem::path top = folder.path(below);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top)) {
      if (!entry.is_regular_file()) continue;
      const std::string name = std::filesystem::relative(entry.path(), top).string();
      content[name] = folder.read(below + "/" + name);
    }
    return content;
  }

  void makeFolder(const std::string& name) { std::filesystem::create_directories(folder_.path(name)); }

  FakeRing ring_;
  TestFolder folder_;
};

TEST_F(TransfersTest, EveryFileGoesAndComesBack) {
  makeFolder("pictures/more/still more");
  folder_.write("pictures/1.jpg", "one");
  folder_.write("pictures/empty", "");
  folder_.write("pictures/more/\xc3\xa4 %2F?.txt", std::string(300'000, 'x'));
  folder_.write("pictures/more/still more/\xff", std::string("\0\n", 2));
  expectDone(run({"upload", folder_.path("pictures"), "p/"}), "UPLOAD OK 4 stored, 0 equal, 293.0 KiB\n");
  EXPECT_EQ(ring_.values().size(), 4U);
  EXPECT_EQ(ring_.values().at("p/more/still more/\xff"), std::string("\0\n", 2));
  ring_.set("other", "not ours");
  expectDone(run({"download", "p/", folder_.path("back")}), "DOWNLOAD OK 4 fetched, 0 equal, 293.0 KiB\n");
  EXPECT_EQ(contentOf(folder_, "back"), contentOf(folder_, "pictures"));
}

TEST_F(TransfersTest, WhatIsEqualStaysWhereItIs) {
  makeFolder("a");
  for (int i = 0; i < 50; ++i) folder_.write("a/" + std::to_string(i), "value " + std::to_string(i));
  EXPECT_EQ(run({"upload", folder_.path("a")}).exit, 0);
  folder_.write("a/7", "value x");  // as long, other bytes
  folder_.write("a/8", "longer value");
  ring_.pagesOf(3);
  expectDone(run({"upload", folder_.path("a")}), "UPLOAD OK 2 stored, 48 equal, 19 B\n");
  EXPECT_EQ(ring_.values().at("7"), "value x");
  expectDone(run({"download", "", folder_.path("b")}), "DOWNLOAD OK 50 fetched, 0 equal, 395 B\n");
  folder_.write("b/9", "spoiled");
  std::filesystem::remove(folder_.path("b/10"));
  expectDone(run({"download", "", folder_.path("b")}), "DOWNLOAD OK 2 fetched, 48 equal, 15 B\n");
  EXPECT_EQ(contentOf(folder_, "b"), contentOf(folder_, "a"));
}

TEST_F(TransfersTest, FewFilesAreComparedWithFewPagesOfAManyKeyedRing) {
  for (int i = 0; i < 5000; ++i) ring_.set("k" + std::to_string(10'000 + i), "v");
  makeFolder("a");
  folder_.write("a/k12345", "v");
  folder_.write("a/k14999", "v");
  folder_.write("a/z", "v");
  expectDone(run({"upload", folder_.path("a")}), "UPLOAD OK 1 stored, 2 equal, 1 B\n");
  EXPECT_LE(ring_.askedFor("GET /_mydht/keys"), 3U);
}

TEST_F(TransfersTest, WhatFailsIsListedAndStopsNothingElse) {
  makeFolder("a");
  for (const char* name : {"1", "2", "3"}) folder_.write(std::string("a/") + name, name);
  ring_.failKey("2");
  const Ran up = run({"upload", folder_.path("a")});
  EXPECT_EQ(up.exit, 1);
  EXPECT_EQ(up.out, "");
  EXPECT_EQ(up.err, "2: Service Unavailable: too few home nodes\n1 failed, 2 stored, 0 equal\n");
  ring_.set("2", "2");
  const Ran down = run({"download", "", folder_.path("b")});
  EXPECT_EQ(down.exit, 1);
  EXPECT_EQ(down.err, "2: Service Unavailable: too few home nodes\n1 failed, 2 fetched, 0 equal\n");
  EXPECT_EQ(contentOf(folder_, "b").size(), 2U);
}

TEST_F(TransfersTest, FailuresAreObjectsWithJson) {
  makeFolder("a");
  folder_.write("a/1", "1");
  expectDone(run({"upload", folder_.path("a"), "--json"}), R"({"stored":1,"equal":0,"bytes":1})"
                                                           "\n");
  ring_.failKey("1");
  const Ran down = run({"download", "", folder_.path("b"), "--json"});
  EXPECT_EQ(down.exit, 1);
  EXPECT_EQ(down.out, "");
  EXPECT_EQ(down.err,
            R"({"key":"1","text":"1","url":"/1","error":"Service Unavailable: too few home nodes","kind":"not-done"})"
            "\n"
            R"({"error":"1 failed, 0 fetched, 0 equal","kind":"not-done"})"
            "\n");
}

TEST_F(TransfersTest, QuietSaysNothingOfSuccess) {
  makeFolder("a");
  folder_.write("a/1", "1");
  expectDone(run({"upload", folder_.path("a"), "--quiet"}), "");
  expectDone(run({"download", "", folder_.path("b"), "-q"}), "");
  EXPECT_EQ(folder_.read("b/1"), "1");
}

TEST_F(TransfersTest, NoKeyWritesOutsideTheFolder) {
  makeFolder("outside");
  makeFolder("in/b");
  std::filesystem::create_directory_symlink("../outside", folder_.path("in/link"));
  std::filesystem::create_symlink("../outside/target", folder_.path("in/file-link"));
  for (const std::string& key :
       {std::string("../up"), std::string("a/../../up"), std::string("/etc/mydht-test"), std::string(".."),
        std::string("a//b"), std::string("./c"), std::string("a/."), std::string("d/"), std::string("nul\0l", 5),
        std::string(256, 'n'), std::string("link/x"), std::string("file-link"), std::string("b"), std::string("good/x"),
        std::string(".mydhtclient-0123456789abcdef")}) {
    ring_.set("p/" + key, "value of " + key);
  }
  ring_.set("p/", "no name is left");
  const Ran ran = run({"download", "p/", folder_.path("in")});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.err, HasSubstr("\n15 failed, 1 fetched, 0 equal\n"));
  EXPECT_THAT(ran.err, HasSubstr("p/../up: a part of its name is '..'\n"));
  EXPECT_THAT(ran.err, HasSubstr("p//etc/mydht-test: its name would begin with '/'\n"));
  EXPECT_THAT(ran.err, HasSubstr("p/link/x: cannot open folder " + folder_.path("in/link") + ": Not a directory\n"));
  EXPECT_THAT(ran.err, HasSubstr("p/b: cannot write " + folder_.path("in/b") + ": Is a directory\n"));
  EXPECT_EQ(folder_.read("in/good/x"), "value of good/x");
  EXPECT_THAT(folder_.names(), ElementsAre("in", "outside"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path("outside")));
  EXPECT_TRUE(std::filesystem::is_symlink(folder_.path("in/file-link")));
  EXPECT_EQ(contentOf(folder_, "in").size(), 1U);
}

TEST_F(TransfersTest, AKeyThatNeedsAFolderWhereAFileIsFails) {
  ring_.set("a", "file");
  ring_.set("a/b", "below it");
  const Ran ran = run({"download", "", folder_.path("d"), "-j", "1"});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.err,
            "a/b: cannot open folder " + folder_.path("d/a") + ": Not a directory\n1 failed, 1 fetched, 0 equal\n");
}

TEST_F(TransfersTest, FilesThatCannotBeStoredAreListed) {
  makeFolder("a/sub");
  folder_.write("a/good", "good");
  std::filesystem::create_symlink("good", folder_.path("a/link-to-file"));
  std::filesystem::create_directory_symlink("sub", folder_.path("a/link-to-folder"));
  std::filesystem::create_symlink("nowhere", folder_.path("a/link-to-nothing"));
  ASSERT_EQ(::mkfifo(folder_.path("a/fifo").c_str(), 0600), 0);
  folder_.write("a/.mydhtclient-0123456789abcdef", "unfinished");
  const Ran ran = run({"upload", folder_.path("a")});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.err, HasSubstr("fifo: neither a file nor a folder\n"));
  EXPECT_THAT(ran.err, HasSubstr("link-to-folder: a link to a folder or device is not followed\n"));
  EXPECT_THAT(ran.err, HasSubstr("link-to-nothing: cannot open "));
  EXPECT_THAT(ran.err, HasSubstr("\n3 failed, 2 stored, 0 equal\n"));
  EXPECT_EQ(ring_.values().size(), 2U);
  EXPECT_EQ(ring_.values().at("link-to-file"), "good");
}

TEST_F(TransfersTest, KeysThatCannotBeAreListed) {
  makeFolder("a");
  folder_.write("a/x", "x");
  const Ran reserved = run({"upload", folder_.path("a"), "_mydht/"});
  EXPECT_EQ(reserved.exit, 1);
  EXPECT_THAT(reserved.err, StartsWith("_mydht/x: keys that begin with _mydht/ are reserved\n"));
  const Ran tooLong = run({"upload", folder_.path("a"), std::string(2048, 'p')});
  EXPECT_EQ(tooLong.exit, 1);
  EXPECT_THAT(tooLong.err, HasSubstr("a key has 1 to 2048 bytes, this one 2049\n"));
  EXPECT_TRUE(ring_.values().empty());
}

TEST_F(TransfersTest, MissingFoldersAreErrors) {
  const Ran up = run({"upload", folder_.path("missing")});
  EXPECT_EQ(up.exit, 1);
  EXPECT_EQ(up.err, "cannot open folder " + folder_.path("missing") + ": No such file or directory\n");
  const Ran down = run({"download", "", folder_.write("file", "")});
  EXPECT_EQ(down.exit, 1);
  EXPECT_EQ(down.err, "cannot open folder " + folder_.path("file") + ": Not a directory\n");
}

TEST_F(TransfersTest, SeveralFilesGoAtATime) {
  makeFolder("a");
  for (int i = 0; i < 12; ++i) ring_.set(std::to_string(i), std::string(200'000, 'x'));
  ring_.pauseBetweenPieces(30);
  EXPECT_EQ(run({"download", "", folder_.path("b"), "-j", "4"}).exit, 0);
  EXPECT_GE(ring_.mostConnections(), 3U);
  EXPECT_LE(ring_.mostConnections(), 5U);  // four, and the one that lists
}

TEST_F(TransfersTest, StoresEveryFileWhenNothingCanBeCompared) {
  makeFolder("a");
  folder_.write("a/1", "1");
  ring_.set("1", "1");
  ring_.failListings();
  const Ran up = run({"upload", folder_.path("a")});
  EXPECT_EQ(up.exit, 0);
  EXPECT_EQ(up.out,
            "UPLOAD OK 1 stored, 0 equal, 1 B (what is stored could not be compared: Service Unavailable: too few "
            "home nodes)\n");
  const Ran down = run({"download", "", folder_.path("b")});
  EXPECT_EQ(down.exit, 1);
  EXPECT_EQ(down.err, "broke off after 0 fetched, 0 equal, 0 failed: Service Unavailable: too few home nodes\n");
}

TEST_F(TransfersTest, GivesUpWhenNobodyAnswers) {
  makeFolder("a");
  for (int i = 0; i < 200; ++i) {
    folder_.write("a/" + std::to_string(i), "v");
    ring_.failKey(std::to_string(i));
  }
  const Ran ran = run({"upload", folder_.path("a"), "-j", "2"});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.err, HasSubstr(" failed, 0 stored, 0 equal; nobody answers, the rest was not tried\n"));
  EXPECT_LE(ring_.askedFor("PUT"), 25U);
}

TEST_F(TransfersTest, TheExampleFoldersGoByTheirNames) {
  makeFolder("upload/sub");
  folder_.write("upload/letter.txt", "Dear");
  folder_.write("upload/sub/x", "y");
  expectDone(run({"upload", folder_.path("upload")}), "UPLOAD OK 4 stored, 0 equal, 20 B\n");
  EXPECT_EQ(
      ring_.values(),
      (std::map<std::string, std::string>{
          {"letter.txt", "Dear"}, {"sub/x", "y"}, {"key for letter.txt", "letter.txt"}, {"key for sub/x", "sub/x"}}));
  const Ran equal = run({"upload", folder_.path("upload")});
  EXPECT_EQ(equal.out, "UPLOAD OK 0 stored, 4 equal, 0 B\n");
  ring_.set("other", "not ours");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path("."));
  expectDone(run({"download"}), "DOWNLOAD OK 2 fetched, 0 equal, 5 B\n");
  expectDone(run({"download"}), "DOWNLOAD OK 0 fetched, 2 equal, 0 B\n");
  std::filesystem::current_path(before);
  EXPECT_EQ(contentOf(folder_, "download"), contentOf(folder_, "upload"));
}

TEST_F(TransfersTest, NamesAreStoredForOtherFoldersOnlyWhenAskedFor) {
  makeFolder("a");
  folder_.write("a/x", "y");
  EXPECT_EQ(run({"upload", folder_.path("a"), "p/", "--names"}).exit, 0);
  EXPECT_EQ(ring_.values(), (std::map<std::string, std::string>{{"key for p/x", "p/x"}, {"p/x", "y"}}));
  makeFolder("upload");
  folder_.write("upload/z", "z");
  EXPECT_EQ(run({"upload", folder_.path("upload"), "q/"}).exit, 0);
  EXPECT_THAT(ring_.values(), Not(testing::Contains(testing::Key("key for q/z"))));
}

}  // namespace
}  // namespace mydht::client
