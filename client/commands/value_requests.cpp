#include "client/commands/value_requests.h"

#include <fmt/core.h>

#include "common/http/percent.h"
#include "common/protocol/paths.h"

namespace mydht::client::commands {

Request requestOf(http::Method method, std::string_view key, protocol::Consistency consistency) {
  Request request;
  request.method = method;
  request.target = protocol::urlOf(key);
  if (consistency != protocol::Consistency::Quorum) {
    const char joint = request.target.find('?') == std::string::npos ? '?' : '&';
    request.target += fmt::format("{}{}={}", joint, protocol::kConsistencyParameter, consistencyText(consistency));
  }
  return request;
}

Request putOf(std::string_view key, BodySource& body, std::string_view contentType, protocol::Consistency consistency) {
  Request request = requestOf(http::Method::Put, key, consistency);
  request.body = &body;
  if (!contentType.empty()) request.fields.emplace_back("Content-Type", contentType);
  return request;
}

Result<std::string> askAbout(Nodes& nodes, std::string_view path, std::string_view key) {
  Request request;
  request.target = fmt::format("{}?{}={}", path, protocol::kKeyParameter, http::encodeQueryValue(key));
  auto answer = nodes.ask(request);
  if (!answer) return answer.error();
  return std::move(answer->body);
}

Error valueError(const Error& error) {
  if (error.kind == Kind::NotFound) return {Kind::NotFound, "ERR_VALUE_NOT_FOUND"};
  return error;
}

}  // namespace mydht::client::commands
