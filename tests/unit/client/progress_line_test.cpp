// Proves that the line of a transfer under way says what is known, in words for people, and never more than fits the
// terminal. Times and bytes are given as values.

#include "client/progress_line.h"

#include <gtest/gtest.h>

namespace mydht::client {
namespace {

TEST(ProgressLine, ShowsABarShareSizesRateAndTheTimeLeft) {
  const ProgressState half{.bytes = 5 << 20, .totalBytes = 10 << 20, .bytesPerSecond = 1 << 20};
  EXPECT_EQ(progressLine(half, 79), "[##############---------------]  50%  5.0 MiB of 10.0 MiB  1.0 MiB/s  0:05 left");
}

TEST(ProgressLine, CountsFilesWhenThereAreMany) {
  const ProgressState state{
      .bytes = 100, .totalBytes = 200, .files = 3, .totalFiles = 12, .bytesPerSecond = 50, .elapsedSeconds = 2};
  EXPECT_EQ(progressLine(state, 57), "3/12 files   50%  100 B of 200 B  50 B/s  0:02 left");
}

TEST(ProgressLine, ShowsTheTimeSoFarWhileNobodyKnowsHowMuchThereIs) {
  const ProgressState state{.bytes = 3 << 20, .bytesPerSecond = 1 << 20, .elapsedSeconds = 3};
  EXPECT_EQ(progressLine(state, 79), "3.0 MiB  1.0 MiB/s  0:03");
}

TEST(ProgressLine, SaysThatATransferStandsStill) {
  const ProgressState state{.bytes = 5, .totalBytes = 10};
  EXPECT_EQ(progressLine(state, 50), "[####-----]  50%  5 B of 10 B  0 B/s  stands still");
}

TEST(ProgressLine, IsNeverLongerThanTheTerminal) {
  const ProgressState state{.bytes = 5 << 20, .totalBytes = 10 << 20, .files = 3, .totalFiles = 12};
  for (std::size_t columns = 0; columns < 120; ++columns) EXPECT_LE(progressLine(state, columns).size(), columns);
}

TEST(ProgressLine, StaysAtOneHundredPercentWhenMoreComesThanWasExpected) {
  const ProgressState more{.bytes = 30, .totalBytes = 10, .bytesPerSecond = 1};
  EXPECT_EQ(progressLine(more, 37), "100%  30 B of 10 B  1 B/s  0:00 left");
  const ProgressState nothing{.bytes = 0, .totalBytes = 0};
  EXPECT_EQ(progressLine(nothing, 37), "100%  0 B of 0 B  0 B/s  0:00 left");
}

TEST(SizeText, NamesBytesByTheirBinaryUnits) {
  EXPECT_EQ(sizeText(0), "0 B");
  EXPECT_EQ(sizeText(999), "999 B");
  EXPECT_EQ(sizeText(1000), "1.0 KiB");
  EXPECT_EQ(sizeText(1536 * 1024), "1.5 MiB");
  EXPECT_EQ(sizeText(1023 * 1024), "1.0 MiB");
  EXPECT_EQ(sizeText(UINT64_MAX), "16384.0 PiB");
}

TEST(DurationText, SaysMinutesAndHours) {
  EXPECT_EQ(durationText(0.2), "0:00");
  EXPECT_EQ(durationText(59.6), "1:00");
  EXPECT_EQ(durationText(3723), "1:02:03");
  EXPECT_EQ(durationText(1e18), "1000:00:00");
}

}  // namespace
}  // namespace mydht::client
