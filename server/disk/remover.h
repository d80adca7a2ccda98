#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace mydht::disk {

/// A thread that removes files, since the removal of a large one can take long. Owned by BlobFiles. Any thread may
/// call. What it has not done when it stops is swept by the next start.
class Remover {
 public:
  Remover();
  Remover(const Remover&) = delete;
  Remover& operator=(const Remover&) = delete;
  ~Remover() { stop(); }

  /// Removes the file soon, then calls `after` on its own thread.
  void remove(std::string path, std::function<void()> after);
  /// Ends the thread; what is queued is left.
  void stop();

 private:
  struct Removal {
    std::string path;
    std::function<void()> after;
  };
  void work();

  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<Removal> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mydht::disk
