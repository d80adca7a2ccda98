// Proves the journal: its line's form, that one event is one line whatever it holds, levels, opening the file again,
// and that nobody who notes something ever waits for a reader that is stuck.
#include "server/node/file_journal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <thread>

#include "server/node/real_world.h"
#include "tests/support/files/temp_directory.h"

namespace mydht::node {
namespace {

std::string contentOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::unique_ptr<FileJournal> journalAt(const std::string& path, const Clock& clock, Severity least = Severity::Info) {
  auto journal = FileJournal::open(path, least, clock);
  EXPECT_TRUE(journal);
  return std::move(*journal);
}

TEST(JournalLine, HasTimeSeverityEventAndFields) {
  EXPECT_EQ(journalLine(1'795'162'504'123'456, Severity::Warn, "membership.suspect", "node=b:50141 for=1.2s"),
            "2026-11-20T08:15:04.123Z WARN membership.suspect node=b:50141 for=1.2s\n");
  EXPECT_EQ(journalLine(0, Severity::Error, "a.b", ""), "1970-01-01T00:00:00.000Z ERROR a.b\n");
}

TEST(JournalLine, StaysOneLineWhateverItHolds) {
  EXPECT_EQ(journalLine(0, Severity::Info, "a", "why=\"x\r\ny\x1b\""),
            "1970-01-01T00:00:00.000Z INFO a why=\"x??y?\"\n");
  EXPECT_LE(journalLine(0, Severity::Info, "a", std::string(100'000, 'x')).size(), 4096U);
}

TEST(FileJournal, WritesWhatIsAtLeastAsSevere) {
  const support::TempDirectory directory;
  const std::string path = directory.path() + "/log";
  const SystemClock clock;
  {
    const auto journal = journalAt(path, clock);
    journal->note(Severity::Debug, "not.this", "");
    journal->note(Severity::Info, "but.this", "n=1");
    journal->note(Severity::Error, "and.this", "");
  }
  const std::string content = contentOf(path);
  EXPECT_EQ(content.find("not.this"), std::string::npos);
  EXPECT_LT(content.find("INFO but.this n=1\n"), content.find("ERROR and.this\n"));
}

TEST(FileJournal, OpensItsFileAgainWhenItWasMovedAway) {
  const support::TempDirectory directory;
  const std::string path = directory.path() + "/log";
  const SystemClock clock;
  {
    const auto journal = journalAt(path, clock);
    journal->note(Severity::Info, "first", "");
    while (contentOf(path).find("first") == std::string::npos) std::this_thread::yield();
    ASSERT_EQ(std::rename(path.c_str(), (path + ".1").c_str()), 0);
    journal->reopen();
    while (::access(path.c_str(), F_OK) != 0) std::this_thread::yield();
    journal->note(Severity::Info, "second", "");
  }
  EXPECT_NE(contentOf(path + ".1").find("first"), std::string::npos);
  EXPECT_NE(contentOf(path).find("second"), std::string::npos);
}

TEST(FileJournal, AFileThatCannotBeWrittenIsOneLine) {
  const SystemClock clock;
  const auto journal = FileJournal::open("/nowhere/at/all", Severity::Info, clock);
  ASSERT_FALSE(journal);
  EXPECT_NE(journal.error().text.find("/nowhere/at/all"), std::string::npos);
}

TEST(FileJournal, NeverMakesAnybodyWaitForAReaderThatIsStuck) {
  const support::TempDirectory directory;
  const std::string path = directory.path() + "/pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);  // which never reads
  const SystemClock clock;
  const auto begin = std::chrono::steady_clock::now();
  {
    const auto journal = journalAt(path, clock);
    const std::string large(4000, 'x');
    for (int i = 0; i < 50'000; ++i) journal->note(Severity::Info, "a", large);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  ::close(reader);
}

TEST(KernelRandom, DoesNotRepeatItself) {
  KernelRandom random;
  EXPECT_NE(random.next(), random.next());
}

}  // namespace
}  // namespace mydht::node
