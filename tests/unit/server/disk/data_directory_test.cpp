// Proves that a data directory belongs to one process, is refused plainly when it can't be used, and is not left behind
// by a start that fails. How: directories are made, harmed and opened twice in a temporary directory.

#include "server/disk/data_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/support/files/temp_directory.h"

namespace mydht::disk {
namespace {

namespace fs = boost::filesystem;
using testing::HasSubstr;

class DataDirectoryTest : public testing::Test {
 protected:
  Error refusal(const std::string& path) {
    const auto opened = DataDirectory::open(path);
    EXPECT_FALSE(opened.ok());
    if (opened) return {Kind::NotFound, "it was not refused"};
    EXPECT_THAT(opened.error().text, HasSubstr(path));
    EXPECT_EQ(opened.error().text.find('\n'), std::string::npos);
    return opened.error();
  }
  void put(const std::string& name, const std::string& text) { std::ofstream(path_ + "/" + name) << text; }

  support::TempDirectory directory_;
  std::string path_ = directory_.path();
};

TEST_F(DataDirectoryTest, IsMadeWithAllThatIsMissingAboveItAndOpenedAgain) {
  const std::string deep = path_ + "/a/b/c";
  {
    auto made = DataDirectory::open(deep);
    ASSERT_TRUE(made.ok());
    EXPECT_TRUE((*made)->isNew());
    ASSERT_TRUE((*made)->finish().ok());
    EXPECT_FALSE((*made)->isNew());
    (*made)->keep();
  }
  auto again = DataDirectory::open(deep);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE((*again)->isNew());
}

TEST_F(DataDirectoryTest, LeavesNothingBehindWhenItIsNotKept) {
  {
    auto made = DataDirectory::open(path_ + "/a/b");
    ASSERT_TRUE(made.ok());
    fs::create_directories(path_ + "/a/b/rows/x");
    ASSERT_TRUE((*made)->finish().ok());
  }
  EXPECT_TRUE(fs::is_empty(path_));
  {
    auto given = DataDirectory::open(path_);
    ASSERT_TRUE(given.ok());
    ASSERT_TRUE((*given)->finish().ok());
  }
  EXPECT_TRUE(fs::exists(path_) && fs::is_empty(path_));
}

TEST_F(DataDirectoryTest, AnOldOneStaysWhateverHappens) {
  {
    auto made = DataDirectory::open(path_);
    ASSERT_TRUE(made.ok() && (*made)->finish().ok());
    (*made)->keep();
  }
  { ASSERT_TRUE(DataDirectory::open(path_).ok()); }
  EXPECT_TRUE(fs::exists(path_ + "/FORMAT"));
}

TEST_F(DataDirectoryTest, IsRefusedWhileAnotherHoldsItAndNotHarmed) {
  auto first = DataDirectory::open(path_);
  ASSERT_TRUE(first.ok() && (*first)->finish().ok());
  EXPECT_EQ(refusal(path_).kind, Kind::Conflict);
  EXPECT_TRUE(fs::exists(path_ + "/FORMAT"));
}

TEST_F(DataDirectoryTest, ANewerFormatIsRefusedAndNamed) {
  put("FORMAT", "mydht-data 2\n");
  const Error error = refusal(path_);
  EXPECT_EQ(error.kind, Kind::BadRequest);
  EXPECT_THAT(error.text, HasSubstr("format 2"));
  EXPECT_TRUE(fs::exists(path_ + "/FORMAT"));
}

TEST_F(DataDirectoryTest, AFormatThatIsNoneIsRefused) {
  put("FORMAT", "something");
  EXPECT_EQ(refusal(path_).kind, Kind::BadRequest);
}

TEST_F(DataDirectoryTest, ADirectoryOfSomebodyElseIsRefusedAndUntouched) {
  put("letter.txt", "dear");
  EXPECT_THAT(refusal(path_).text, HasSubstr("letter.txt"));
  EXPECT_FALSE(fs::exists(path_ + "/LOCK"));
}

TEST_F(DataDirectoryTest, AFileOrAPlaceThatCannotBeMadeIsRefused) {
  put("file", "");
  EXPECT_EQ(refusal(path_ + "/file").kind, Kind::BadRequest);
  EXPECT_EQ(refusal(path_ + "/file/below").kind, Kind::Forbidden);
}

}  // namespace
}  // namespace mydht::disk
