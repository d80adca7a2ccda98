#include "server/cluster/remote_body.h"

#include <algorithm>

namespace mydht::cluster {

Task<Status> RemoteBody::open() {
  if (current_ || at_ == end_) co_return Status();
  auto opened = co_await openNext();
  co_return opened;
}

Duration RemoteBody::patience(Duration alone) const {
  return holders_.empty() ? alone : std::min(alone, 2 * settings_.timing.hedge);
}

Task<Result<Bytes>> RemoteBody::next(Deadline deadline) {
  if (at_ == end_) co_return Bytes();
  Executor& executor = co_await currentExecutor();
  while (executor.now() < deadline) {
    if (!current_) {
      auto opened = co_await openNext();
      if (!opened && settings_.bugs.endWhereItBreaks) co_return Bytes();
      if (!opened) co_return opened.error();
      continue;
    }
    const Deadline stalled = executor.now() + patience(deadline - executor.now());
    auto piece = co_await current_->next(stalled);
    if (piece && !piece->empty() && piece->size() <= end_ - at_) {
      at_ += piece->size();
      co_return piece;
    }
    if (!piece && from_ != 0 && executor.now() >= stalled) holders_.push_back(from_);
    current_.reset();
  }
  co_return Error{Kind::Unavailable, "a body does not move"};
}

Task<Status> RemoteBody::openNext() {
  Error last{Kind::Unavailable, "no node that holds this version is left"};
  while (!holders_.empty()) {
    Executor& executor = co_await currentExecutor();
    holders_ = peers_.promptFirst(std::move(holders_), executor.now());
    const NodeId node = holders_.front();
    holders_.erase(holders_.begin());
    wire::FetchBody message{entry_, at_, end_ - at_};
    const Deadline answerBy = executor.now() + patience(settings_.timing.call);
    auto answer = co_await peers_.ask(node, membership_.view(), std::move(message), Body(), answerBy);
    if (answer) {
      from_ = node;
      current_ = sourceOf(std::move(answer->body));
      co_return Status();
    }
    const bool onlySlow = !holders_.empty() && executor.now() >= answerBy;
    if (onlySlow && !slow_.contains(node)) holders_.push_back(node);
    if (onlySlow) slow_.insert(node);
    last = answer.error();
    // The file was dropped between its row and its opening: this version was replaced there. No word about the key.
    if (last.kind == Kind::NotFound) last.kind = Kind::Conflict;
  }
  co_return last;
}

}  // namespace mydht::cluster
