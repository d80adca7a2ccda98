#pragma once

#include <memory>
#include <optional>

#include "server/http/incoming_body.h"
#include "server/peer/loop_part.h"

namespace mydht::peer {

/// An answer's body on its way: pulls from the connection, which goes back to its loop's part at the end, whole or not.
/// Owned by whoever made the call; may be pulled and destroyed on any loop, one at a time.
class AnswerBody final : public ByteSource {
 public:
  AnswerBody(LoopPart& part, std::shared_ptr<Connection> connection);
  AnswerBody(const AnswerBody&) = delete;
  AnswerBody& operator=(const AnswerBody&) = delete;
  ~AnswerBody() override;

  std::optional<std::uint64_t> size() const override { return body_.size(); }
  Task<Result<Bytes>> next(Deadline deadline) override;

 private:
  LoopPart& part_;
  std::shared_ptr<Connection> connection_;  ///< nothing once the body is over
  http::IncomingBody body_;
  std::optional<Error> failed_;
};

}  // namespace mydht::peer
