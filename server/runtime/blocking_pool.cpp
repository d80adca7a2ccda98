#include "server/runtime/blocking_pool.h"

namespace mydht::runtime {

BlockingPool::BlockingPool(unsigned threads, std::size_t most) : most_(most) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

void BlockingPool::stop() {
  {
    const std::lock_guard lock(queue_.mutex);
    queue_.stopping = true;
  }
  queue_.filled.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

std::optional<Error> BlockingPool::enqueue(Job& job) {
  {
    const std::lock_guard lock(queue_.mutex);
    if (queue_.stopping) return Error{Kind::Stopped, "this node is stopping"};
    if (queue_.length == most_) return Error{Kind::Unavailable, "too many blocking calls wait already"};
    (queue_.last != nullptr ? queue_.last->next : queue_.first) = &job;
    queue_.last = &job;
    ++queue_.length;
  }
  queue_.filled.notify_one();
  return std::nullopt;
}

void BlockingPool::work() {
  while (true) {
    Job* job = nullptr;
    {
      std::unique_lock lock(queue_.mutex);
      while (queue_.first == nullptr && !queue_.stopping) queue_.filled.wait(lock);
      job = queue_.first;
      if (job == nullptr) return;
      queue_.first = job->next;
      if (queue_.first == nullptr) queue_.last = nullptr;
      --queue_.length;
    }
    job->call();
    // The waiting task may end and take the job with it as soon as it is posted.
    Executor& executor = *job->executor;
    executor.postFromOutside(job->waiting);
  }
}

}  // namespace mydht::runtime
