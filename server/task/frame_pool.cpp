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
constexpr std::size_t kClasses = 64;         // frames up to 4 KiB are pooled, larger ones come from malloc
constexpr std::size_t kKeptPerClass = 1024;  // what one burst leaves behind at most: 64 to 4,096 KiB a class

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
  if (!kPooled || index >= kClasses || pool.kept[index] == kKeptPerClass) {
    std::free(frame);
    return;
  }
  auto* const free = static_cast<Free*>(frame);
  free->next = pool.lists[index];
  pool.lists[index] = free;
  ++pool.kept[index];
}

}  // namespace mydht
