#include "server/peer/peer_endpoint.h"

#include <optional>
#include <string>
#include <utility>

#include "common/hash/sha256.h"
#include "common/protocol/names.h"
#include "server/peer/framing.h"

namespace mydht::peer {
namespace {

/// Why a request is not taken for a message, before its body is looked at. A browser's page cannot set this type for
/// another site without asking first, and nobody answers it.
std::optional<Error> notAMessage(const http::Request& request) {
  if (request.header("Content-Type") == protocol::kPeerType) return std::nullopt;
  return Error{Kind::BadRequest, "messages between nodes have the type " + std::string(protocol::kPeerType)};
}

/// The guard has checked the signature, which is made over the announced digest; here the message must have it.
bool asAnnounced(const std::optional<std::string>& announced, const Bytes& message) {
  return !announced || *announced == hexOf(sha256Of(message.view()));
}

http::Response responseOf(Call answer) {
  http::Response response{200, {}, std::move(answer.body), leadOf(answer.message.view())};
  response.header("Content-Type", protocol::kPeerType);
  return response;
}

}  // namespace

Task<http::Response> PeerEndpoint::answer(http::Request& request) {
  const auto wrong = notAMessage(request);
  if (wrong) co_return http::respondError(*wrong);
  const std::optional<std::string> announced(request.header(protocol::kMessageDigestHeader));
  const auto size = request.bodySize();
  auto call = co_await readCall(request.takeBody(), size, request.deadline());
  if (!call) co_return http::respondError(call.error());
  if (!asAnnounced(announced, call->message)) {
    co_return http::respondError(Error{Kind::BadRequest, "the message is not the one that was signed"});
  }
  auto answer = co_await handler_.handle(std::move(*call), request.deadline());
  if (!answer) co_return http::respondError(answer.error());
  co_return responseOf(std::move(*answer));
}

}  // namespace mydht::peer
