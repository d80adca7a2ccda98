// Proves that a file gets its name only when it is whole, also where it has a hidden name meanwhile: that goes with its
// owner, with a signal that ends the process, and what a killed process left goes with the next one; but not what
// another process is writing at that moment.

#include "client/temporary_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "tests/unit/client/client_process.h"

namespace mydht::client {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

using Make = Result<std::unique_ptr<TemporaryFile>> (*)(FileHandle, std::string, mode_t);

FileHandle open(const TestFolder& folder) {
  return FileHandle(::open(folder.path(".").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/// Both forms of the file are the same to its owner.
class TemporaryFileTest : public testing::TestWithParam<Make> {
 protected:
  std::unique_ptr<TemporaryFile> make(const std::string& name) {
    auto made = GetParam()(open(folder_), name, 0600);
    EXPECT_TRUE(made) << made.error().text;
    EXPECT_TRUE(writeAll((*made)->handle(), "newer"));
    return std::move(*made);
  }

  TestFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Forms, TemporaryFileTest, testing::Values(&TemporaryFile::in, &TemporaryFile::hiddenIn),
                         [](const auto& form) { return form.index == 0 ? "Nameless" : "Hidden"; });

TEST_P(TemporaryFileTest, HasItsNameWhenItIsPublished) {
  const auto file = make("f");
  EXPECT_NE(folder_.names(), std::vector<std::string>{"f"});
  EXPECT_TRUE(file->publish());
  EXPECT_THAT(folder_.names(), ElementsAre("f"));
  EXPECT_EQ(folder_.read("f"), "newer");
}

TEST_P(TemporaryFileTest, TakesThePlaceOfAnOlderOne) {
  folder_.write("f", "older");
  EXPECT_TRUE(make("f")->publish());
  EXPECT_THAT(folder_.names(), ElementsAre("f"));
  EXPECT_EQ(folder_.read("f"), "newer");
}

TEST_P(TemporaryFileTest, IsGoneWithItsOwner) {
  make("f").reset();
  EXPECT_THAT(folder_.names(), ElementsAre());
}

TEST_P(TemporaryFileTest, IsGoneWithAProcessThatASignalEnds) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto file = GetParam()(open(folder_), "f", 0600);
      if (file && writeAll((*file)->handle(), "half")) ::raise(signal);
      ::_exit(99);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal);
    EXPECT_THAT(folder_.names(), ElementsAre());
  }
}

TEST_P(TemporaryFileTest, CannotTakeThePlaceOfAFolder) {
  std::filesystem::create_directory(folder_.path("f"));
  EXPECT_FALSE(make("f")->publish());
  EXPECT_THAT(folder_.names(), ElementsAre("f"));
}

TEST(HiddenNames, OfKilledProcessesAreRemovedByTheNextAndOthersStay) {
  const TestFolder folder;
  const TestFolder other;
  const pid_t child = ::fork();
  if (child == 0) {
    const auto file = TemporaryFile::hiddenIn(open(folder), "f", 0600);
    if (file && writeAll((*file)->handle(), "half")) ::raise(SIGKILL);
    ::_exit(99);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(folder.names().size(), 1U);
  const std::string abandoned = folder.names()[0];
  EXPECT_TRUE(isHiddenName(abandoned));
  folder.write(".mydhtclient-not-ours", "");

  const auto mine = TemporaryFile::hiddenIn(open(folder), "g", 0600);
  ASSERT_TRUE(mine);
  EXPECT_THAT(folder.names(), testing::Not(testing::Contains(abandoned)));
  ASSERT_EQ(folder.names().size(), 2U);  // mine, and the one that only looks so
  const std::vector<std::string> names = folder.names();
  // Another process would sweep the directory now, as a look at another one in between makes this one do.
  EXPECT_TRUE(TemporaryFile::hiddenIn(open(other), "x", 0600));
  EXPECT_TRUE(TemporaryFile::hiddenIn(open(folder), "h", 0600));
  EXPECT_EQ(folder.names(), names);
}

TEST(HiddenNames, AreToldFromOthers) {
  EXPECT_TRUE(isHiddenName(".mydhtclient-0123456789abcdef"));
  EXPECT_TRUE(isHiddenName(freshHiddenName()));
  EXPECT_FALSE(isHiddenName(".mydhtclient-0123456789abcde"));
  EXPECT_FALSE(isHiddenName(".mydhtclient-0123456789abcdeF"));
  EXPECT_FALSE(isHiddenName("mydhtclient-00123456789abcdef"));
}

}  // namespace
}  // namespace mydht::client
