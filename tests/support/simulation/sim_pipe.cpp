#include "tests/support/simulation/sim_pipe.h"

namespace mydht::simulation {
namespace {

constexpr std::size_t kWindow = 2;
constexpr Duration kPatience = std::chrono::seconds(30);

}  // namespace

/// The reading end.
class SimPipe::Reader final : public ByteSource {
 public:
  explicit Reader(std::shared_ptr<SimPipe> pipe) : pipe_(std::move(pipe)) {}
  ~Reader() override {
    pipe_->readerGone_ = true;
    pipe_->room_.notifyAll();
  }
  std::optional<std::uint64_t> size() const override { return pipe_->size_; }

  Task<Result<Bytes>> next(Deadline deadline) override {
    while (true) {
      if (pipe_->broken_) co_return Error{Kind::Unavailable, "the connection was cut in the middle of a body"};
      if (!pipe_->window_.empty()) {
        Bytes piece = std::move(pipe_->window_.front());
        pipe_->window_.pop_front();
        pipe_->room_.notifyAll();
        co_return piece;
      }
      if (pipe_->ended_) co_return Bytes();
      const bool notified = co_await pipe_->bytes_.waitUntil(deadline);
      if (!notified) co_return Error{Kind::Unavailable, "a body does not move"};
    }
  }

 private:
  std::shared_ptr<SimPipe> pipe_;
};

SimPipe::SimPipe(SimEndpoint& from, SimEndpoint& to)
    : from_(from), to_(to), number_(from.network_.nextNumber_++), room_(from.executor_), bytes_(to.executor_) {
  from_.pipes_.emplace(number_, this);
  to_.pipes_.emplace(number_, this);
}

SimPipe::~SimPipe() {
  from_.pipes_.erase(number_);
  to_.pipes_.erase(number_);
}

std::unique_ptr<ByteSource> SimPipe::lay(SimEndpoint& from, SimEndpoint& to, Source source) {
  auto pipe = std::make_shared<SimPipe>(from, to);
  pipe->size_ = bodySize(source.body);
  pipe->whenBroken_ = std::move(source.whenBroken);
  pipe->whenMoved_ = std::move(source.whenMoved);
  from.gate_.spawn(pipe->pump(pipe, sourceOf(std::move(source.body))));
  return std::make_unique<Reader>(std::move(pipe));
}

void SimPipe::breakOff() {
  broken_ = true;
  room_.notifyAll();
  bytes_.notifyAll();
}

Task<> SimPipe::pump(std::shared_ptr<SimPipe> self, std::unique_ptr<ByteSource> source) {
  Executor& executor = co_await currentExecutor();
  while (!broken_ && !readerGone_) {
    auto piece = co_await source->next(executor.now() + kPatience);
    if (!piece) {
      if (whenBroken_) whenBroken_();
      breakOff();
      break;
    }
    if (piece->empty()) {
      ended_ = true;
      bytes_.notifyAll();
      break;
    }
    // A piece takes its time on the wire; an end that dies meanwhile is noticed after it.
    co_await sleepUntil(executor.now() + std::chrono::microseconds(300));
    window_.push_back(std::move(*piece));
    if (whenMoved_) whenMoved_();
    bytes_.notifyAll();
    while (window_.size() >= kWindow && !broken_ && !readerGone_) co_await room_.wait();
  }
}

}  // namespace mydht::simulation
