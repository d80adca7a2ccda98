#include "server/cluster/remote_body.h"

namespace mydht::cluster {

Task<Status> RemoteBody::open() {
  if (current_ || at_ == end_) co_return Status();
  auto opened = co_await openNext();
  co_return opened;
}

Task<Result<Bytes>> RemoteBody::next(Deadline deadline) {
  if (at_ == end_) co_return Bytes();
  while (true) {
    if (!current_) {
      auto opened = co_await openNext();
      if (!opened) co_return opened.error();
      continue;
    }
    auto piece = co_await current_->next(deadline);
    if (piece && !piece->empty() && piece->size() <= end_ - at_) {
      at_ += piece->size();
      co_return piece;
    }
    current_.reset();
  }
}

Task<Status> RemoteBody::openNext() {
  Error last{Kind::Unavailable, "no node that holds this version is left"};
  while (!holders_.empty()) {
    const NodeId node = holders_.front();
    holders_.erase(holders_.begin());
    Executor& executor = co_await currentExecutor();
    wire::FetchBody message{entry_, at_, end_ - at_};
    auto answer = co_await peers_.ask(node, membership_.view(), std::move(message), Body(),
                                      executor.now() + settings_.timing.call);
    if (answer) {
      current_ = sourceOf(std::move(answer->body));
      co_return Status();
    }
    last = answer.error();
    // The file was dropped between its row and its opening: this version was replaced there. No word about the key.
    if (last.kind == Kind::NotFound) last.kind = Kind::Conflict;
  }
  co_return last;
}

}  // namespace mydht::cluster
