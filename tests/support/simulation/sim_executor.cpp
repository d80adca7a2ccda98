#include "tests/support/simulation/sim_executor.h"

#include <algorithm>

namespace mydht::simulation {

SimTime::~SimTime() {
  MYDHT_ASSERT(ready_.empty());
}

std::uint64_t SimTime::callAt(Time when, std::function<void()> call) {
  return timers_.add(when, Event{nullptr, {}, std::move(call)});
}

bool SimTime::step() {
  if (!ready_.empty()) {
    runOne();
    return true;
  }
  if (timers_.empty()) return false;
  fireNext();
  return true;
}

void SimTime::runReady() {
  while (!ready_.empty() || (!timers_.empty() && timers_.firstTime() <= now_)) step();
}

void SimTime::runUntil(Time when) {
  while (!ready_.empty() || (!timers_.empty() && timers_.firstTime() <= when)) step();
  now_ = std::max(now_, when);
}

bool SimTime::runUntil(const std::function<bool()>& condition, Time latest) {
  while (!condition()) {
    if (ready_.empty() && (timers_.empty() || timers_.firstTime() > latest)) return false;
    step();
  }
  return true;
}

void SimTime::runUntilIdle() {
  while (step()) {
  }
}

void SimTime::runGate(Gate& gate) {
  const bool ended = runUntil([&gate] { return gate.running() == 0; }, now_ + kLongest);
  MYDHT_ASSERT(ended);
}

void SimTime::runOne() {
  Event next = std::move(ready_.front());
  ready_.pop_front();
  if (next.executor == nullptr) {
    ++steps_;
    next.call();
  } else if (next.executor->paused_) {
    next.executor->held_.push_back(next.handle);
  } else {
    ++steps_;
    --next.executor->pending_;
    next.handle.resume();
  }
}

void SimTime::fireNext() {
  now_ = std::max(now_, timers_.firstTime());
  while (!timers_.empty() && timers_.firstTime() <= now_) ready_.push_back(timers_.takeFirst());
}

void SimExecutor::post(std::coroutine_handle<> ready) {
  ++pending_;
  time_.ready_.push_back({this, ready, {}});
}

std::uint64_t SimExecutor::wakeAt(Time when, std::coroutine_handle<> ready) {
  ++pending_;
  return time_.timers_.add(when, SimTime::Event{this, ready, {}});
}

bool SimExecutor::cancel(std::uint64_t timer) {
  if (!time_.timers_.remove(timer)) return false;
  --pending_;
  return true;
}

void SimExecutor::resume() {
  paused_ = false;
  for (const auto handle : held_) time_.ready_.push_back({this, handle, {}});
  held_.clear();
}

}  // namespace mydht::simulation
