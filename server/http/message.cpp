#include "server/http/message.h"

#include "common/protocol/names.h"
#include "common/protocol/problem.h"
#include "server/http/incoming_body.h"

namespace mydht::http {

bool Request::admit() {
  if (work_ == nullptr) return true;
  if (!work_->begin(*load_)) return false;
  if (body_ != nullptr) body_->setWork(*work_);
  return true;
}

std::unique_ptr<ByteSource> Request::takeBody() {
  if (body_ == nullptr) return sourceOf(Bytes());
  return std::make_unique<IncomingSource>(std::move(body_));
}

std::optional<std::uint64_t> Request::bodySize() const {
  if (head_.chunked) return std::nullopt;
  return head_.contentLength.value_or(0);
}

Response respond(int status, std::string_view type, std::string body) {
  Response response{status, {}, Bytes(std::move(body))};
  response.header("Content-Type", type);
  return response;
}

Response respondEmpty(int status) {
  return Response{status, {}, Bytes()};
}

Response respondError(const Error& error) {
  const auto problem = protocol::problemOf(error);
  return respond(problem.status, protocol::kProblemType, protocol::toJson(problem));
}

Response respondProblem(int status, std::string_view detail) {
  return respond(status, protocol::kProblemType, protocol::toJson(protocol::problemOf(status, detail)));
}

}  // namespace mydht::http
