#include "server/access/access_policy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "common/protocol/names.h"
#include "common/protocol/signature.h"

namespace mydht::access {
namespace {

constexpr std::string_view kAdvice = "start it with --secret-file FILE, and give clients and other nodes the same file";

/// The host of "host:port", "[v6]:port" or either without the port; brackets and a final dot taken off.
std::string_view hostPart(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    return end == std::string_view::npos ? std::string_view() : authority.substr(1, end - 1);
  }
  if (std::count(authority.begin(), authority.end(), ':') == 1) authority = authority.substr(0, authority.find(':'));
  if (authority.ends_with('.')) authority.remove_suffix(1);
  return authority;
}

/// A name that looks up to an address of the attacker's choice is no literal address: hence no other spellings.
bool isAddress(std::string_view host) {
  const std::string text(host);
  std::array<unsigned char, sizeof(in6_addr)> room{};
  return ::inet_pton(AF_INET, text.c_str(), room.data()) == 1 || ::inet_pton(AF_INET6, text.c_str(), room.data()) == 1;
}

bool isLoopbackName(std::string_view host) {
  constexpr std::array<std::string_view, 3> kNames = {"localhost", "ip6-localhost", "ip6-loopback"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [host](std::string_view name) { return http::equalsIgnoringCase(host, name); });
}

bool cameThroughProxy(const http::Headers& headers) {
  return headers.find("Forwarded") || headers.find("X-Forwarded-For") || headers.find("Via");
}

/// "scheme://authority" of a page; whatever else an Origin says ("null") is nobody's.
std::string_view authorityOf(std::string_view origin) {
  const std::size_t at = origin.find("://");
  return at == std::string_view::npos ? std::string_view() : origin.substr(at + 3);
}

std::string_view nameOf(Action action) {
  switch (action) {
    case Action::Read:
      return "reading";
    case Action::Write:
      return "writing";
    case Action::Ring:
      return "changing the ring";
    case Action::Peer:
      return "a message between nodes, such as a join,";
  }
  invariantBroken("a known action", __FILE__, __LINE__);
}

Refusal forbidden(const std::string& detail) {
  return {protocol::problemOf(403, detail), {}};
}

Refusal unauthorized(const std::string& detail) {
  return {protocol::problemOf(401, detail), std::string(protocol::kSignatureScheme)};
}

/// What a request's signature is made over. The digest of a message between nodes stands in a header of its own.
protocol::SignedParts partsOf(const http::RequestHead& head, std::string_view target, Action action) {
  const auto digestHeader = action == Action::Peer ? protocol::kMessageDigestHeader : std::string_view("Repr-Digest");
  return {head.methodText, target, head.headers.find("Host").value_or(std::string_view()),
          head.headers.find(digestHeader).value_or(std::string_view())};
}

}  // namespace

AccessPolicy::AccessPolicy(const Settings& settings, const Secret& secret, const Clock& clock)
    : anonymousRead_(settings.anonymousRead), anonymousWrite_(settings.anonymousWrite), secret_(secret), clock_(clock) {
  if (!settings.announcedHost.empty()) names_.emplace_back(hostPart(settings.announcedHost));
  for (const std::string& name : settings.allowedHosts) names_.emplace_back(hostPart(name));
}

std::optional<Refusal> AccessPolicy::refuse(const http::RequestHead& head, bool fromLoopback, Action action) {
  const bool here = fromLoopback && !cameThroughProxy(head.headers);
  if (action != Action::Read) {
    auto refusal = refuseBrowser(head);
    if (refusal) return refusal;
  }
  return refuseStranger(head, here, action);
}

std::optional<Refusal> AccessPolicy::refuseStranger(const http::RequestHead& head, bool here, Action action) {
  const auto secret = secret_.current();
  if (!secret) {
    if (here || action == Action::Read) return std::nullopt;
    return forbidden("this node has no secret, so that " + std::string(nameOf(action)) +
                     " is for its own machine alone: " + std::string(kAdvice));
  }
  const bool anybody =
      (action == Action::Read && (here || anonymousRead_)) || (action == Action::Write && (here || anonymousWrite_));
  if (anybody) return std::nullopt;
  const auto reason = unproven(*secret, head, action);
  if (!reason) return std::nullopt;
  return unauthorized(std::string(nameOf(action)) + " needs the ring's secret: " + *reason);
}

/// Why the request does not prove that its sender knows the secret.
std::optional<std::string> AccessPolicy::unproven(const std::string& secret, const http::RequestHead& head,
                                                  Action action) {
  const auto field = head.headers.find("Authorization");
  if (!field) return "sign the request (mydhtclient and mydhtserver do with --secret-file FILE)";
  const auto signature = protocol::parseSignature(*field);
  if (!signature || head.headers.count("Authorization") > 1) {
    return "its Authorization is not of the form " + std::string(protocol::kSignatureScheme) +
           " time=MICROSECONDS,nonce=HEX,mac=HEX";
  }
  std::string target(head.path);
  if (!head.query.empty()) target.append("?").append(head.query);
  const auto parts = partsOf(head, target, action);
  if (action == Action::Peer && parts.digest.empty()) {
    return "the header " + std::string(protocol::kMessageDigestHeader) + " is missing";
  }
  if (!protocol::matches(secret, parts, *signature)) {
    return "this one is signed with another secret, or was changed on its way";
  }
  switch (replays_.take(*signature, clock_.wallMicros())) {
    case Replays::Verdict::Taken:
      return std::nullopt;
    case Replays::Verdict::Again:
      return "this signature was used before; sign each request anew";
    case Replays::Verdict::Early:
      return "it was signed more than 5 minutes in the future of this node's clock; set the clocks right";
    case Replays::Verdict::Late:
      return "it was signed more than 5 minutes ago by this node's clock; set the clocks right";
    case Replays::Verdict::Forgotten:
      return "it was signed too long ago for a node as busy as this one; set the clocks right";
  }
  invariantBroken("a known verdict", __FILE__, __LINE__);
}

std::optional<Refusal> AccessPolicy::refuseBrowser(const http::RequestHead& head) const {
  if (!ours(hostPart(head.authority))) {
    return forbidden("'" + std::string(head.authority) +
                     "' is not a name of this node: use its address, or name this one with --allow-host NAME");
  }
  const auto origin = head.headers.find("Origin");
  const bool foreign =
      origin && (head.headers.count("Origin") > 1 || !http::equalsIgnoringCase(authorityOf(*origin), head.authority));
  if (!foreign) return std::nullopt;
  return forbidden("a page of another site (Origin: " + std::string(*origin) + ") may not change anything here");
}

bool AccessPolicy::ours(std::string_view host) const {
  const auto same = [host](const std::string& name) { return http::equalsIgnoringCase(host, name); };
  return isLoopbackName(host) || isAddress(host) || std::any_of(names_.begin(), names_.end(), same);
}

}  // namespace mydht::access
