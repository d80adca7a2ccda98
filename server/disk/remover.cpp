#include "server/disk/remover.h"

#include <unistd.h>

#include <utility>

namespace mydht::disk {

Remover::Remover() : thread_([this] { work(); }) {}

void Remover::remove(std::string path, std::function<void()> after) {
  const std::lock_guard lock(mutex_);
  queue_.push_back({std::move(path), std::move(after)});
  filled_.notify_one();
}

void Remover::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    filled_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Remover::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    filled_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    const Removal next = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    ::unlink(next.path.c_str());  // what can't be removed is swept, and reported, by the next start
    if (next.after) next.after();
    lock.lock();
  }
}

}  // namespace mydht::disk
