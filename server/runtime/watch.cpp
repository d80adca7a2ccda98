#include "server/runtime/watch.h"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "common/result/check.h"

namespace mydht::runtime {

Watch::Watch(EventLoop& loop, int descriptor)
    : loop_(loop), descriptor_(descriptor), registered_(loop.watch(descriptor, *this)) {}

Watch::~Watch() {
  MYDHT_ASSERT(!sides_[kRead].waiting && !sides_[kWrite].waiting);
  if (timer_ != 0) loop_.cancel(timer_);
  if (registered_) loop_.unwatch(descriptor_);
}

void Watch::onEvents(std::uint32_t events) {
  constexpr std::uint32_t kEnds = EPOLLHUP | EPOLLERR;
  if ((events & (kEnds | EPOLLRDHUP)) != 0) hungUp_ = true;
  if ((events & (kEnds | EPOLLRDHUP | EPOLLIN)) != 0) becomeReady(sides_[kRead]);
  if ((events & (kEnds | EPOLLOUT)) != 0) becomeReady(sides_[kWrite]);
}

void Watch::becomeReady(Side& side) {
  side.ready = true;
  if (side.waiting) loop_.post(std::exchange(side.waiting, {}));
}

/// The timer stays armed when a wait ends, and fires for nothing now and then: deadlines mostly move on, so that a busy
/// connection touches the timers once in a while instead of twice a request.
void Watch::onTimer() {
  timer_ = 0;
  timerTime_ = Time::max();
  Time next = Time::max();
  for (Side& side : sides_) {
    if (!side.waiting) continue;
    if (side.deadline <= loop_.now()) {
      loop_.post(std::exchange(side.waiting, {}));
    } else {
      next = std::min(next, side.deadline);
    }
  }
  if (next != Time::max()) arm(next);
}

void Watch::arm(Time deadline) {
  if (timerTime_ <= deadline) return;
  if (timer_ != 0) loop_.cancel(timer_);
  timer_ = loop_.callAt(deadline, *this);
  timerTime_ = deadline;
}

void Watch::Wait::await_suspend(std::coroutine_handle<> self) {
  MYDHT_ASSERT(!side_.waiting);
  side_.waiting = self;
  side_.deadline = deadline_;
  if (deadline_ != Time::max()) watch_.arm(deadline_);
}

}  // namespace mydht::runtime
