// Proves that a file system counts as full before it is, that the reserve is a file which is given up then, and that it
// is taken again only when there is room for it and more. How: the system's word is a function of the test, the
// reserve's file is real.

#include "server/disk/free_space.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/files/temp_directory.h"

namespace mydht::disk {
namespace {

constexpr std::uint64_t kReserve = 1024 * 1024;
constexpr std::uint64_t kTotal = 64 * kReserve;
constexpr std::uint64_t kTight = kReserve / 16;

class FreeSpaceTest : public testing::Test {
 protected:
  /// Room for others, beside the reserve's file.
  FreeSpace::Ask ask() {
    return [this](const std::string&) { return FreeSpace::Room{kTotal, others_ - std::min(others_, reserveBytes())}; };
  }
  /// What the reserve's file has.
  std::uint64_t reserveBytes() const {
    struct stat state {};
    const std::string path = directory_.path() + "/" + FreeSpace::kFileName;
    return ::stat(path.c_str(), &state) == 0 ? static_cast<std::uint64_t>(state.st_blocks) * 512 : 0;
  }

  const support::TempDirectory directory_;
  std::uint64_t others_ = 40 * kReserve;
};

TEST_F(FreeSpaceTest, TheReserveHasItsRoomAndIsTakenOff) {
  const FreeSpace space(directory_.path(), kReserve, ask());
  EXPECT_EQ(space.space().reserve, kReserve);
  EXPECT_EQ(reserveBytes(), kReserve);
  EXPECT_EQ(space.space().total, kTotal);
  EXPECT_EQ(space.bytes(), 39 * kReserve - kTight);
}

TEST_F(FreeSpaceTest, AFullDiskGivesTheReserveUpAndStaysFullUntilThereIsRoomForItAndMore) {
  FreeSpace space(directory_.path(), kReserve, ask());
  others_ = kReserve + kTight - 1;
  EXPECT_EQ(space.refresh(), 0U);
  EXPECT_EQ(space.space().reserve, 0U);
  EXPECT_EQ(reserveBytes(), 0U);
  EXPECT_GT(space.space().spare, 0U);
  others_ = kReserve + 2 * kTight - 1;
  EXPECT_EQ(space.refresh(), 0U);
  others_ = kReserve + 2 * kTight;
  EXPECT_GT(space.refresh(), 0U);
  EXPECT_EQ(reserveBytes(), kReserve);
}

TEST_F(FreeSpaceTest, HalfOfTheReserveIsForDeletesAlone) {
  FreeSpace space(directory_.path(), kReserve, ask());
  others_ = kReserve / 2;
  space.refresh();
  EXPECT_EQ(space.space().spare, 0U);
}

TEST_F(FreeSpaceTest, ARestartOnAFullDiskFindsItsReserve) {
  { const FreeSpace space(directory_.path(), kReserve, ask()); }
  others_ = kReserve + kTight;  // too little to make one
  const FreeSpace space(directory_.path(), kReserve, ask());
  EXPECT_EQ(space.space().reserve, kReserve);
}

TEST_F(FreeSpaceTest, ASmallFileSystemKeepsAQuarterAtMostAndNoneIfNoneIsWanted) {
  const FreeSpace space(directory_.path(), kTotal, ask());
  EXPECT_LE(space.space().reserve, kTotal / 4);
  const support::TempDirectory other;
  const FreeSpace none(other.path(), 0, ask());
  EXPECT_EQ(none.space().reserve, 0U);
  EXPECT_EQ(none.bytes(), others_ - reserveBytes());
}

}  // namespace
}  // namespace mydht::disk
