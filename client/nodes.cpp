#include "client/nodes.h"

#include <fmt/core.h>

#include <algorithm>

#include "client/refusal.h"
#include "common/http/digest_field.h"

namespace mydht::client {

namespace {

constexpr std::string_view kDigestField = "Repr-Digest";

/// Whether asking another node the same cannot do a thing twice.
bool mayGoOn(const Request& request, const Error& error) {
  if (error.kind == Kind::NotDone) return true;
  return !request.changesSomething() && (error.kind == Kind::Unavailable || error.kind == Kind::Unknown);
}

/// What the user has to know when a write may or may not have happened.
Error withAdvice(const Request& request, Error error) {
  if (error.kind != Kind::Unknown || !request.changesSomething()) return error;
  if (request.method == http::Method::Post) {
    error.text += "; it may have been begun: ask for it again";
    return error;
  }
  error.text += request.method == http::Method::Delete
                    ? "; the delete may have taken effect or may do so later: repeat it"
                    : "; the value may be stored already or may appear later: put it again, or delete the key";
  return error;
}

}  // namespace

Nodes::Nodes(const std::vector<NodeAddress>& addresses, Patience patience, std::optional<Signer> signer)
    : addresses_(addresses), patience_(patience), signer_(std::move(signer)) {
  for (const NodeAddress& address : addresses) connections_.emplace_back(address, patience);
}

Nodes Nodes::another(std::size_t first) const {
  Nodes nodes(addresses_, patience_, signer_);
  nodes.current_ = first % addresses_.size();
  return nodes;
}

Result<Answer> Nodes::ask(const Request& request) {
  std::string refusals;
  for (std::size_t tries = 1;; ++tries) {
    auto answer = askOne(connections_[current_], request);
    if (answer) return answer;
    Error error = withAdvice(request, answer.error());
    error.text.insert(0, refusals);
    const bool another = tries < connections_.size() && mayGoOn(request, error);
    if (!another || (request.body != nullptr && !request.body->rewind())) return error;
    refusals = error.text + "; ";
    current_ = (current_ + 1) % connections_.size();
  }
}

Result<Answer> Nodes::askOne(Connection& connection, const Request& request) {
  Request sent = request;
  std::string digest;
  if (sent.body != nullptr) {
    if (const auto sha256 = sent.body->digest()) {
      digest = http::reprDigest(*sha256);
      sent.fields.emplace_back(kDigestField, digest);
    }
  }
  if (signer_) {
    const std::string host = connection.node().hostField();
    sent.fields.emplace_back(
        "Authorization",
        signer_->authorization(
            {.method = http::methodText(sent.method), .target = sent.target, .host = host, .digest = digest}));
  }
  auto answer = connection.exchange(sent);
  if (!answer) return answer.error();
  if (answer->status >= 300) return refusalOf(*answer, connection.node());
  return answer;
}

}  // namespace mydht::client
