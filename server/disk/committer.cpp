#include "server/disk/committer.h"

#include <utility>

namespace mydht::disk {
namespace {

/// What one write to the log holds at most: it is copied once, so this bounds the memory.
constexpr std::size_t kGroupBytes = 16 * 1024 * 1024;

std::size_t weightOf(const Batch& batch) {
  std::size_t bytes = 16 * (batch.publishes.size() + batch.drops.size());
  for (const auto& [name, content] : batch.rows) bytes += name.size() + (content ? content->size() : 0);
  return bytes;
}

}  // namespace

Committer::Committer(std::uint64_t lastNumber, Write write)
    : write_(std::move(write)), lastNumber_(lastNumber), lastSynced_(lastNumber), thread_([this] { work(); }) {}

void Committer::stop() {
  {
    const std::lock_guard lock(queue_.mutex);
    queue_.stopping = true;
    queue_.filled.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

/// False: refused, with the result set.
bool Committer::Commit::enqueue() {
  Queue& queue = committer_.queue_;
  const std::lock_guard lock(queue.mutex);
  if (queue.stopping) {
    result_.emplace(Error{Kind::Stopped, "the disk is stopping"});
    return false;
  }
  if (queue.last == nullptr) {
    queue.first = this;
    queue.filled.notify_one();
  } else {
    queue.last->next_ = this;
  }
  queue.last = this;
  return true;
}

/// Waits for the next group, in the order in which they came; empty = stopped, and nothing is left.
std::vector<Committer::Commit*> Committer::takeGroup() {
  std::vector<Commit*> group;
  std::unique_lock lock(queue_.mutex);
  queue_.filled.wait(lock, [this] { return queue_.stopping || queue_.first != nullptr; });
  std::size_t bytes = 0;
  while (queue_.first != nullptr && bytes < kGroupBytes) {
    bytes += weightOf(queue_.first->batch_);
    group.push_back(queue_.first);
    queue_.first = queue_.first->next_;
  }
  if (queue_.first == nullptr) queue_.last = nullptr;
  return group;
}

void Committer::work() {
  while (true) {
    const std::vector<Commit*> group = takeGroup();
    if (group.empty()) return;
    const std::uint64_t before = lastNumber_;
    const Result<> written = writeGroup(group);
    for (std::size_t i = 0; i < group.size(); ++i) {
      Commit& commit = *group[i];
      if (written) {
        commit.result_.emplace(before + 1 + i);
      } else {
        commit.result_.emplace(written.error());
      }
      commit.executor_->postFromOutside(commit.waiting_);  // the commit may be gone from here on
    }
  }
}

Result<> Committer::writeGroup(const std::vector<Commit*>& group) {
  if (broken_) return *broken_;
  std::vector<const Batch*> batches;
  batches.reserve(group.size());
  for (const Commit* commit : group) batches.push_back(&commit->batch_);
  const auto written = write_(batches, lastNumber_ + group.size());
  if (!written) {
    broken_ = written.error().within("nothing is stored any more until a restart");
    return written;
  }
  lastNumber_ += group.size();
  syncs_.fetch_add(1, std::memory_order_relaxed);
  lastSynced_.store(lastNumber_, std::memory_order_release);
  return {};
}

}  // namespace mydht::disk
