#include "server/peer/answer_body.h"

#include <utility>

namespace mydht::peer {
namespace {

http::BodyFraming framingOf(const http::ResponseHead& head) {
  if (head.framing == http::Framing::None) return {};
  return {head.contentLength, head.framing == http::Framing::Chunked, false};
}

}  // namespace

AnswerBody::AnswerBody(LoopPart& part, std::shared_ptr<Connection> connection)
    : part_(part), connection_(std::move(connection)), body_(connection_->channel(), framingOf(connection_->head())) {}

AnswerBody::~AnswerBody() {
  if (connection_) part_.release(std::move(connection_));
}

Task<Result<Bytes>> AnswerBody::next(Deadline deadline) {
  if (failed_) co_return *failed_;
  if (!connection_) co_return Bytes();
  co_await switchTo(part_.loop());
  auto piece = co_await body_.next(deadline);
  if (!piece) {
    failed_ = Error{Kind::Unavailable, connection_->host().hostPort + ": " + piece.error().text};
    part_.release(std::move(connection_));
    co_return *failed_;
  }
  if (piece->empty()) {
    const bool whole = co_await body_.finish(false);
    if (whole) connection_->answered();
    part_.release(std::move(connection_));
  }
  co_return piece;
}

}  // namespace mydht::peer
