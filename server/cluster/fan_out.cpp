#include "server/cluster/fan_out.h"

#include <algorithm>

#include "common/result/limits.h"

namespace mydht::cluster {
namespace {

// What one branch may fall behind: enough to ride out a sync.
constexpr std::size_t kWindowBytes = 4 * limits::kChunkBytes;

}  // namespace

/// One node's end of the stream.
class FanOut::Branch final : public ByteSource {
 public:
  Branch(std::shared_ptr<FanOut> fan, NodeId node, std::optional<std::uint64_t> size)
      : fan_(std::move(fan)), node_(node), size_(size) {}
  ~Branch() override { fan_->drop(node_); }

  std::optional<std::uint64_t> size() const override { return size_; }

  Task<Result<Bytes>> next(Deadline deadline) override {
    Lane& lane = fan_->lanes_.at(node_);
    while (true) {
      if (!lane.live || fan_->broken_) co_return Error{Kind::Unavailable, "the upload was broken off"};
      if (!lane.queue.empty()) {
        Bytes piece = std::move(lane.queue.front());
        lane.queue.pop_front();
        lane.bytes -= piece.size();
        fan_->changed_.notifyAll();
        co_return piece;
      }
      if (fan_->ended_) co_return Bytes();
      if (fan_->executor_.now() >= deadline) co_return Error{Kind::Unavailable, "the upload does not move"};
      co_await fan_->changed_.waitUntil(deadline);
    }
  }

 private:
  std::shared_ptr<FanOut> fan_;
  NodeId node_;
  std::optional<std::uint64_t> size_;
};

FanOut::FanOut(Executor& executor, Rules rules) : executor_(executor), rules_(std::move(rules)), changed_(executor) {}

std::unique_ptr<ByteSource> FanOut::branch(NodeId node, std::optional<std::uint64_t> size) {
  lanes_.try_emplace(node);
  return std::make_unique<Branch>(shared_from_this(), node, size);
}

void FanOut::drop(NodeId node) {
  Lane& lane = lanes_.at(node);
  lane.live = false;
  lane.queue.clear();
  lane.bytes = 0;
  changed_.notifyAll();
}

std::size_t FanOut::window() const {
  return rules_.window ? rules_.window() : kWindowBytes;
}

std::set<NodeId> FanOut::live(bool withRoom) const {
  const std::size_t most = window();
  std::set<NodeId> nodes;
  for (const auto& [node, lane] : lanes_) {
    if (lane.live && (!withRoom || lane.bytes < most)) nodes.insert(node);
  }
  return nodes;
}

bool FanOut::dropFull(bool all) {
  const std::size_t most = window();
  std::vector<NodeId> late;
  for (const auto& [node, lane] : lanes_) {
    if (lane.live && lane.bytes >= most && (all || rules_.silent(node))) late.push_back(node);
  }
  for (const NodeId node : late) drop(node);
  return !late.empty();
}

void FanOut::finish(bool whole) {
  ended_ = whole;
  broken_ = !whole;
  changed_.notifyAll();
}

Task<Status> FanOut::push(Bytes piece) {
  for (auto& [node, lane] : lanes_) {
    if (!lane.live) continue;
    lane.queue.push_back(piece);
    lane.bytes += piece.size();
  }
  changed_.notifyAll();
  const Time stalled = executor_.now() + rules_.stall;
  const Time giveUp = executor_.now() + rules_.progress;
  Time askAt = executor_.now() + rules_.ask;
  while (true) {
    const std::set<NodeId> all = live(false);
    const std::set<NodeId> withRoom = live(true);
    if (!rules_.enough(all)) {
      takers_ = all;
      co_return Error{Kind::NotDone, "too few of the key's home nodes take the value"};
    }
    if (all.size() == withRoom.size()) co_return Status();
    const bool asks = executor_.now() >= askAt;
    if (asks) askAt = executor_.now() + rules_.ask;
    if (asks && rules_.enough(withRoom) && dropFull(executor_.now() >= stalled)) continue;
    if (executor_.now() >= giveUp) {
      takers_ = withRoom;
      co_return Error{Kind::NotDone, "the key's home nodes do not take the value"};
    }
    co_await changed_.waitUntil(std::min(askAt, giveUp));
  }
}

Task<Result<FanOut::Pumped>> FanOut::pump(std::string begun, ByteSource& rest) {
  const auto self = shared_from_this();
  Sha256 hash;
  Pumped pumped;
  Bytes piece(std::move(begun));
  while (true) {
    if (!piece.empty()) {
      hash.update(piece.view());
      pumped.size += piece.size();
      auto pushed = co_await push(std::move(piece));
      if (!pushed) {
        finish(false);
        co_return pushed.error();
      }
    }
    auto next = co_await rest.next(executor_.now() + rules_.progress);
    if (!next) {
      finish(false);
      co_return next.error();
    }
    if (next->empty()) break;
    piece = std::move(*next);
  }
  finish(true);
  pumped.sha256 = hash.finish();
  co_return pumped;
}

}  // namespace mydht::cluster
