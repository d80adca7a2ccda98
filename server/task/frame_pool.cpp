#include "server/task/frame_pool.h"

#include <array>
#include <cstdlib>
#include <new>
#include <utility>

namespace mydht {
namespace {

// The address sanitizer sees a frame that is used after its end only if frames really come and go.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MYDHT_EVERY_FRAME_FROM_MALLOC
#endif
#endif
#ifdef MYDHT_EVERY_FRAME_FROM_MALLOC
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif

constexpr std::size_t kStep = 64;
// Frames up to 16 KiB are pooled, larger ones come from malloc: the frame of a function that tells many messages apart
// has room for each of them, some 12 KiB.
constexpr std::size_t kClasses = 256;
// What one burst leaves behind at most, of each size that occurs at all.
constexpr std::size_t kKeptPerClass = 1024;
constexpr std::size_t kKeptBytesPerClass = 4 * 1024 * 1024;

/// Whether one more of that size is kept beside so many.
constexpr bool isRoomFor(std::size_t index, std::size_t kept) {
  return kept < kKeptPerClass && (kept + 1) * (index + 1) * kStep <= kKeptBytesPerClass;
}

struct Free {
  Free* next;
};

/// The free lists of one thread. A thread's lists go back to malloc when it ends.
struct Pool {
  std::array<Free*, kClasses> lists{};
  std::array<std::size_t, kClasses> kept{};
  ~Pool() {
    for (Free* frame : lists) {
      while (frame != nullptr) std::free(std::exchange(frame, frame->next));
    }
  }
};

thread_local Pool pool;

}  // namespace

void* allocateFrame(std::size_t size) {
  const std::size_t index = (size - 1) / kStep;
  if (kPooled && index < kClasses && pool.lists[index] != nullptr) {
    Free* const frame = pool.lists[index];
    pool.lists[index] = frame->next;
    --pool.kept[index];
    return frame;
  }
  void* const frame = std::malloc((index + 1) * kStep);
  if (frame == nullptr) throw std::bad_alloc();
  return frame;
}

void releaseFrame(void* frame, std::size_t size) {
  const std::size_t index = (size - 1) / kStep;
  if (!kPooled || index >= kClasses || !isRoomFor(index, pool.kept[index])) {
    std::free(frame);
    return;
  }
  auto* const free = static_cast<Free*>(frame);
  free->next = pool.lists[index];
  pool.lists[index] = free;
  ++pool.kept[index];
}

}  // namespace mydht
