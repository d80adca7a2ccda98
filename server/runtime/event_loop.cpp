#include "server/runtime/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

#include "common/result/check.h"

namespace mydht::runtime {
namespace {

/// Events taken from the kernel at once: enough for 512 busy connections, 6 KiB of stack.
constexpr std::size_t kEventsPerTurn = 512;

/// Rounds of the ready queue before sockets and timers are looked at again, so that tasks that only yield to each other
/// starve nobody.
constexpr int kRoundsPerTurn = 64;

}  // namespace

EventLoop::EventLoop()
    : now_(std::chrono::steady_clock::now()),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  MYDHT_ASSERT(epoll_ >= 0 && wakeup_ >= 0);
  std::signal(SIGPIPE, SIG_IGN);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;  // the wake-up's mark: every Watched has an address
  MYDHT_ASSERT(::epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event) == 0);
}

EventLoop::~EventLoop() {
  MYDHT_ASSERT(ready_.empty() && timers_.empty() && inbox_.posted.empty());
  ::close(wakeup_);
  ::close(epoll_);
}

void EventLoop::post(std::coroutine_handle<> ready) {
  MYDHT_ASSERT(onOwnThread());
  ready_.push_back(ready);
}

void EventLoop::postFromOutside(std::coroutine_handle<> ready) {
  bool asleep = false;
  {
    const std::lock_guard lock(inbox_.mutex);
    inbox_.posted.push_back(ready);
    asleep = std::exchange(inbox_.asleep, false);
  }
  // The loop may have run and ended what was posted by now, but not itself: it outlives its tasks.
  if (asleep) wake();
}

std::uint64_t EventLoop::wakeAt(Time when, std::coroutine_handle<> ready) {
  MYDHT_ASSERT(onOwnThread());
  return timers_.add(when, {ready, nullptr});
}

std::uint64_t EventLoop::callAt(Time when, Watched& owner) {
  MYDHT_ASSERT(onOwnThread());
  return timers_.add(when, {{}, &owner});
}

bool EventLoop::cancel(std::uint64_t timer) {
  MYDHT_ASSERT(onOwnThread());
  return timers_.remove(timer);
}

void EventLoop::run() {
  runner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  do {
    turn();
  } while (!mayReturn());
  runner_.store({}, std::memory_order_relaxed);
}

void EventLoop::stop() {
  bool asleep = false;
  {
    const std::lock_guard lock(inbox_.mutex);
    inbox_.stopping = true;
    asleep = std::exchange(inbox_.asleep, false);
  }
  if (asleep) wake();
}

bool EventLoop::onOwnThread() const {
  const auto runner = runner_.load(std::memory_order_relaxed);
  return runner == std::this_thread::get_id() || runner == std::thread::id();
}

bool EventLoop::watch(int descriptor, Watched& owner) {
  MYDHT_ASSERT(onOwnThread());
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &owner;
  return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void EventLoop::unwatch(int descriptor) {
  MYDHT_ASSERT(onOwnThread());
  epoll_event event{};
  MYDHT_ASSERT(::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, &event) == 0);
}

void EventLoop::turn() {
  std::array<epoll_event, kEventsPerTurn> events;
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), waitMillis());
  MYDHT_ASSERT(count >= 0 || errno == EINTR);
  now_ = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    auto* const owner = static_cast<Watched*>(events[static_cast<std::size_t>(i)].data.ptr);
    // The wake-up is edge-triggered and never read: each write to it is an event of its own.
    if (owner != nullptr) owner->onEvents(events[static_cast<std::size_t>(i)].events);
  }
  fireTimers();
  takeInbox();
  runReady();
}

bool EventLoop::mayReturn() {
  if (!ready_.empty()) return false;
  const std::lock_guard lock(inbox_.mutex);
  return inbox_.posted.empty() && std::exchange(inbox_.stopping, false);
}

/// How long to wait for events: not at all while something is ready, else to the next timer, rounded up so that the
/// loop does not spin in its last millisecond.
int EventLoop::waitMillis() {
  if (!ready_.empty()) return 0;
  int millis = -1;
  if (!timers_.empty()) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(timers_.firstTime() - std::chrono::steady_clock::now());
    millis = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
  }
  return millis == 0 || !maySleep() ? 0 : millis;
}

/// Says under the lock that it sleeps, unless something has come: after that, whoever posts wakes it.
bool EventLoop::maySleep() {
  const std::lock_guard lock(inbox_.mutex);
  inbox_.asleep = inbox_.posted.empty() && !inbox_.stopping;
  return inbox_.asleep;
}

void EventLoop::fireTimers() {
  while (!timers_.empty() && timers_.firstTime() <= now_) {
    const Timer due = timers_.takeFirst();
    if (due.owner != nullptr) {
      due.owner->onTimer();
    } else {
      ready_.push_back(due.handle);
    }
  }
}

void EventLoop::takeInbox() {
  {
    const std::lock_guard lock(inbox_.mutex);
    inbox_.asleep = false;
    arrived_.swap(inbox_.posted);
  }
  ready_.insert(ready_.end(), arrived_.begin(), arrived_.end());
  arrived_.clear();
}

void EventLoop::runReady() {
  for (int round = 0; round < kRoundsPerTurn && !ready_.empty(); ++round) {
    running_.swap(ready_);
    for (const auto handle : running_) handle.resume();
    running_.clear();
  }
}

void EventLoop::wake() const {
  const std::uint64_t one = 1;
  const auto written = ::write(wakeup_, &one, sizeof one);
  MYDHT_ASSERT(written == sizeof one);
}

}  // namespace mydht::runtime
