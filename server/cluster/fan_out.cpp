#include "server/cluster/fan_out.h"

#include "common/result/limits.h"

namespace mydht::cluster {
namespace {

// What one branch may fall behind: enough to ride out a sync, little enough for a thousand uploads at once.
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

FanOut::FanOut(Executor& executor, std::function<bool(const std::set<NodeId>&)> enough, Duration stall,
               Duration progress)
    : executor_(executor), enough_(std::move(enough)), stall_(stall), progress_(progress), changed_(executor) {}

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

std::set<NodeId> FanOut::live(bool withRoom) const {
  std::set<NodeId> nodes;
  for (const auto& [node, lane] : lanes_) {
    if (lane.live && (!withRoom || lane.bytes < kWindowBytes)) nodes.insert(node);
  }
  return nodes;
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
  const Time stalled = executor_.now() + stall_;
  const Time giveUp = executor_.now() + progress_;
  while (true) {
    const std::set<NodeId> all = live(false);
    const std::set<NodeId> withRoom = live(true);
    if (!enough_(all)) co_return Error{Kind::NotDone, "too few of the key's home nodes take the value"};
    if (all.size() == withRoom.size()) co_return Status();
    if (executor_.now() >= stalled && enough_(withRoom)) {
      for (const NodeId node : all) {
        if (!withRoom.contains(node)) drop(node);
      }
      continue;
    }
    if (executor_.now() >= giveUp) co_return Error{Kind::NotDone, "the key's home nodes do not take the value"};
    const Time until = executor_.now() < stalled ? stalled : giveUp;
    co_await changed_.waitUntil(until);
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
    auto next = co_await rest.next(executor_.now() + progress_);
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
