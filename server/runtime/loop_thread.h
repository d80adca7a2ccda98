#pragma once

#include <thread>

#include "server/runtime/event_loop.h"

namespace mydht::runtime {

/// An event loop with the thread that runs it. Owned by node; what runs on the loop is stopped before it is destroyed.
class LoopThread {
 public:
  LoopThread() : thread_([this] { loop_.run(); }) {}
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  ~LoopThread() { stop(); }

  EventLoop& loop() { return loop_; }
  /// Ends the thread. May be called again. Not from a loop's thread.
  void stop() {
    if (!thread_.joinable()) return;
    loop_.stop();
    thread_.join();
  }

 private:
  EventLoop loop_;
  std::thread thread_;
};

}  // namespace mydht::runtime
